"""`db copy` brings every row over, both ways, and says so only when both ends are the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.builders import NOW, post, topic_trend
from tests.installation import Installation
from tests.servers.postgres import QUOTED_PASSWORD
from trendspark_cli.base.console import RowProgress
from trendspark_cli.base.errors import ConfigError, LockHeldError, UnfinishedCopyError
from trendspark_cli.store.copying.copier import Copied, copy_database
from trendspark_cli.store.database import Database
from trendspark_cli.store.open_store import database_at
from trendspark_cli.store.sqlite.store import SqliteStore

HOUR = timedelta(hours=1)
POSTS = 60


class CutShortError(Exception):
    """The power went."""


class CutAfter(RowProgress):
    """Ends a copy after so many batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self._left = batches

    def advance(self, table: str, rows: int) -> None:
        """Count a batch."""
        self._left -= 1
        if self._left < 0:
            raise CutShortError


@pytest.fixture
def source(workplace: Installation) -> Database:
    """A SQLite file with rows of many kinds."""
    with closing(workplace.store()) as store:
        fill(store)
    return workplace.installation().database


@pytest.fixture
def target(postgres_url: str, tmp_path: Path) -> Database:
    """An empty database of a server."""
    (tmp_path / "other").mkdir()
    return database_at(postgres_url, tmp_path / "other")


def fill(store: SqliteStore) -> None:
    """Store rows of many kinds, odd ones among them."""
    with store.transaction():
        store.posts.save(
            [post(str(n), likes=n, author=f"a{n % 7}", links=("https://e.example/1",)) for n in range(POSTS)], NOW
        )
        store.posts.save([post("odd", text="a\x00b \\u0000 \\N 🌉\t\n", likes=2**60)], NOW)
        store.posts.save([post("3", likes=99)], NOW + HOUR)
        store.cursors.set("default", "x", "bridge\t\\.", "60", NOW)
        store.trends.save(topic_trend(NOW))
        store.posts.save([post("gone")], NOW)
    store.connection.execute("DELETE FROM posts WHERE source_id = 'gone'")  # its id is never used again


def copied(source: Database, target: Database, progress: RowProgress | None = None, batch: int = 7) -> Copied:
    """Copy in small batches."""
    return copy_database(source, target, NOW, progress or RowProgress(), batch)


def back_of(workplace: Installation) -> Database:
    """A SQLite file that nobody has made."""
    return database_at("sqlite:///back.db", workplace.home)


def test_there_and_back_every_row_is_the_same(source: Database, target: Database, workplace: Installation) -> None:
    there = copied(source, target)
    back = copied(target, back_of(workplace))

    assert there.tables == back.tables
    assert there.tables["posts"].rows == POSTS + 1
    assert there.rows > 2 * POSTS


def test_what_was_copied_goes_on_as_if_nothing_had_happened(
    source: Database, target: Database, workplace: Installation
) -> None:
    """No id is given twice, counters that change leave a history, and `rank` can read on."""
    ends = (target, back_of(workplace))
    copied(source, ends[0])
    copied(ends[0], ends[1])

    for end in (source, *ends):
        with closing(end.open()) as store:
            store.write(partial(store.posts.save, [post("5", likes=500), post("new")], NOW + 2 * HOUR))
            found = store.posts.find("x", "new")
            assert found is not None
            assert found.id > POSTS + 2
            assert store.posts.settled_id() == found.id
            assert store.posts.count() == POSTS + 2


def test_a_copy_that_is_cut_short_again_and_again_goes_on(source: Database, target: Database) -> None:
    cuts = 0
    while True:
        try:
            done = copied(source, target, CutAfter(2))
            break
        except CutShortError:
            cuts += 1
            with pytest.raises(UnfinishedCopyError, match="cut short"):
                target.open()

    assert cuts > 5
    assert done.tables == copied(source, database_at("sqlite:///once.db", target.folder)).tables
    target.open().close()


def test_a_source_that_changed_meanwhile_is_copied_anew(
    source: Database, target: Database, workplace: Installation
) -> None:
    with pytest.raises(CutShortError):
        copied(source, target, CutAfter(12))
    with closing(workplace.store()) as store, store.transaction():
        store.posts.save([post("3", likes=1000)], NOW + 5 * HOUR)

    copied(source, target)

    with closing(target.open()) as other:
        found = other.posts.find("x", "3")
        assert found is not None
        assert found.likes == 1000


def test_a_database_with_rows_is_no_target(source: Database, target: Database) -> None:
    with closing(target.open()) as store:
        store.write(lambda: store.posts.save([post("mine")], NOW))

    with pytest.raises(ConfigError, match="is not empty: posts has rows") as refused:
        copied(source, target)

    assert refused.value.exit_code == 78
    with closing(target.open()) as store:
        assert store.posts.count() == 1


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_job_that_is_at_work_on_either_end_comes_first(source: Database, target: Database, end: str) -> None:
    busy = source if end == "source" else target

    with busy.locked(("rank",), NOW), pytest.raises(LockHeldError) as refused:
        copied(source, target)

    assert refused.value.exit_code == 75


def test_no_job_starts_while_rows_are_copied(source: Database, target: Database) -> None:
    class Trying(RowProgress):
        def advance(self, table: str, rows: int) -> None:
            for end in (source, target):
                with pytest.raises((LockHeldError, UnfinishedCopyError)), end.locked(("ingest",), NOW):
                    pass

    copied(source, target, Trying(), batch=2000)


def test_a_password_on_the_command_line_is_refused_and_not_repeated(workplace: Installation) -> None:
    done = workplace.command("db", "copy", "--to", f"postgresql://u:{QUOTED_PASSWORD}@127.0.0.1:1/x")

    assert done.exit_code == 2
    assert "PGPASSWORD" in done.stderr
    assert QUOTED_PASSWORD not in done.stderr


def test_the_command_says_what_it_did(source: Database, workplace: Installation) -> None:
    done = workplace.command("db", "copy", "--to", "sqlite:///second.db")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.endswith("the same by SHA-256\n")
    with closing(sqlite3.connect(workplace.home / "second.db")) as second:
        assert second.execute("SELECT count(*) FROM posts").fetchone() == (POSTS + 1,)


@pytest.mark.only_sqlite  # its file
def test_a_database_is_not_copied_onto_itself(workplace: Installation) -> None:
    done = workplace.command("db", "copy", "--to", "sqlite:///trendspark.db")

    assert done.exit_code == 2
