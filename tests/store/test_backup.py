"""A backup is a whole database, taken while jobs go on, or there is none."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from tests.builders import NOW, mode, post
from tests.installation import Installation
from trendspark_cli.base.errors import ConfigError, OutputError
from trendspark_cli.base.metrics import RANK_POSTS
from trendspark_cli.store.sqlite.administration import backup_database
from trendspark_cli.store.sqlite.store import open_sqlite

pytestmark = pytest.mark.only_sqlite  # of files; pg_dump: tests/hosts/test_administration.py


def test_a_backup_taken_while_a_job_writes_is_sound_and_consistent(workplace: Installation, tmp_path: Path) -> None:
    ended = threading.Event()

    def write() -> None:
        store = workplace.store()
        number = 0
        while not ended.is_set():
            with store.transaction():
                store.posts.save([post(str(number), text="x" * 2000)], NOW)
                store.totals.add([RANK_POSTS.by(1)])
            number += 1
        store.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            backup_database(workplace.database, tmp_path / f"copy{number}.db")
    finally:
        ended.set()
        writer.join()

    for number in range(5):
        copy = open_sqlite(tmp_path / f"copy{number}.db")
        assert copy.connection.value("PRAGMA integrity_check") == "ok"
        assert copy.posts.count() == copy.connection.value("SELECT coalesce(max(value), 0) FROM metric_totals")
        copy.close()


def test_a_backup_holds_what_was_committed_and_not_yet_folded_into_the_file(
    workplace: Installation, tmp_path: Path
) -> None:
    store = workplace.store()
    with store.transaction():
        store.posts.save([post()], NOW)

    backup_database(workplace.database, tmp_path / "copy.db")

    assert sqlite3.connect(tmp_path / "copy.db").execute("SELECT count(*) FROM posts").fetchone() == (1,)
    store.close()


def test_a_backup_is_one_private_file(workplace: Installation, tmp_path: Path) -> None:
    target = tmp_path / "copies"
    target.mkdir()

    size = backup_database(workplace.database, target / "copy.db")

    assert [path.name for path in target.iterdir()] == ["copy.db"]
    assert (mode(target / "copy.db"), size) == (0o600, (target / "copy.db").stat().st_size)


def test_an_existing_file_is_never_replaced_by_a_backup(workplace: Installation, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")

    with pytest.raises(OutputError) as caught:
        backup_database(workplace.database, tmp_path / "copy.db")

    assert (caught.value.exit_code, (tmp_path / "copy.db").read_text()) == (73, "precious")


def test_a_backup_that_fails_leaves_nothing(workplace: Installation, tmp_path: Path) -> None:
    workplace.database.write_bytes(b"no database any more, but long enough to be read as one" * 100)
    folder = tmp_path / "copies"
    folder.mkdir()

    with pytest.raises(Exception, match="no sound SQLite database"):
        backup_database(workplace.database, folder / "copy.db")

    assert list(folder.iterdir()) == []


def test_a_backup_into_a_missing_folder_is_73(workplace: Installation, tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        backup_database(workplace.database, tmp_path / "nowhere" / "copy.db")

    assert caught.value.exit_code == 73


def test_there_is_no_backup_of_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        backup_database(tmp_path / "trendspark.db", tmp_path / "copy.db")

    assert list(tmp_path.iterdir()) == []


def test_a_backup_can_take_the_place_of_the_database(workplace: Installation, tmp_path: Path) -> None:
    workplace.command("ingest", "--from", "/dev/null")
    backup_database(workplace.database, tmp_path / "copy.db")
    (tmp_path / "copy.db").replace(workplace.database)

    done = workplace.command("ingest", "--from", "/dev/null", "--json")

    assert (done.exit_code, done.json["run_id"]) == (0, 2)
