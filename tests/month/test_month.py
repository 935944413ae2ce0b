"""A day and a half of real processes in which everything goes wrong once: all adds up, or a sum says what does not."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.month.faults import KINDS
from tests.month.proof import live
from tests.month.schedule import Plan, calm, month, short_month, zone_at
from tests.month.screens import wrong_screens
from tests.month.sums import Books, broken_sums, describe

START = datetime(2026, 10, 24, tzinfo=UTC)  # local clocks go back in its second night
SEED = 2
pytestmark = pytest.mark.timeout(400)  # on a busy machine; 40 s on a quiet one


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """What is left of such a time."""
    return live(short_month(START, SEED), tmp_path_factory.mktemp("month"), has_bucket=False)


def change(books: Books, sql: str) -> None:
    """Do to the database what nobody should."""
    with closing(sqlite3.connect(books.database)) as connection:
        connection.execute(sql)
        connection.commit()


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
        "INSERT INTO archive_manifests (id, table_name, source, day, format, url, key, state, created_at) "
        "SELECT id || '2', table_name, source, day, format, url, key, state, created_at FROM archive_manifests "
        "WHERE table_name = 'posts' AND state = 'done'",
        "is stored 2 times",
    ),
}


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


def test_whatever_goes_wrong_everything_adds_up_at_the_end_and_a_defect_would_be_seen(
    books: Books, tmp_path: Path
) -> None:
    # One test, since it is long and tests of one file may run in several processes, each of which would live it anew.
    broken, codes = broken_sums(books), books.found.codes()

    assert broken == [], describe(books)
    assert min(codes[-9], codes[3]) >= 5, "runs were killed, and sources failed"
    assert len(books.archived("posts")) >= 40
    assert unseen_defects(books, tmp_path) == []
    assert wrong_screens(books) == []


def unseen_defects(books: Books, tmp_path: Path) -> list[str]:
    """Return the defects that the sums do not tell of."""
    unseen = []
    for defect, (sql, told) in DEFECTS.items():
        spoiled = replace(books, database=tmp_path / "trendspark.db")
        shutil.copyfile(books.database, spoiled.database)
        change(spoiled, sql)
        unseen += [] if told in "\n".join(broken_sums(spoiled)) else [defect]
    for sight, (spoil, told) in SEEN.items():
        unseen += [] if told in "\n".join(broken_sums(spoil(books))) else [sight]
    return unseen


@pytest.mark.parametrize("is_full", [False, True], ids=["short", "full"])
def test_a_month_has_both_clock_changes_calm_stories_and_every_kind_of_bad_hour(is_full: bool) -> None:
    plan = month(datetime(2026, 9, 30, tzinfo=UTC), 30, SEED, is_full=is_full)

    assert {zone_at(moment) for moment in plan.minutes()} == {"Australia/Sydney", "Europe/Berlin"}
    assert _stories_in_bad_hours(plan) == []
    assert {hour.kind for hour in plan.bad_hours} == set(KINDS)


def _stories_in_bad_hours(plan: Plan) -> list[str]:
    return [story.term for story in plan.stories if plan.bad_hour(story.moment) is not None]


def test_a_calm_month_has_96_runs_a_day_and_nothing_wrong() -> None:
    plan = calm(month(START, 3, SEED, is_full=False))

    jobs = Counter(job for moment in plan.minutes() for job in plan.due(moment))
    assert (jobs["ingest"], jobs["rank"], plan.bad_hours) == (3 * 96, 3 * 96, ())
    assert plan.stories != ()


def test_the_same_seed_makes_the_same_month() -> None:
    start = datetime(2026, 9, 30, tzinfo=UTC)

    assert month(start, 30, 5, is_full=False) == month(start, 30, 5, is_full=False)
