"""The file on disk: what is created, by whom, and how it is opened."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.builders import NOW, fingerprint, mode, page, post
from tests.installation import Installation
from trendspark_cli.base.errors import ConfigError, IntegrityError
from trendspark_cli.base.metrics import INGEST_ITEMS
from trendspark_cli.store.rows.collecting import PageOutcome
from trendspark_cli.store.sqlite import administration
from trendspark_cli.store.sqlite.administration import create_database, database_stats, upgrade_database
from trendspark_cli.store.sqlite.archives import BESIDE_POSTS
from trendspark_cli.store.sqlite.later_migrations import migration
from trendspark_cli.store.sqlite.named_queries import queries
from trendspark_cli.store.sqlite.schema import KNOWN_MIGRATIONS
from trendspark_cli.store.sqlite.store import SqliteStore, open_sqlite

pytestmark = pytest.mark.only_sqlite  # of files; a server's: test_traps_of_postgres.py

DESIGNED_TABLES = {
    "posts",
    "post_metrics",
    "cursors",
    "gaps",
    "ingest_audit",
    "trends",
    "trend_posts",
    "notifications",
    "job_runs",
    "job_states",
    "metric_totals",
    "api_calls",
    "spend",
    "channel_states",
    "archive_manifests",
    "archive_rows",
}
NOT_CREATING = (
    "ingest --from /dev/null",
    "ingest --from /dev/null --dry-run",
    "rank",
    "jobs run ingest_rank",
    "jobs list",
    "jobs pause ingest",
    "audit",
    "metrics",
    "health",
    "config show",
    "db stats",
    "db upgrade",
    "db backup copy.db",
)


@pytest.fixture
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_every_table_is_strict(store: SqliteStore) -> None:
    rows = store.connection.rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    own = [row for row in rows if not row["name"].startswith(("sqlite_", "_sqlite"))]
    loose = [row["name"] for row in own if not re.search(r"\)\s*STRICT", row["sql"])]

    assert loose == []


def test_every_designed_table_is_there(store: SqliteStore) -> None:
    names = {row["name"] for row in store.connection.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    assert names >= DESIGNED_TABLES


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("auto_vacuum", 2), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 15000)],
)
def test_a_connection_is_set_up_to_lose_nothing(store: SqliteStore, pragma: str, value: object) -> None:
    assert store.connection.value(f"PRAGMA {pragma}") == value


def test_the_file_is_sound_after_all_migrations(store: SqliteStore) -> None:
    assert store.connection.value("PRAGMA integrity_check") == "ok"


def test_another_program_can_read_the_database_while_we_have_it_open(
    workplace: Installation, store: SqliteStore
) -> None:
    reader = sqlite3.connect(f"file:{workplace.database}?mode=ro", uri=True)

    assert reader.execute("SELECT count(*) FROM posts").fetchone() == (0,)
    reader.close()


@pytest.mark.usefixtures("_no_umask")
def test_only_the_owner_can_read_the_database_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "home" / "trendspark.db"
    create_database(path)
    store = open_sqlite(path)
    with store.transaction():
        store.job_runs.start("ingest", NOW, 1, "host", "0")

    modes = {file.name: mode(file) for file in path.parent.iterdir()}
    store.close()

    assert modes == {"trendspark.db": 0o600, "trendspark.db-wal": 0o600, "trendspark.db-shm": 0o600, "locks": 0o700}
    assert mode(path.parent) == 0o700


@pytest.mark.usefixtures("_no_umask")
def test_every_folder_made_for_the_database_is_private(tmp_path: Path) -> None:
    create_database(tmp_path / "outer" / "inner" / "trendspark.db")

    assert mode(tmp_path / "outer") == 0o700


@pytest.mark.usefixtures("_no_umask")
def test_log_locks_and_backup_are_private_whatever_the_umask(workplace: Installation) -> None:
    workplace.command("ingest", "--from", "/dev/null")
    workplace.command("db", "backup", str(workplace.home / "copy.db"))

    modes = {path.name: mode(path) for path in workplace.home.rglob("*") if path.is_file() and path.suffix != ".prom"}

    assert {name: bits for name, bits in modes.items() if bits != 0o600} == {}
    assert {"trendspark.log", "ingest.lock", "copy.db", "trendspark.db"} <= set(modes)


def test_creating_a_database_twice_leaves_the_first_as_it_is(workplace: Installation, store: SqliteStore) -> None:
    with store.transaction():
        store.posts.save([post()], NOW)

    assert create_database(workplace.database) is False
    assert store.posts.count() == 1


def test_db_init_finishes_what_a_killed_one_began(tmp_path: Path) -> None:
    path = tmp_path / "trendspark.db"
    begun = sqlite3.connect(path)
    begun.execute("PRAGMA auto_vacuum = INCREMENTAL")
    begun.execute("PRAGMA journal_mode = WAL")
    begun.close()

    create_database(path)
    store = open_sqlite(path)

    assert store.posts.count() == 0
    store.close()


def test_upgrading_a_current_database_changes_nothing(workplace: Installation) -> None:
    assert upgrade_database(workplace.database) == []


def test_an_interrupted_upgrade_is_finished_by_the_next(tmp_path: Path) -> None:
    older_database(tmp_path / "trendspark.db")

    steps = upgrade_database(tmp_path / "trendspark.db")

    assert steps == [KNOWN_MIGRATIONS[-1]]
    open_sqlite(tmp_path / "trendspark.db").close()


def test_an_older_schema_is_78_and_says_db_upgrade(tmp_path: Path) -> None:
    older_database(tmp_path / "trendspark.db")

    with pytest.raises(ConfigError, match="older schema") as caught:
        open_sqlite(tmp_path / "trendspark.db")

    assert (caught.value.exit_code, "db upgrade" in caught.value.hint) == (78, True)


def test_a_newer_schema_is_78_and_never_touched(workplace: Installation) -> None:
    raw = sqlite3.connect(workplace.database)
    raw.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('trendspark', 'm9999_future', 'now')"
    )
    raw.commit()
    raw.close()

    for action in (open_sqlite, upgrade_database, create_database):
        with pytest.raises(ConfigError, match=r"newer schema \(m9999_future\)") as caught:
            action(workplace.database)

        assert (caught.value.exit_code, "newer trendspark" in caught.value.hint) == (78, True)


@pytest.mark.parametrize("content", [b"a text that is longer than a header" * 20, b"SQLite format 3\0" + bytes(4096)])
def test_a_file_that_is_no_database_is_65_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trendspark.db"
    path.write_bytes(content)

    for action in (open_sqlite, upgrade_database, create_database):
        with pytest.raises(IntegrityError) as caught:
            action(path)

        assert caught.value.exit_code == 65
    assert path.read_bytes() == content


def test_a_missing_database_is_78_and_says_db_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no database") as caught:
        open_sqlite(tmp_path / "trendspark.db")

    assert (caught.value.exit_code, "trendspark db init" in caught.value.hint) == (78, True)


@pytest.mark.parametrize("command", NOT_CREATING)
def test_no_command_gives_birth_to_a_database_on_a_disk_that_is_not_mounted(tmp_path: Path, command: str) -> None:
    missing = Installation(tmp_path / "mount")
    done = missing.command(*command.split())

    assert not missing.home.exists()
    assert done.exit_code == (0 if command.startswith("config") else 1 if command == "health" else 78), done.stderr


def test_an_empty_mount_point_stays_empty_but_for_the_log(tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    done = Installation(tmp_path / "mount").command("ingest", "--from", "/dev/null")

    assert done.exit_code == 78
    assert {path.name for path in (tmp_path / "mount").rglob("*")} <= {"trendspark.log"}


def test_opening_for_reading_changes_no_byte(workplace: Installation) -> None:
    before = fingerprint(workplace.home)
    store = workplace.store(read_only=True)
    store.posts.count()
    store.trends.listing(10)
    store.close()

    assert fingerprint(workplace.home) == before


def test_reading_what_a_killed_writer_left_changes_neither_database_nor_wal(
    workplace: Installation, tmp_path: Path
) -> None:
    store = workplace.store()
    with store.transaction():
        store.posts.save([post()], NOW)
    copy = tmp_path / "copy"
    copy.mkdir()
    for part in ("", "-wal"):
        (copy / f"trendspark.db{part}").write_bytes(Path(f"{workplace.database}{part}").read_bytes())
    store.close()
    before = fingerprint(copy)

    reader = open_sqlite(copy / "trendspark.db", read_only=True)
    seen = reader.posts.count()
    reader.close()

    assert seen == 1
    assert {name: digest for name, digest in fingerprint(copy).items() if not name.endswith("-shm")} == before


def test_a_store_opened_for_reading_refuses_to_write(workplace: Installation) -> None:
    store = workplace.store(read_only=True)

    with pytest.raises(Exception, match="cannot be written"), store.transaction():
        store.posts.save([post()], NOW)
    store.close()


def test_a_page_is_stored_whole_or_not_at_all(workplace: Installation, store: SqliteStore) -> None:
    def store_half() -> None:
        with store.transaction():
            run_id = store.job_runs.start("ingest", NOW, 1, "host", "0")
            store.posts.save([post()], NOW)
            store.cursors.set("default", "x", "q", "9", NOW)
            store.audit.add(run_id, "default", "x", "q", page(post()), PageOutcome(1, 0), NOW)
            store.totals.add([INGEST_ITEMS.by(1, source="x")])
            raise RuntimeError("the process is killed here")

    with pytest.raises(RuntimeError):
        store_half()

    tables = ("posts", "cursors", "ingest_audit", "metric_totals", "job_runs")
    assert [len(store.connection.rows(f"SELECT 1 FROM {table}")) for table in tables] == [0, 0, 0, 0, 0]


def test_a_transaction_inside_a_transaction_is_part_of_it(store: SqliteStore) -> None:
    def fail_after_inner() -> None:
        with store.transaction():
            with store.transaction():
                store.posts.save([post()], NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_inner()

    assert store.posts.count() == 0


def older_database(path: Path) -> None:
    """Make a database as the version before this one left it."""
    create_database(path)
    path.unlink()
    raw = sqlite3.connect(path)
    migration.apply(Database(raw), stop_before=KNOWN_MIGRATIONS[-1])
    raw.close()


@pytest.mark.only_sqlite
def test_what_hangs_on_posts_is_what_the_archive_deletes_with_them(store: SqliteStore) -> None:
    tables = [row["name"] for row in store.connection.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    refer = "SELECT 1 FROM pragma_foreign_key_list(?) WHERE \"table\" = 'posts'"
    hanging = {table for table in tables if store.connection.value(refer, (table,))}

    statements = [queries("archives")[name] for name in BESIDE_POSTS]
    assert hanging == {re.findall(r"DELETE FROM (\w+)", statement)[0] for statement in statements}


@pytest.mark.only_sqlite
def test_large_tables_are_not_counted_to_their_end(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administration, "MOST_COUNTED", 3)
    with store.transaction():
        store.posts.save([post(str(number)) for number in range(9)], NOW)
        store.connection.execute("INSERT INTO post_links SELECT id, 'https://a.example/' FROM posts")
        store.connection.execute("DELETE FROM posts WHERE id = 5")

    counted = database_stats(store.connection, NOW)
    store.upkeep.analyze()
    learned = database_stats(store.connection, NOW)

    assert (counted.rows["posts"], counted.rows["post_links"], counted.rows["trends"]) == (9, 3, 0)
    assert (learned.rows["post_links"], counted.rows_about) == (8, learned.rows_about)
    assert {"posts", "post_links"} <= set(counted.rows_about)
    assert "trends" not in counted.rows_about
