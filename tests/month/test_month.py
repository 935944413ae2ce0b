"""A day and a half of real processes in which everything goes wrong once: everything adds up, or a sum says what not."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.month.proof import live
from tests.month.schedule import Plan, month, short_month, zone_at
from tests.month.sums import Books, broken_sums, describe

START = datetime(2026, 10, 24, tzinfo=UTC)  # local clocks go back in its second night
SEED = 2


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """What is left of such a time."""
    return live(short_month(START, SEED), tmp_path_factory.mktemp("month"), has_bucket=False)


@pytest.fixture
def copy(books: Books, tmp_path: Path) -> Books:
    """The same, to be spoiled."""
    database = tmp_path / "trendspark.db"
    shutil.copyfile(books.database, database)
    found = replace(books.found, fallen=[])
    return replace(books, database=database, found=found)


def change(books: Books, sql: str) -> None:
    """Do to the database what nobody should."""
    with closing(sqlite3.connect(books.database)) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.mark.timeout(400)
def test_whatever_goes_wrong_everything_adds_up_at_the_end(books: Books) -> None:
    broken = broken_sums(books)

    assert broken == [], describe(books)


def test_it_was_a_time_in_which_runs_were_killed_failed_and_archived(books: Books) -> None:
    codes = books.found.codes()

    assert codes[-9] >= 5
    assert codes[3] >= 5
    assert len(books.archived("posts")) >= 40


DEFECTS: dict[str, tuple[str, str]] = {
    "a stored post is lost": ("DELETE FROM posts WHERE id = (SELECT max(id) FROM posts)", "is neither stored"),
    "an alert is lost": ("DELETE FROM notifications WHERE id = 1", "neither live nor archived"),
    "an alert waits for ever": ("UPDATE notifications SET status = 'pending' WHERE id = 1", "is pending at the end"),
    "an alert is called sent": (
        "UPDATE notifications SET message_id = '9999' WHERE id = 1",
        "which the chat does not have",
    ),
    "a run has no end": ("UPDATE job_runs SET status = 'running' WHERE id = 3", "run 3 of"),
    "the row of a run is lost": ("DELETE FROM job_runs WHERE id = 3", "neither live nor archived"),
    "less was paid than X billed": ("UPDATE spend SET usd = usd / 2", "our books say"),
    "an archived file is not known": (
        "DELETE FROM archive_manifests WHERE table_name = 'posts' AND state = 'done'",
        "is neither stored",
    ),
    "a file was archived, and its rows stayed": (
        "INSERT INTO archive_manifests SELECT id || '2', table_name, source, day, format, url, key, state, rows, bytes, "
        "sha256, min_time, max_time, deleted_rows, kept_rows, run_id, created_at, done_at, restored_until, missing_since, "
        "written_off_at, written_off_why, 0, first_row_id, last_row_id FROM archive_manifests "
        "WHERE table_name = 'posts' AND state = 'done'",
        "is stored 2 times",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_seen_in_the_sums(copy: Books, defect: str) -> None:
    sql, told = DEFECTS[defect]
    change(copy, sql)

    assert told in "\n".join(broken_sums(copy))


SEEN: dict[str, tuple[Callable[[Books], Books], str]] = {
    "a counter fell": (
        lambda books: replace(books, found=replace(books.found, fallen=["runs fell from 2 to 1"])),
        "fell from",
    ),
    "the WAL grew": (lambda books: replace(books, found=replace(books.found, largest_wal=2**30)), "the WAL grew"),
    "a run met a bug": (
        lambda books: replace(
            books, found=replace(books.found, runs=[replace(books.found.runs[0], code=1, stderr="Traceback (...)")])
        ),
        "ended with 1",
    ),
    "a ceiling was passed": (lambda books: replace(books, ceiling=10), "the ceiling is 10"),
}


@pytest.mark.parametrize("sight", SEEN)
def test_what_was_seen_on_the_way_is_told(copy: Books, sight: str) -> None:
    spoil, told = SEEN[sight]

    assert told in "\n".join(broken_sums(spoil(copy)))


@pytest.mark.parametrize("is_full", [False, True], ids=["short", "full"])
def test_a_month_has_both_clock_changes_calm_stories_and_every_kind_of_bad_hour(is_full: bool) -> None:
    plan = month(datetime(2026, 9, 30, tzinfo=UTC), 30, SEED, is_full=is_full)

    assert {zone_at(moment) for moment in plan.minutes()} == {"Australia/Sydney", "Europe/Berlin"}
    assert _stories_in_bad_hours(plan) == []
    assert len({hour.kind for hour in plan.bad_hours}) == 18


def _stories_in_bad_hours(plan: Plan) -> list[str]:
    return [story.term for story in plan.stories if plan.bad_hour(story.moment) is not None]


def test_the_same_seed_makes_the_same_month() -> None:
    start = datetime(2026, 9, 30, tzinfo=UTC)

    assert month(start, 30, 5, is_full=False) == month(start, 30, 5, is_full=False)
