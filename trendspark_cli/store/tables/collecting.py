"""Cursors, gaps, the audit of pages, and calls to remote services."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Page
from trendspark_cli.store.named_queries import together
from trendspark_cli.store.rows.collecting import AuditRow, Gap, PageOutcome, PageRun, SourceQuery
from trendspark_cli.store.tables.connection import Connection

NAMED_REJECTIONS = 20  # per page: enough to see a pattern, bounded for a page of nothing but junk


class Cursors:
    """How far each query of each profile has been read."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("collecting")

    def get(self, profile: str, source: str, query: str) -> str | None:
        """Return the newest id read, or None before the first run."""
        sql = "SELECT newest_id FROM cursors WHERE profile = ? AND source = ? AND query = ?"
        value = self._db.value(sql, (profile, source, query))
        return None if value is None else str(value)

    def set(self, profile: str, source: str, query: str, newest_id: str, now: datetime) -> None:
        """Move the cursor; call in the transaction of the page it belongs to."""
        self._db.execute(self._sql["set_cursor"], (profile, source, query, newest_id, to_text(now)))

    def forget(self, profile: str, source: str, query: str) -> None:
        """Remove a cursor: its query begins anew."""
        sql = "DELETE FROM cursors WHERE profile = ? AND source = ? AND query = ?"
        self._db.execute(sql, (profile, source, query))


class Gaps:
    """Ranges that are known not to have been read."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("collecting")

    def open(
        self,
        *,
        profile: str,
        source: str,
        query: str,
        since_id: str | None,
        until_id: str | None,
        reason: str,
        estimated_reads: int,
        run_id: int | None,
        now: datetime,
    ) -> int:
        """Record a gap and return its id."""
        return self._db.insert(
            self._sql["open_gap"],
            (profile, source, query, since_id, until_id, reason, estimated_reads, run_id, to_text(now)),
        )

    def shrink(self, gap_id: int, until_id: str | None) -> None:
        """What is newer than *until_id* has been read."""
        self._db.execute("UPDATE gaps SET until_id = ? WHERE id = ?", (until_id, gap_id))

    def explain(self, gap_id: int, reason: str) -> None:
        """Say why a gap is there."""
        self._db.execute("UPDATE gaps SET reason = ? WHERE id = ?", (reason, gap_id))

    def close(self, gap_id: int, state: str, now: datetime) -> None:
        """Mark a gap `filled`, or `lost` when it can never be filled."""
        self._db.execute("UPDATE gaps SET state = ?, closed_at = ? WHERE id = ?", (state, to_text(now), gap_id))

    def forget(self, gap_id: int) -> None:
        """Remove a gap that its own run read to the end: it never was one to an operator."""
        self._db.execute("DELETE FROM gaps WHERE id = ?", (gap_id,))

    def take_back(self, profile: str, source: str, query: str, until_id: str) -> str | None:
        """Remove a gap that was given up as lost and ended there; return where it began, or None."""
        rows = self._db.rows(self._sql["take_back_gap"], (profile, source, query, until_id))
        return None if not rows else rows[0]["since_id"]

    def open_ones(self, profile: str, source: str, query: str) -> list[Gap]:
        """Return the open gaps of a query, newest first."""
        return self._db.records(Gap, self._sql["open_gaps"], (profile, source, query))

    def open_queries(self, profile: str) -> list[SourceQuery]:
        """Return the queries of a profile that have open gaps."""
        sql = "SELECT DISTINCT source, query FROM gaps WHERE state = 'open' AND profile = ? ORDER BY 1, 2"
        return self._db.records(SourceQuery, sql, (profile,))

    def open_profiles(self) -> list[str]:
        """Return the profiles that have open gaps."""
        sql = "SELECT DISTINCT profile FROM gaps WHERE state = 'open' ORDER BY 1"
        return [row["profile"] for row in self._db.rows(sql)]

    def give_up(self, profile: str, reason: str, now: datetime) -> int:
        """Mark every open gap of a profile `lost` and say why; return how many there were."""
        sql = "UPDATE gaps SET state = 'lost', reason = ?, closed_at = ? WHERE state = 'open' AND profile = ?"
        return self._db.execute(sql, (reason, to_text(now), profile)).rowcount

    def count_open(self) -> int:
        """Return how many gaps wait to be filled."""
        return int(self._db.value("SELECT count(*) FROM gaps WHERE state = 'open'"))

    def recent(self, limit: int) -> list[Gap]:
        """Return gaps, open or not, newest first."""
        return self._db.records(Gap, "SELECT * FROM gaps ORDER BY id DESC LIMIT ?", (limit,))


class IngestAudit:
    """One row for each page that was asked for."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("collecting")

    def add(
        self,
        cycle_id: int,
        profile: str,
        source: str,
        query: str,
        page: Page,
        outcome: PageOutcome,
        now: datetime,
        *,
        usd: float = 0.0,
        error: str | None = None,
    ) -> int:
        """Record what a page held and what became of it; return the row's id."""
        times = [post.created_at for post in page.posts]
        return self._db.insert(
            self._sql["add_audit"],
            {
                "cycle_id": cycle_id,
                "profile": profile,
                "source": source,
                "query": query,
                "endpoint": page.endpoint,
                "fetched": page.fetched,
                "new": outcome.new,
                "updated": outcome.updated,
                "rejected": json.dumps(_rejected(page)),
                "oldest": min(times, default=None),
                "newest": max(times, default=None),
                "cost": usd,
                "reads": page.reads,
                "request_id": page.request_id,
                "error": error or "; ".join(page.notes) or None,
                "created_at": to_text(now),
            },
        )

    def extend(self, audit_id: int, page: Page, outcome: PageOutcome, *, usd: float = 0.0) -> None:
        """Add what else came in the same way to a row."""
        times = [post.created_at for post in page.posts]
        values = {
            "id": audit_id,
            "fetched": page.fetched,
            "new": outcome.new,
            "updated": outcome.updated,
            "oldest": min(times, default=None),
            "newest": max(times, default=None),
            "cost": usd,
            "reads": page.reads,
        }
        self._db.execute(self._sql["extend_audit"], values)
        if page.rejections:
            known = json.loads(self._db.value("SELECT rejected FROM ingest_audit WHERE id = ?", (audit_id,)))
            more = _rejected(page)
            items = [*known.pop("items", ()), *more.pop("items")][:NAMED_REJECTIONS]
            total = {**Counter(known), "items": items}
            for reason, count in more.items():
                total[reason] = total.get(reason, 0) + count
            sql = "UPDATE ingest_audit SET rejected = ? WHERE id = ?"
            self._db.execute(sql, (json.dumps(total), audit_id))

    def newest_served(self, profile: str, source: str, query: str) -> str | None:
        """Return the id of the newest post that a query brought, as far as it is still here."""
        value = self._db.value(self._sql["newest_served"], {"profile": profile, "source": source, "query": query})
        return None if value is None else str(value)

    def newest_time(self, source: str | None = None) -> str | None:
        """Return when the newest post was made that a service (or this one) served of late, files aside."""
        value = self._db.value(self._sql["newest_time"], {"source": source})
        return None if value is None else str(value)

    def recent(self, limit: int, source: str | None = None) -> list[AuditRow]:
        """Return audit rows, newest first."""
        if source is not None:
            return self.last_of((source,), limit)[source]
        return self._db.records(AuditRow, self._sql["recent_audit"], {"limit": limit})

    def last_of(self, sources: Collection[str], limit: int) -> dict[str, list[AuditRow]]:
        """Return the last audit rows of each of these sources, newest first; of one that was never read none."""
        named = {f"source_{number}": source for number, source in enumerate(sources)}
        statement = together(dict.fromkeys(named, self._sql["last_pages"]), "source")
        found: dict[str, list[AuditRow]] = {source: [] for source in sources}
        for row in self._db.rows(statement, {**named, "limit": limit}):
            found[named[row.pop("key")]].append(AuditRow(**row))
        return found

    def pages_with(self, source: str, created_at: str, collected_at: str) -> list[PageRun]:
        """Return the pages that may have brought a post, both times as stored."""
        parameters = {"source": source, "created_at": created_at, "collected_at": collected_at}
        return self._db.records(PageRun, self._sql["pages_with"], parameters)

    def usual_reads(self, profile: str, source: str, query: str) -> int:
        """Return the mean of billed reads over the last runs of a query, rounded up; 0 when there was none."""
        value = self._db.value(self._sql["usual_reads"], (profile, source, query))
        return 0 if value is None else math.ceil(value)


def _rejected(page: Page) -> dict[str, Any]:
    """Return how many items were refused by reason, and the first of them by name."""
    rejected: dict[str, Any] = dict(Counter(r.reason for r in page.rejections))
    if page.rejections:
        rejected["items"] = [f"{r.item}: {r.reason}" for r in page.rejections[:NAMED_REJECTIONS]]
    return rejected


class StreamRules:
    """Rules the stream should have."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def all(self) -> list[str]:
        """Return them, the first one first."""
        return [row["value"] for row in self._db.rows("SELECT value FROM stream_rules ORDER BY id")]

    def add(self, value: str, now: datetime) -> bool:
        """Store a rule; return False when it is there."""
        sql = "INSERT INTO stream_rules (value, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._db.execute(sql, (value, to_text(now))).rowcount == 1

    def remove(self, value: str) -> bool:
        """Remove a rule; return False when it is not there."""
        return self._db.execute("DELETE FROM stream_rules WHERE value = ?", (value,)).rowcount == 1


class ApiCalls:
    """Calls to remote services, rolled up by the minute."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("collecting")

    def add(self, calls: Sequence[tuple[datetime, str, str, str, float, int | None]]) -> None:
        """Record (time, service, endpoint, code class, seconds, status) of each call."""
        rows = [
            (to_text(moment)[:16] + "Z", service, endpoint, code_class, seconds, status)
            for moment, service, endpoint, code_class, seconds, status in calls
        ]
        self._db.executemany(self._sql["add_api_call"], sorted(rows, key=itemgetter(0, 1, 2, 3)))

    def count(self, service: str, endpoint: str, since: datetime) -> int:
        """Return how many calls were made since the minute of *since*."""
        sql = "SELECT coalesce(sum(calls), 0) FROM api_calls WHERE service = ? AND endpoint = ? AND minute >= ?"
        return int(self._db.value(sql, (service, endpoint, to_text(since)[:16] + "Z")))
