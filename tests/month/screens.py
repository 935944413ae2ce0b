"""What screens say at the end of a month, beside what SQL says of the same tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.cli.plain_tables import plain_tables
from tests.installation import Done, Installation
from tests.month.sums import Books

ALL = "1000000"
TELEGRAM = {"TELEGRAM_BOT_TOKEN": "123456789:AAabcdefghijklmnopqrstuvwxyz0123456", "TELEGRAM_CHAT_ID": "-1001234567890"}


class Screen(NamedTuple):
    """A command, some columns of its table, and SQL that says what stands in them; `{now}` is the time then."""

    command: str
    columns: tuple[str, ...]
    sql: str


def at(column: str) -> str:
    """Return SQL for a time as people read it."""
    return f"coalesce(strftime('%m-%d %H:%MZ', {column}), '')"


SCREENS = (
    Screen(
        f"trends list --kind topic --limit {ALL}",
        ("id", "trend", "now", "peak", "total", "people", "detected", "state"),
        f"""
        SELECT id, label, coalesce(nullif(posts_now, 0), ''), posts_peak, posts_total, people,
            {at("coalesce(detected_at, opened_at)")}, state
        FROM trends WHERE kind = 'topic'
        """,
    ),
    Screen(
        f"alerts list --limit {ALL}",
        ("id", "queued", "status", "attempts"),
        f"SELECT id, {at('created_at')}, status, attempts FROM notifications",
    ),
    Screen(
        f"jobs history --limit {ALL}",
        ("run", "job", "status", "started", "exit"),
        f"SELECT id, job_id, status, {at('started_at')}, coalesce(exit_code, '') FROM job_runs",
    ),
    Screen(
        "jobs list",
        ("id", "last run", "last status"),
        f"""
        SELECT job_id, {at("started_at")}, status FROM job_runs AS run
        WHERE id = (SELECT max(id) FROM job_runs WHERE job_id = run.job_id)
        """,
    ),
    Screen(
        f"audit --limit {ALL}",
        ("at", "run", "source", "fetched", "new", "updated", "reads", "usd"),
        f"""
        SELECT {at("created_at")}, cycle_id, source, fetched, new, updated, reads, printf('%.3f', cost)
        FROM ingest_audit
        """,
    ),
    Screen(
        f"gaps list --limit {ALL}",
        ("id", "state", "source", "after", "before"),
        "SELECT id, state, source, coalesce(since_id, ''), coalesce(until_id, '') FROM gaps",
    ),
    Screen(
        f"archives list --limit {ALL}",
        ("table", "day", "state", "rows", "bytes"),
        "SELECT table_name, day, state, rows, bytes FROM archive_manifests",
    ),
    Screen(
        "budget",
        ("service", "period", "used", "used usd"),
        """
        SELECT 'x', 'day', coalesce(sum(used), 0), printf('%.2f', coalesce(sum(usd), 0)) FROM spend
        WHERE service = 'x' AND day = date('{now}')
        UNION ALL
        SELECT 'x', 'month', coalesce(sum(used), 0), printf('%.2f', coalesce(sum(usd), 0)) FROM spend
        WHERE service = 'x' AND day LIKE strftime('%Y-%m-', '{now}') || '%'
        """,
    ),
    Screen(
        "channels list",
        ("channel", "waiting", "last sent"),
        f"""
        SELECT 'telegram', sum(status IN ('pending', 'sending')), {at("max(sent_at)")} FROM notifications
        WHERE channel = 'telegram'
        """,
    ),
)
OTHERS = {"budget": ("openai",)}  # services of its rows that had nothing to do


def wrong_screens(month: Books) -> list[str]:
    """Return each line of a screen that is not what SQL says, and what a screen says on stderr."""
    operator = Installation(month.database.parent, TELEGRAM, month.read_until)
    wrong = [line for screen in SCREENS for line in _wrong(month, operator, screen)]
    return [*wrong, *_wrong_counts(month, operator)]


def _wrong(month: Books, operator: Installation, screen: Screen) -> Iterator[str]:
    done = operator.command_now(*screen.command.split())
    yield from _noise(screen.command, done)
    shown = []
    for table in plain_tables(done.stdout.splitlines())[:1]:
        places = [table.headings.index(name) if name in table.headings else None for name in screen.columns]
        shown = [tuple("" if place is None else row[place].replace(",", "") for place in places) for row in table.rows]
    skipped = OTHERS.get(screen.command, ())
    shown = [row for row in shown if row[0] not in skipped and any(row[1:]) and "♥" not in "".join(row)]
    asked = month.ask(screen.sql.replace("{now}", month.read_until.isoformat()))
    true = [tuple(str(value).replace(",", "") for value in row) for row in asked]
    for row in sorted(set(shown) - set(true)):
        yield f"`{screen.command}` shows {row}, which no row says"
    for row in sorted(set(true) - set(shown)):
        yield f"`{screen.command}` does not show {row}"
    if len(shown) != len(true):
        yield f"`{screen.command}` shows {len(shown)} rows of {len(true)}"


def _wrong_counts(month: Books, operator: Installation) -> Iterator[str]:
    """Yield what `db stats` counts otherwise than SQL."""
    done = operator.command_now("db", "stats")
    yield from _noise("db stats", done)
    shown = {table: int(rows) for table, rows in re.findall(r"^rows in (\w+): (\d+)$", done.stdout, re.MULTILINE)}
    tables = month.ask(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite%' "
        "AND name NOT LIKE 'post_search%'"
    )
    true = {name: month.ask(f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in tables}
    for table, rows in true.items():
        if shown.get(table, 0) != rows:
            yield f"`db stats` counts {shown.get(table, 0)} rows in {table}; there are {rows}"


def _noise(command: str, done: Done) -> Iterator[str]:
    if done.exit_code or done.stderr:
        yield f"`{command}` ended with {done.exit_code} and said {done.stderr.strip()[:200]!r}"
