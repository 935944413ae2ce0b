"""Whether what a database and its .prom files say of themselves adds up; each broken promise is one line."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.builders import mode
from tests.installation import Installation, read_series
from tests.tools.term_history import term_rows

Row = tuple[Any, ...]

# What an operator could notice of a table, in an order that does not depend on how the rows came in.
# Moments at which we read something are left out: they tell of the run and not of the world.
POSTS = (
    "SELECT source, source_id, author, community, text, url, lang, created_at, likes, replies, reposts, quotes, views, "
    "edits FROM posts ORDER BY source, source_id"
)
CURSORS = "SELECT profile, source, query, newest_id FROM cursors ORDER BY 1, 2, 3"
OPEN_GAPS = "SELECT profile, source, query, since_id, until_id FROM gaps WHERE state = 'open' ORDER BY 1, 2, 3, 4, 5"
COUNTS_HISTORY = (
    "SELECT p.source, p.source_id, m.likes, m.views FROM post_metrics m JOIN posts p ON p.id = m.post_id "
    "ORDER BY 1, 2, m.observed_at"
)
RANKING_TABLES = ("trends", "trend_posts", "ranking_sources", "ranking_progress", "notifications")
INGESTED = (POSTS, CURSORS, OPEN_GAPS, COUNTS_HISTORY)
TERMS = "what the ranker remembers of terms"  # no SQL: it is kept as bytes
RANKED = (POSTS, TERMS, *(f"SELECT * FROM {table} ORDER BY 1, 2" for table in RANKING_TABLES))


def ask(database: Path, sql: str) -> list[Row]:
    """Return the rows of a query, as another program would see them."""
    with closing(sqlite3.connect(database, timeout=15)) as connection:
        return connection.execute(sql).fetchall()


def value(database: Path, sql: str) -> Any:
    """Return the one value of a query."""
    return ask(database, sql)[0][0]


def snapshot(database: Path, queries: Sequence[str]) -> dict[str, list[Row]]:
    """Return what these queries answer, to be compared with another installation's."""
    return {sql: term_rows(Installation(database.parent)) if sql == TERMS else ask(database, sql) for sql in queries}


def differences(wanted: dict[str, list[Row]], found: dict[str, list[Row]]) -> list[str]:
    """Say how *found* differs from *wanted*, a line for each query."""
    lines = []
    for sql, rows in wanted.items():
        missing, extra = Counter(rows) - Counter(found[sql]), Counter(found[sql]) - Counter(rows)
        if missing or extra:
            example = next(iter(missing or extra))
            lines.append(f"{sql[:60]}...: {missing.total()} rows missing, {extra.total()} too many, such as {example}")
    return lines


def broken_books(home: Path, database: Path, *, has_all_rows: bool = True) -> list[str]:
    """Return every promise that does not hold in an installation at rest, after a kill or after a run.

    Sums over tables are those of the totals only while the database *has_all_rows*.
    """
    sums = [*_sums(database), *_runs(database)] if has_all_rows else []
    return [*damage(database), *sums, *_files(home, database)]


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 (hex) of some bytes."""
    return hashlib.sha256(content).hexdigest()


def damage(database: Path) -> list[str]:
    """Return what SQLite finds wrong with the file."""
    broken = []
    if (answer := ask(database, "PRAGMA integrity_check")) != [("ok",)]:
        broken.append(f"integrity_check: {answer[:3]}")
    if answer := ask(database, "PRAGMA foreign_key_check"):
        broken.append(f"foreign_key_check: {answer[:3]}")
    return broken


def _sums(database: Path) -> list[str]:
    """Compare numbers that count the same thing in different tables."""
    posts = ("posts", "SELECT count(*) FROM posts")
    ranked = "SELECT count(*) FROM posts WHERE id <= (SELECT counted_post_id FROM ranking_progress)"
    pairs = (
        (*posts, "new in the audit", "SELECT sum(new) FROM ingest_audit"),
        (*posts, "items in the totals", _total("trendspark_ingest_items_total")),
        _audited("count(DISTINCT cycle_id)", "trendspark_ingest_cycles_total"),
        _audited("sum(reads) FILTER (WHERE source = 'x')", "trendspark_x_reads_total"),
        _audited("round(sum(cost), 6)", "trendspark_x_cost_usd_total"),
        ("posts ranked", ranked, "in the totals", _total("trendspark_rank_posts_total")),
    )
    broken = []
    for what, sql, other, other_sql in pairs:
        one, two = value(database, sql) or 0, value(database, other_sql) or 0
        if one != two:
            broken.append(f"{what}: {one}, {other}: {two}")
    return broken


def _runs(database: Path) -> list[str]:
    """Check that runs that ended say so, and that the histogram has each of them."""
    broken = [
        f"run {run_id} is {status} without an end"
        for run_id, status in ask(database, "SELECT id, status FROM job_runs WHERE finished_at IS NULL")
        if status != "running"
    ]
    ended = "SELECT count(*) FROM job_runs WHERE status NOT IN ('running', 'abandoned', 'skipped')"
    observed = (
        "SELECT sum(value) FROM metric_totals WHERE name = 'trendspark_job_duration_seconds_bucket' "
        "AND json_extract(labels, '$.le') = '+Inf'"
    )
    if (runs := value(database, ended)) != (durations := value(database, observed) or 0):
        broken.append(f"runs that ended: {runs}, durations in the totals: {durations}")
    return broken


def _files(home: Path, database: Path) -> list[str]:
    """Check that every .prom file is whole and ahead of nothing, and that no stranger can read the database."""
    broken = []
    folder = home / "textfile_collector"
    for path in sorted(folder.glob("*.prom")):
        text = path.read_text(encoding="utf-8")
        last_metric = "trendspark_build_info" if path.stem.endswith("_shared") else "trendspark_job_"
        if not text.endswith("\n") or last_metric not in text or mode(path) != 0o644:
            broken.append(f"{path.name} is not whole, or not readable by the exporter")
    in_database = {
        (name, labels): amount
        for name, labels, amount in ask(database, "SELECT name, labels, value FROM metric_totals")
    }
    for series, shown in read_series(folder).items():
        if not series.partition("{")[0].endswith("_total"):
            continue
        name, _, labels = series.partition("{")
        parts = dict(part.split("=", 1) for part in labels.rstrip("}").split(",") if part)
        key = json.dumps({k: v.strip('"') for k, v in sorted(parts.items())}, separators=(",", ":"))
        if shown > in_database.get((name, key), 0.0):
            broken.append(f"{series} is {shown:g} in its file and less in the database")
    broken += [
        f"{path.name} is readable by others" for path in database.parent.glob(f"{database.name}*") if mode(path) & 0o077
    ]
    return broken


def _audited(what: str, metric: str) -> tuple[str, str, str, str]:
    return f"{what} of the audit", f"SELECT {what} FROM ingest_audit", metric, _total(metric)


def _total(name: str) -> str:
    return f"SELECT round(sum(value), 6) FROM metric_totals WHERE name = '{name}'"
