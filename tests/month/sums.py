"""Whether everything adds up at the end of a month; each sum that does not is one line."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.month.life import Found, Run
from tests.month.schedule import Plan
from tests.month.world import Told, World
from tests.servers.telegram_server import Message
from tests.tools import books

MOST_WAL = 64 * 2**20  # bytes; a reader that holds the WAL for an hour of such a month included
SEARCHED_LATE = timedelta(seconds=60)  # X's search and a run's last question
FINAL_ALERTS = ("sent", "dead", "digested", "expired")
NO_ROW = (75, 78)  # exit codes of runs that may have ended before they had a row
Objects = Callable[[str], bytes]  # an object of the archive by its key


@dataclass
class Books:
    """What an installation holds at the end, live and archived, and the world it saw."""

    plan: Plan
    world: World
    found: Found
    database: Path
    object_of: Objects
    ceiling: int  # reads of a day
    read_until: datetime  # the true time of the last ingest

    def ask(self, sql: str) -> list[books.Row]:
        """Return what the database answers."""
        return books.ask(self.database, sql)

    def archived(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table that have left."""
        return self._tables.get(table, [])

    @cached_property
    def _tables(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        done = self.ask("SELECT table_name, source, key FROM archive_manifests WHERE state = 'done'")
        for table, source, key in done:  # a source stands in the file's key only
            rows = pq.read_table(io.BytesIO(self.object_of(key))).to_pylist()
            found.setdefault(table, []).extend({"source": source, **row} for row in rows)
        return found

    def posts(self) -> Counter[tuple[str, str]]:
        """Return (source, id) of each stored post, live or archived."""
        live = self.ask("SELECT source, source_id FROM posts")
        left = ((row["source"], row["source_id"]) for row in self.archived("posts"))
        return Counter([*((source, one) for source, one in live), *left])

    def alerts(self) -> dict[int, tuple[str, str, str | None]]:
        """Return (status, title, id of the message) of each alert."""
        live = self.ask("SELECT id, status, title, message_id FROM notifications")
        left = [(row["id"], row["status"], row["title"], row["message_id"]) for row in self.archived("notifications")]
        return {number: (status, title, message) for number, status, title, message in [*live, *left]}


def broken_sums(month: Books) -> list[str]:
    """Return every sum that does not come out."""
    checks = (posts_are_whole, alerts_are_whole, counters_rise, money_holds, runs_end, stories_are_found)
    damage = books.damage(month.database)
    wal = month.found.largest_wal
    large = [f"the WAL grew to {wal:,} bytes; expected at most {MOST_WAL:,}"] if wal > MOST_WAL else []
    return [*damage, *large, *(line for check in checks for line in check(month))]


def posts_are_whole(month: Books) -> Iterator[str]:
    """What was said is stored once, live or archived, or lies in a gap that is told."""
    stored = month.posts()
    said = {(told.source, told.source_id): told for told in month.world.said}
    for post, told in said.items():
        is_due = told.moment <= month.read_until - SEARCHED_LATE
        if is_due and post not in stored and not _is_told(month, told):
            yield f"{told.source} {told.source_id} of {told.moment} is neither stored nor in a gap"
    for post in stored - Counter(dict.fromkeys(said, 1)):
        yield f"{post} is stored {stored[post]} times; said {int(post in said)} times"
    counted = month.ask("SELECT sum(value) FROM metric_totals WHERE name = 'trendspark_ingest_items_total'")[0][0]
    if counted != stored.total():
        yield f"{stored.total()} posts are live or archived; counted as new: {counted:g}"


def told_gaps(month: Books) -> int:
    """Return how many posts are missing and told of."""
    stored = month.posts()
    return sum((told.source, told.source_id) not in stored and _is_told(month, told) for told in month.world.said)


def _is_told(month: Books, told: Told) -> bool:
    base = 10 if told.source == "x" else 36
    number = int(told.source_id, base)
    gaps = month.ask(
        f"SELECT since_id, until_id FROM gaps WHERE source = '{told.source}' AND state IN ('open', 'lost')"
    )
    return any(
        (not since or int(since, base) < number) and (not until or number < int(until, base)) for since, until in gaps
    )


def alerts_are_whole(month: Books) -> Iterator[str]:
    """Each alert was delivered, or has another end; what was delivered is in the chat, and hardly anything twice."""
    alerts, chat = month.alerts(), {str(message.message_id): message for message in month.world.telegram.messages}
    for number, (status, title, message) in alerts.items():
        if status not in FINAL_ALERTS:
            yield f"alert {number} ({title}) is {status} at the end"
        elif status == "sent" and message is not None and message not in chat:
            yield f"alert {number} ({title}) is called message {message}, which the chat does not have"
    for number, key in month.found.alerts.items():
        if number not in alerts:
            yield f"alert {number} ({key}) was decided, and is neither live nor archived"
    known = {message for status, _, message in alerts.values() if status == "sent"}
    twice = [number for number in chat if number not in known]
    allowed = sum("uncertain" in key and value for key, value in month.found.series.items())
    told = [number for number in twice if not _went_past_the_outbox(month, chat[number])]
    if len(told) > allowed:
        said = "; ".join(chat[number].text[:80] for number in told[:3])
        yield f"{len(told)} messages belong to no alert, such as {said}; {allowed:g} sends were uncertain"


def _went_past_the_outbox(month: Books, message: Message) -> bool:
    """Tell whether it was sent while the disk was full: such an alert cannot be stored, and is sent directly."""
    bad = month.plan.bad_hour(datetime.fromtimestamp(message.sent_at, UTC))
    return bad is not None and bad.kind == "disk full"


def counters_rise(month: Books) -> Iterator[str]:
    """No counter ever fell."""
    yield from month.found.fallen


def money_holds(month: Books) -> Iterator[str]:
    """X's bill kept its ceiling each day, is in our books, and has no post twice but where an answer was lost."""
    bill = month.world.x.bill
    for day, ids in bill.posts_by_day.items():
        if len(ids) > month.ceiling:
            yield f"X billed {len(ids)} posts on {day}; the ceiling is {month.ceiling}"
    ours = month.ask("SELECT coalesce(sum(usd), 0) FROM spend WHERE service = 'x'")[0][0]
    if round(ours, 4) < round(bill.cost_usd, 4):
        yield f"X's bill is ${bill.cost_usd:.3f}; our books say ${ours:.3f}"
    lost = set().union(*(run.read_at_x for run in month.found.runs if run.code)) if month.found.runs else set()
    days = Counter(post for ids in bill.searched.values() for post in ids)
    twice = {post for post, number in days.items() if number > 1} - lost
    if twice:
        yield f"{len(twice)} posts were bought on two days, though no answer was lost; such as {min(twice)}"


def runs_end(month: Books) -> Iterator[str]:
    """Each run that told how it ended has a row that says so; nothing was printed that is a bug."""
    live = month.ask("SELECT id, job_id, status, finished_at FROM job_runs")
    kept = {number for number, *_ in live} | {row["id"] for row in month.archived("job_runs")}
    for number, job_id in month.found.rows.items():
        if number not in kept:
            yield f"run {number} of {job_id} had a row, which is neither live nor archived"
    for number, job_id, status, finished in live:
        if status == "running" or finished is None:
            yield f"run {number} of {job_id} is {status}, finished at {finished}"
    rows = Counter(job_id for _, job_id, _, _ in live)
    rows.update(row["job_id"] for row in month.archived("job_runs"))
    runs = month.found.runs
    for job_id in {run.job_id for run in runs}:
        started = [run for run in runs if run.job_id == job_id]
        least = sum(not run.was_killed and run.code not in NO_ROW and run.wrong != "disk full" for run in started)
        if rows[job_id] < least:
            yield f"{job_id} ran {least} times to an end; {rows[job_id]} rows"
    yield from _bugs(runs)


def _bugs(runs: Iterable[Run]) -> Iterator[str]:
    for run in runs:
        where = f"{run.job_id} at {run.moment} ({run.wrong or 'nothing wrong'})"
        if "Traceback" in run.stderr or run.code == 1:
            yield f"{where} ended with {run.code}: {run.stderr.strip()[-600:]}"
        if run.code == 0 and run.stderr:
            yield f"{where} ended well and said: {run.stderr.strip()[-300:]}"


def stories_are_found(month: Books) -> Iterator[str]:
    """Each planted trend was told of in the chat."""
    texts = "\n".join(month.world.telegram.texts)
    for story in month.world.stories:
        if story.term not in texts:
            known = month.ask(f"SELECT label, state FROM trends WHERE terms LIKE '%{story.term}%'")
            yield f"nobody was told of {story.term} at {story.moment}; trends with it: {known}"


def describe(month: Books) -> str:
    """Return the figures of a month as lines of a table."""
    runs, alerts = month.found.runs, Counter(status for status, _, _ in month.alerts().values())
    figures = {
        "posts served": len(month.world.said),
        "stored": month.posts().total(),
        "of them archived": len(month.archived("posts")),
        "in told gaps": told_gaps(month),
        "runs": len(runs),
        "killed": sum(run.was_killed for run in runs),
        "exit codes": json.dumps(dict(sorted(month.found.codes().items()))),
        "alerts": json.dumps(dict(sorted(alerts.items()))),
        "messages in the chat": len(month.world.telegram.messages),
        "stories told": len(month.world.stories),
        "X billed": f"{month.world.x.bill.billed_posts:,} posts",
        "largest WAL": f"{month.found.largest_wal / 2**20:.1f} MiB",
        "minutes": f"{month.found.seconds / 60:.1f}",
    }
    return "\n".join(f"{name:24} {value}" for name, value in figures.items())
