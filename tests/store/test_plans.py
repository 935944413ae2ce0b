"""Work that is bounded by time stays bounded by it, whatever the planner knows of a table: nothing, little, or all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from trendspark_cli.store.sqlite.named_queries import queries
from trendspark_cli.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.only_sqlite  # of its plans

POSTS = 3000
DAY = {"day": "2026-09-03", "since": "2026-09-03", "after_id": 0, "until": "2026-09-03T99", "limit": 50_000}
RECENT = {"source": "x", "since": "2026-10-30", "not_since": "2026-11-01", "day_ago": "2026-10-31", "latest": 0}

ASKED: Mapping[str, tuple[str, str, Mapping[str, Any], str]] = {
    "choose_posts": ("archives", "posts", {**DAY, "source": "x"}, "created_at"),
    "choose_ingest_audit": ("archives", "ingest_audit", DAY, "created_at"),
    "choose_notifications": ("archives", "alert", DAY, "created_at"),
    "choose_job_runs": ("archives", "run", DAY, "started_at"),
    "refreshable": ("posts", "p", {**RECENT, "today": "2026-11-01", "limit": 300}, "created_at"),
}


def fill(store: SqliteStore, rows: int, first: int = 0) -> None:
    """Give the tables rows of one source and one job, one a minute."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT {first + 1} UNION ALL SELECT i + 1 FROM n WHERE i < {first + rows})"
    time = "strftime('%Y-%m-%dT%H:%M:00.000Z', '2026-09-01', i || ' minutes')"
    for sql in (
        f"INSERT INTO posts (source, source_id, text, created_at, observed_at, collected_at) "
        f"SELECT 'x', i, 't', {time}, {time}, {time} FROM n",
        f"INSERT INTO job_runs (job_id, status, started_at, exit_code, pid, host, version) "
        f"SELECT 'deliver', 'success', {time}, 0, 1, 'h', '1' FROM n",
        f"INSERT INTO ingest_audit (cycle_id, profile, source, query, endpoint, created_at) "
        f"SELECT 1, 'default', 'x', 'q', 'e', {time} FROM n",
        f"INSERT INTO notifications (dedupe_key, channel, category, title, body, status, created_at, next_attempt_at) "
        f"SELECT i, 'telegram', 'job_alert', 't', 'b', 'sent', {time}, {time} FROM n",
    ):
        store.connection.execute(f"{numbers} {sql}")


def nothing(store: SqliteStore) -> None:
    """A new installation before its first `vacuum`."""
    fill(store, POSTS)


def by_vacuum(store: SqliteStore) -> None:
    """What `vacuum` writes."""
    fill(store, POSTS)
    store.upkeep.analyze()


def by_optimize(store: SqliteStore) -> None:
    """What other tools leave, such as Datasette or a shell."""
    fill(store, POSTS)
    store.connection.execute("PRAGMA analysis_limit = 400")
    store.connection.execute("PRAGMA optimize(0xfffe)")


def full(store: SqliteStore) -> None:
    """A look at every row."""
    fill(store, POSTS)
    store.connection.execute("PRAGMA analysis_limit = 0")
    store.connection.execute("ANALYZE")


def young(store: SqliteStore) -> None:
    """Written when the tables held a few rows, as on the first day."""
    fill(store, 5)
    store.upkeep.analyze()
    fill(store, POSTS, first=5)


def of_many_sources(store: SqliteStore) -> None:
    """Written when each row had a source or a job of its own, in a table of millions."""
    by_vacuum(store)
    store.connection.execute("UPDATE sqlite_stat1 SET stat = '12000000 1 1' WHERE idx NOT LIKE '%\\_at' ESCAPE '\\'")
    store.connection.execute("UPDATE sqlite_stat1 SET stat = '12000000 9000' WHERE idx LIKE '%\\_at' ESCAPE '\\'")
    store.connection.execute("ANALYZE sqlite_schema")


KNOWN = (nothing, by_vacuum, by_optimize, full, young, of_many_sources)


@pytest.mark.parametrize("statistics", KNOWN, ids=lambda known: known.__name__)
@pytest.mark.parametrize("name", ASKED)
def test_rows_of_a_time_are_found_by_their_time(
    store: SqliteStore, name: str, statistics: Callable[[SqliteStore], None]
) -> None:
    statistics(store)
    file, table, parameters, column = ASKED[name]

    plan = [row["detail"] for row in store.connection.rows(f"EXPLAIN QUERY PLAN {queries(file)[name]}", parameters)]

    real = {"run": "job_runs", "p": "posts", "alert": "notifications"}.get(table, table)
    assert plan[0].startswith(f"SEARCH {table} USING INDEX idx_{real}_{column} ({column}>?"), plan
    assert [step for step in plan if re.match(r"(SCAN|SEARCH) later\b(?! USING INTEGER PRIMARY KEY)", step)] == []


def test_the_last_runs_of_a_job_stay_and_skipped_ones_do_not_count(store: SqliteStore) -> None:
    rows = [
        ("deliver", "success", 0),  # 1
        ("deliver", "error", 1),
        ("rank", "partial", 3),  # 3: the last one of its job
        ("deliver", "success", 0),  # 4: the last success
        ("deliver", "error", 69),
        ("deliver", "error", None),  # 6: the last run
        ("deliver", "skipped", 0),
        ("brief", "skipped", 0),
        ("vacuum", "success", 0),  # 9: last run and last success
        ("ingest", "running", None),  # 10: at work
    ]
    for job_id, status, code in rows:
        store.connection.execute(
            "INSERT INTO job_runs (job_id, status, exit_code, started_at, pid, host, version) "
            "VALUES (?, ?, ?, ?, 1, '', '')",
            (job_id, status, code, "2026-09-03T10:00:00.000Z"),
        )

    chosen = store.archives.choose("job_runs", None, "2026-09-03", ("", 0), 100)

    assert [row.id for row in chosen] == [1, 2, 5, 7, 8]


def test_looking_for_last_runs_costs_what_the_rows_of_a_day_do(store: SqliteStore) -> None:
    fill(store, 4000)
    few = steps(store)
    fill(store, 12_000, first=4000)

    many = steps(store)

    assert many < 1.1 * few


def steps(store: SqliteStore) -> int:
    """How much work it is to choose the runs of one day, in hundreds of SQLite's instructions."""
    counted = []
    store.connection.raw.set_progress_handler(lambda: counted.append(1), 100)
    store.archives.choose("job_runs", None, "2026-09-02", ("", 0), 50_000)
    store.connection.raw.set_progress_handler(None, 0)
    return len(counted)
