"""What operators ask of a database of PostgreSQL, and which of many hosts tells of all of them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.builders import NOW, post
from tests.hosts.conftest import MakeHost
from tests.installation import Installation
from tests.servers.postgres import PASSWORD, QUOTED_PASSWORD, Databases, find_binaries
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.errors import ConfigError, IntegrityError, OutputError
from trendspark_cli.running.server_clock import check_server_clock
from trendspark_cli.setup.writing import make_database
from trendspark_cli.store.postgres.database import PostgresDatabase


@pytest.fixture
def desk(host: MakeHost) -> Installation:
    """One host."""
    return host("one")


@pytest.fixture
def empty_url(postgres: tuple[Databases, str]) -> Iterator[str]:
    """A database that nobody has made anything in."""
    databases, _ = postgres
    name = f"empty_{os.getpid()}"
    yield databases.create(name)
    databases.drop(name)


def test_the_first_db_init_makes_the_schema_and_every_one_the_folders_of_its_host(
    tmp_path: Path, empty_url: str
) -> None:
    hosts = [Installation(tmp_path / name / "home", {"DATABASE_URL": empty_url}) for name in ("one", "two")]

    made = [host.command("db", "init", "--json").json["created"] for host in hosts]

    assert made == [True, False]
    for host in hosts:
        assert host.run("rank", lambda job: None).exit_code == 0


def test_init_makes_the_schema_of_a_server_as_it_makes_a_file(tmp_path: Path, empty_url: str) -> None:
    settings = Installation(tmp_path / "home", {"DATABASE_URL": empty_url}).installation().settings

    assert [make_database(settings), make_database(settings)] == [True, False]


def test_a_host_without_its_folders_is_told_what_makes_them(tmp_path: Path, postgres_url: str) -> None:
    done = Installation(tmp_path / "home", {"DATABASE_URL": postgres_url}).command("rank")

    assert done.exit_code == 78
    assert "run `trendspark db init` on this host" in done.stderr


def test_a_database_without_our_schema_is_told_what_makes_it(tmp_path: Path, empty_url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        PostgresDatabase(empty_url, tmp_path, (), ()).open()

    assert "db init" in refused.value.hint


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("db", "stats"), "disk: the server's own"),
        (("db", "upgrade"), "up to date"),
        (("health",), "database    ok"),
        (("doctor", "--offline"), "ok     engine       PostgreSQL "),
        (("vacuum", "--json"), '"status": "success"'),
    ],
)
def test_commands_speak_of_postgresql_and_of_no_secret(desk: Installation, command: tuple[str, ...], told: str) -> None:
    done = desk.command(*command)

    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    told_anywhere = done.stdout + done.stderr + desk.log_file.read_text()
    assert not any(secret in told_anywhere for secret in (PASSWORD, QUOTED_PASSWORD))


def test_statistics_name_the_tables_and_the_engine(desk: Installation) -> None:
    found = desk.command("db", "stats", "--json").json

    assert found["engine"].startswith("PostgreSQL ")
    assert found["sqlite_version"] is None
    assert {"posts", "job_runs", "notifications"} <= found["rows"].keys()


def test_a_backup_can_be_restored_and_the_password_stands_in_no_command_line(
    desk: Installation,
    tmp_path: Path,
    empty_url: str,
) -> None:
    with closing(desk.store()) as store, store.transaction():
        store.posts.save([post("1", text="kept")], NOW)
    target = tmp_path / "backup.dump"
    size = desk.installation().database.backup(target)

    pg_restore = shutil.which("pg_restore") or str((find_binaries() or Path()) / "pg_restore")
    subprocess.run([pg_restore, "--no-owner", "-d", empty_url, str(target)], check=True)

    with psycopg.connect(empty_url) as restored:
        assert restored.execute("SELECT text FROM trendspark.posts").fetchall() == [("kept",)]
    assert target.stat().st_size == size
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_backup_replaces_no_file(desk: Installation, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")

    with pytest.raises(OutputError, match="exists already"):
        desk.installation().database.backup(tmp_path / "there")

    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.parametrize("minutes", [-2, 2])
def test_a_host_whose_clock_is_off_ranks_nothing(desk: Installation, minutes: int) -> None:
    with closing(desk.store(read_only=True)) as store:
        check_server_clock(store)
        with pytest.raises(IntegrityError, match=r"this host's clock is 2 min (ahead of|behind)"):
            check_server_clock(store, lambda: utc_now() + timedelta(minutes=minutes))


def test_what_is_of_all_hosts_is_exported_by_one_and_each_job_where_it_ran(
    host: MakeHost, empty_url: str, tmp_path: Path
) -> None:
    here = {"DATABASE_URL": empty_url}
    first = host("first", **here)
    first.installation().database.create()
    second = host("second", METRICS_HOST="somewhere-else", **here)

    first.run("rank", lambda job: None)
    second.run("vacuum", lambda job: None)

    names = [sorted(path.stem for path in one.metrics_folder.glob("*.prom")) for one in (first, second)]
    assert names == [["trendspark_rank", "trendspark_shared"], ["trendspark_vacuum"]]


def test_a_host_that_is_chosen_no_more_takes_its_shared_file_back(host: MakeHost) -> None:
    one = host("one", METRICS_HOST=socket.gethostname())
    one.run("rank", lambda job: None)
    assert (one.metrics_folder / "trendspark_shared.prom").exists()

    one.environment["METRICS_HOST"] = "another"
    one.run("rank", lambda job: None)

    assert not (one.metrics_folder / "trendspark_shared.prom").exists()


def test_no_host_tells_of_a_time_that_is_over(host: MakeHost) -> None:
    one, two = host("one"), host("two")
    one.run("rank", lambda job: None)
    two.later(hours=5)
    two.run("rank", lambda job: None)

    one.later(hours=5)
    one.run("vacuum", lambda job: None)

    series = 'trendspark_job_last_success_timestamp_seconds{job="rank"}'
    assert one.series()[series] == two.series()[series]


def test_runs_name_the_host_they_ran_on(desk: Installation) -> None:
    desk.run("rank", lambda job: None)

    assert desk.values("SELECT host FROM job_runs") == [socket.gethostname()]


BAD_ADDRESSES = {
    "another password": lambda url: url.replace(QUOTED_PASSWORD, "wrong-password"),
    "no password": lambda url: url.replace(f":{QUOTED_PASSWORD}", ""),
    "no such database": lambda url: url.rpartition("/")[0] + "/nowhere",
    "no such user": lambda url: url.replace("trendspark:", "nobody-of-ours:"),
}


@pytest.mark.parametrize("what", BAD_ADDRESSES)
def test_an_address_that_will_never_do_is_for_a_person_and_not_for_the_next_run(
    tmp_path: Path, postgres_url: str, what: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        PostgresDatabase(BAD_ADDRESSES[what](postgres_url), tmp_path, (), ()).open()

    assert refused.value.exit_code == 78
    assert "password-of" not in str(refused.value)
