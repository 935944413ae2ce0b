"""Files belong to the owner of the data, whoever runs a job; a user without account or home folder can work too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import in_lines, own_line
from tests.installation import Installation
from tests.tools.other_user import AS_ANOTHER, NEEDS_ROOT, UID, give, owners, reachable_folder
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.settings import load_settings

HOMELESS = ("env", "-u", "HOME")


@pytest.fixture
def theirs() -> Iterator[Installation]:
    """The installation of a user of the machine, with an archive folder and node_exporter's own folder of metrics."""
    with reachable_folder() as folder:
        places = {"TEXTFILE_DIR": str(folder / "metrics"), "ARCHIVE_URL": f"file://{folder / 'archive'}"}
        here = Installation(folder / "home", environment=places)
        here.make_database()
        for name in ("archive", "metrics"):
            (folder / name).mkdir()
        give(folder / "home")
        give(folder / "archive")
        (folder / "metrics").chmod(0o1777)
        yield here


@NEEDS_ROOT
def test_what_root_makes_in_a_users_installation_is_the_users(theirs: Installation) -> None:
    old = [own_line(str(n), created_at="2026-01-01T00:00:00Z") for n in range(3)]
    file = theirs.home.parent / "posts.ndjson"
    file.write_bytes(in_lines(*old, *(own_line(str(n)) for n in range(10, 20))))
    jobs = (f"ingest --from {file}", "rank", "vacuum", "archive --force", "brief", "metrics")

    codes = [theirs.command(*job.split()).exit_code for job in jobs]

    places = [theirs.home, theirs.home.parent / "archive", theirs.home.parent / "metrics"]
    found = {f"{place.name}/{name}": uid for place in places for name, uid in owners(place).items()}
    assert (codes, len(found) > 15) == ([0] * 6, True)
    assert {name: uid for name, uid in found.items() if uid != UID} == {}


@NEEDS_ROOT
def test_the_user_can_go_on_where_root_was(theirs: Installation) -> None:
    jobs = ("rank", "vacuum", "archive", "brief", "deliver", "metrics")
    for job in jobs:
        theirs.command(job)

    done = {job: theirs.command(job, wrapped_in=AS_ANOTHER) for job in jobs}

    assert {job: (one.exit_code, one.stderr) for job, one in done.items()} == dict.fromkeys(jobs, (0, ""))


@NEEDS_ROOT
def test_an_installation_that_root_makes_in_a_users_folder_is_the_users(tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    give(tmp_path / "user")
    around = {"TRENDSPARK_HOME": str(tmp_path / "user" / "data" / "trendspark")}

    done = Installation(tmp_path / "other").command("db", "init", environment=around)

    assert (done.exit_code, set(owners(tmp_path / "user").values())) == (0, {UID})


@NEEDS_ROOT
def test_root_writes_its_log_through_no_link_of_a_user(theirs: Installation) -> None:
    (theirs.home.parent / "precious").write_text("precious\n")
    theirs.log_file.symlink_to(theirs.home.parent / "precious")

    theirs.command("ingest", "--from", "/dev/null")

    assert (theirs.home.parent / "precious").read_text() == "precious\n"


def test_what_root_makes_for_itself_stays_its_own(workplace: Installation) -> None:
    workplace.command("ingest", "--from", "/dev/null")

    assert set(owners(workplace.home).values()) == {workplace.home.stat().st_uid}


@NEEDS_ROOT
def test_a_user_without_account_and_home_folder_works_when_the_places_are_given(theirs: Installation) -> None:
    as_nobody = (*HOMELESS, *AS_ANOTHER)
    commands = ("ingest --from /dev/null", "rank", "jobs pause rank", "jobs list", "config check", "crontab print")

    theirs.environment["HACKERNEWS_INGEST_ENABLED"] = "true"
    done = {command: theirs.command(*command.split(), wrapped_in=as_nobody) for command in commands}
    health = theirs.command("health", "--json", wrapped_in=as_nobody)

    assert {command: one.exit_code for command, one in done.items()} == dict.fromkeys(commands, 0)
    assert (health.stderr, health.json["services"]["database"]["ok"]) == ("", True)


@NEEDS_ROOT
@pytest.mark.parametrize("command", ["db init", "health", "doctor --offline", "rank", "config show"])
def test_a_user_without_account_and_home_folder_is_told_what_to_set(theirs: Installation, command: str) -> None:
    nowhere = {"TRENDSPARK_HOME": "", "TRENDSPARK_ENV_FILE": ""}

    done = theirs.command(*command.split(), wrapped_in=(*HOMELESS, *AS_ANOTHER), environment=nowhere)

    assert (done.exit_code, done.stderr.count("\n"), "set TRENDSPARK_HOME" in done.stderr) == (78, 1, True)


@NEEDS_ROOT
@pytest.mark.parametrize(
    "around",
    [{"XDG_DATA_HOME": "{}", "XDG_CONFIG_HOME": "{}"}, {"TRENDSPARK_HOME": "$XDG_DATA_HOME/x", "XDG_DATA_HOME": "{}"}],
)
def test_the_places_may_be_given_as_the_desktop_gives_them(tmp_path: Path, around: dict[str, str]) -> None:
    given = {name: value.format(tmp_path) for name, value in around.items()}

    assert load_settings(given).trendspark_home.is_relative_to(tmp_path)


def test_a_place_in_the_home_folder_of_a_user_that_is_none_is_a_problem(tmp_path: Path) -> None:
    found = load_settings({"XDG_CONFIG_HOME": str(tmp_path), "LOG_FILE": "~nobody-by-this-name/log"})

    assert [problem.partition("=")[0] for problem in found.problems] == ["LOG_FILE"]


def test_a_home_in_the_home_folder_of_a_user_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TRENDSPARK_HOME is '~nobody-by-this-name/data'"):
        load_settings({"XDG_CONFIG_HOME": str(tmp_path), "TRENDSPARK_HOME": "~nobody-by-this-name/data"})
