"""What was read of which query, and what is known not to have been read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from trendspark_cli.base.models import Page, Profile
from trendspark_cli.store.rows.collecting import AuditRow, Gap, PageOutcome, PageRun, SourceQuery


class Cursors(Protocol):
    """How far each query of each profile has been read."""

    def get(self, profile: str, source: str, query: str) -> str | None:
        """Return the newest id read, or None before the first run."""

    def set(self, profile: str, source: str, query: str, newest_id: str, now: datetime) -> None:
        """Move the cursor, in the transaction of the page it belongs to."""

    def forget(self, profile: str, source: str, query: str) -> None:
        """Remove a cursor: its query begins anew."""


class Gaps(Protocol):
    """Ranges known not to have been read."""

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

    def shrink(self, gap_id: int, until_id: str | None) -> None:
        """What is newer than *until_id* has been read."""

    def explain(self, gap_id: int, reason: str) -> None:
        """Say why a gap is there."""

    def close(self, gap_id: int, state: str, now: datetime) -> None:
        """Mark a gap `filled`, or `lost` when it can never be filled."""

    def forget(self, gap_id: int) -> None:
        """Remove a gap that its own run read to the end."""

    def take_back(self, profile: str, source: str, query: str, until_id: str) -> str | None:
        """Remove a gap that was given up as lost and ended there; return where it began, or None."""

    def open_ones(self, profile: str, source: str, query: str) -> list[Gap]:
        """Return the open gaps of a query, newest first."""

    def open_queries(self, profile: str) -> list[SourceQuery]:
        """Return the queries of a profile that have open gaps."""

    def open_profiles(self) -> list[str]:
        """Return the profiles that have open gaps."""

    def give_up(self, profile: str, reason: str, now: datetime) -> int:
        """Mark every open gap of a profile `lost` and say why; return how many there were."""

    def count_open(self) -> int:
        """Return how many gaps wait to be filled."""

    def recent(self, limit: int) -> list[Gap]:
        """Return gaps, open or not, newest first."""


class IngestAudit(Protocol):
    """One row for each page that was asked for."""

    def newest_served(self, profile: str, source: str, query: str) -> str | None:
        """Return the id of the newest post that a query brought, as far as it is still here."""

    def newest_time(self, source: str | None = None) -> str | None:
        """Return when the newest post was made that a service (or this one) served of late, files aside."""

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

    def extend(self, audit_id: int, page: Page, outcome: PageOutcome, *, usd: float = 0.0) -> None:
        """Add what else came in the same way to a row: a stream has no pages."""

    def recent(self, limit: int, source: str | None = None) -> list[AuditRow]:
        """Return audit rows, newest first."""

    def last_of(self, sources: Collection[str], limit: int) -> dict[str, list[AuditRow]]:
        """Return the last audit rows of each of these sources, newest first; of one that was never read none."""

    def pages_with(self, source: str, created_at: str, collected_at: str) -> list[PageRun]:
        """Return the pages that may have brought a post, both times as stored."""

    def usual_reads(self, profile: str, source: str, query: str) -> int:
        """Return the mean of billed reads over the last runs of a query; 0 when there was none."""


class ApiCalls(Protocol):
    """Calls to remote services, rolled up by the minute."""

    def add(self, calls: Sequence[tuple[datetime, str, str, str, float, int | None]]) -> None:
        """Record (time, service, endpoint, code class, seconds, status) of each call."""

    def count(self, service: str, endpoint: str, since: datetime) -> int:
        """Return how many calls were made since the minute of *since*."""


class StreamRules(Protocol):
    """Rules the stream should have."""

    def all(self) -> list[str]:
        """Return them, the first one first."""

    def add(self, value: str, now: datetime) -> bool:
        """Store a rule; return False when it is there."""

    def remove(self, value: str) -> bool:
        """Remove a rule; return False when it is not there."""


class Profiles(Protocol):
    """Topics by name, in place of those of the settings."""

    def all(self) -> list[Profile]:
        """Return every profile, enabled or not, by name."""

    def get(self, name: str) -> Profile | None:
        """Return the profile of this name, or None."""

    def save(self, profile: Profile) -> None:
        """Store a profile; of one that is there, the time of its creation stays."""

    def remove(self, name: str) -> bool:
        """Remove a profile; return False when there is none of this name."""
