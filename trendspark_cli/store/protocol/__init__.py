"""What jobs may rely on. A store speaks of posts, runs and trends; never of rows, columns or SQL.

Writers are called inside `store.write(work)`: all or nothing. Others wait meanwhile: nothing slow may happen inside.
Every method raises StoreError (or StoreBusyError) when the database cannot do it.
Times are UTC-aware datetimes; the store alone decides how they are written. Those inside of records (store/rows) are
text in the stored form.

Each group of tables has a protocol of its own in this folder; only type checkers read those.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from trendspark_cli.store.protocol.archives import ArchiveFaults, Archives, Tombstones
    from trendspark_cli.store.protocol.authors import Authors
    from trendspark_cli.store.protocol.collecting import (
        ApiCalls,
        Cursors,
        Gaps,
        IngestAudit,
        Profiles,
        StreamRules,
    )
    from trendspark_cli.store.protocol.outbox import Channels, Incidents, Notifications
    from trendspark_cli.store.protocol.posts import Posts
    from trendspark_cli.store.protocol.ranking import Forecasts, RankingMemory, StoredTerms
    from trendspark_cli.store.protocol.runs import JobRuns, JobStates, MetricTotals
    from trendspark_cli.store.protocol.search import PostSearch
    from trendspark_cli.store.protocol.spending import Spend
    from trendspark_cli.store.protocol.times import StoredTimes
    from trendspark_cli.store.protocol.trend_history import TrendHistory
    from trendspark_cli.store.protocol.trends import Briefs, Calibrations, InterestMemory, Trends
    from trendspark_cli.store.protocol.upkeep import Upkeep
    from trendspark_cli.store.protocol.volumes import Volumes

Result = TypeVar("Result")


class Store(Protocol):
    """One database. `in_transaction` lets a signal handler wait for the end of a group of writes."""

    @property
    def posts(self) -> Posts: ...
    @property
    def authors(self) -> Authors: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def gaps(self) -> Gaps: ...
    @property
    def audit(self) -> IngestAudit: ...
    @property
    def api_calls(self) -> ApiCalls: ...
    @property
    def stream_rules(self) -> StreamRules: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def spend(self) -> Spend: ...
    @property
    def job_runs(self) -> JobRuns: ...
    @property
    def job_states(self) -> JobStates: ...
    @property
    def totals(self) -> MetricTotals: ...
    @property
    def notifications(self) -> Notifications: ...
    @property
    def channels(self) -> Channels: ...
    @property
    def incidents(self) -> Incidents: ...
    @property
    def trends(self) -> Trends: ...
    @property
    def trend_history(self) -> TrendHistory: ...
    @property
    def search(self) -> PostSearch: ...
    @property
    def calibrations(self) -> Calibrations: ...
    @property
    def interest(self) -> InterestMemory: ...
    @property
    def briefs(self) -> Briefs: ...
    @property
    def term_history(self) -> StoredTerms: ...
    @property
    def ranking(self) -> RankingMemory: ...
    @property
    def forecasts(self) -> Forecasts: ...
    @property
    def volumes(self) -> Volumes: ...
    @property
    def archives(self) -> Archives: ...
    @property
    def archive_faults(self) -> ArchiveFaults: ...
    @property
    def tombstones(self) -> Tombstones: ...
    @property
    def times(self) -> StoredTimes: ...
    @property
    def upkeep(self) -> Upkeep: ...
    @property
    def in_transaction(self) -> bool: ...

    def write(self, work: Callable[[], Result]) -> Result:
        """Return what *work* returns, with all of its writes kept or none.

        Where two transactions came into each other's way, one is undone and its work done again, from its first line:
        *work* must leave nothing behind outside of the store that a second time would find.
        Raises StoreBusyError when that happens too often. Within a transaction it is a part of that one.
        """

    def set_after_commit(self, callback: Callable[[], None]) -> None:
        """Have *callback* called after each transaction."""

    def noticed_at(self, key: str) -> datetime | None:
        """Return when *key* was said last; None when it was not."""

    def notice_once(self, key: str, now: datetime) -> bool:
        """Remember that *key* was said; return False when it was said before."""

    def notice_after(self, key: str, now: datetime, pause: timedelta) -> bool:
        """Remember that *key* was said now; return False, and change nothing, when that was less than *pause* ago."""

    def size_bytes(self) -> int:
        """Return the size of the database in bytes, free space included."""

    def free_bytes(self) -> int:
        """Return how many of those bytes are free."""

    def close(self) -> None:
        """Close the connection."""
