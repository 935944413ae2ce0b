"""What all stores of SQL databases have in common: every group of tables over one connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.store.tables.collecting import ApiCalls, Cursors, Gaps, IngestAudit, StreamRules
from trendspark_cli.store.tables.connection import Connection
from trendspark_cli.store.tables.job_records import JobRuns, JobStates, MetricTotals
from trendspark_cli.store.tables.outbox import Channels, Incidents, Notifications
from trendspark_cli.store.tables.profiles import Profiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.store.protocol.search import PostSearch
    from trendspark_cli.store.tables.archive_faults import ArchiveFaults
    from trendspark_cli.store.tables.archives import Tombstones
    from trendspark_cli.store.tables.authors import Authors
    from trendspark_cli.store.tables.briefs import Briefs
    from trendspark_cli.store.tables.calibrations import Calibrations
    from trendspark_cli.store.tables.forecasts import Forecasts
    from trendspark_cli.store.tables.interest import InterestMemory
    from trendspark_cli.store.tables.posts import Posts
    from trendspark_cli.store.tables.spend import Spend
    from trendspark_cli.store.tables.stored_times import StoredTimes
    from trendspark_cli.store.tables.term_runs import TermRuns
    from trendspark_cli.store.tables.trend_history import TrendHistory
    from trendspark_cli.store.tables.trends import RankingMemory, Trends
    from trendspark_cli.store.tables.volumes import Volumes


Result = TypeVar("Result")

FIRST_CHANNEL = tuple(CHANNELS.own)[:1]


class TableStore:
    """Implements store.protocol.Store but for what each database does in its own way."""

    def __init__(
        self, connection: Connection, channels: Sequence[str] = FIRST_CHANNEL, operations: Sequence[str] = ()
    ) -> None:
        self.connection = connection
        self.cursors = Cursors(connection)
        self.gaps = Gaps(connection)
        self.audit = IngestAudit(connection)
        self.api_calls = ApiCalls(connection)
        self.stream_rules = StreamRules(connection)
        self.profiles = Profiles(connection)
        self.job_runs = JobRuns(connection)
        self.job_states = JobStates(connection)
        self.totals = MetricTotals(connection)
        self.notifications = Notifications(connection, channels, operations or channels)
        self.channels = Channels(connection)
        self.incidents = Incidents(connection)

    @cached_property
    def posts(self) -> Posts:
        """Return the posts; loaded when asked, since what only looks at runs and alerts never does."""
        from trendspark_cli.store.tables.posts import Posts

        return Posts(self.connection)

    @cached_property
    def authors(self) -> Authors:
        """Return who people are; loaded when asked."""
        from trendspark_cli.store.tables.authors import Authors

        return Authors(self.connection)

    @cached_property
    def spend(self) -> Spend:
        """Return what was spent; loaded when asked."""
        from trendspark_cli.store.tables.spend import Spend

        return Spend(self.connection)

    @property
    def trends(self) -> Trends:
        """Return the trends; loaded when asked, since most commands never do."""
        from trendspark_cli.store.tables.trends import Trends

        return Trends(self.connection)

    @property
    def trend_history(self) -> TrendHistory:
        """Return what stays of trends when their posts are gone; loaded when asked."""
        from trendspark_cli.store.tables.trend_history import TrendHistory

        return TrendHistory(self.connection)

    @property
    def search(self) -> PostSearch:
        """Return what finds posts by their words; loaded when asked."""
        raise NotImplementedError

    @property
    def calibrations(self) -> Calibrations:
        """Return the thresholds made of our own posts; loaded when asked."""
        from trendspark_cli.store.tables.calibrations import Calibrations

        return Calibrations(self.connection)

    @property
    def briefs(self) -> Briefs:
        """Return what a model wrote; loaded when asked."""
        from trendspark_cli.store.tables.briefs import Briefs

        return Briefs(self.connection)

    @property
    def ranking(self) -> RankingMemory:
        """Return the ranker's memory; loaded when asked."""
        from trendspark_cli.store.tables.trends import RankingMemory

        return RankingMemory(self.connection)

    @property
    def term_history(self) -> TermRuns:
        """Return the history of terms; loaded when asked, since it brings numpy."""
        from trendspark_cli.store.tables.term_runs import TermRuns

        return TermRuns(self.connection)

    @property
    def volumes(self) -> Volumes:
        """Return what is known of volumes; loaded when asked."""
        from trendspark_cli.store.tables.volumes import Volumes

        return Volumes(self.connection)

    @property
    def interest(self) -> InterestMemory:
        """Return what was learned of communities and words; loaded when asked."""
        from trendspark_cli.store.tables.interest import InterestMemory

        return InterestMemory(self.connection)

    @property
    def forecasts(self) -> Forecasts:
        """Return what forecasts of single posts rest on; loaded when asked."""
        from trendspark_cli.store.tables.forecasts import Forecasts

        return Forecasts(self.connection)

    @property
    def archive_faults(self) -> ArchiveFaults:
        """Return what was found wrong in archives; loaded when asked."""
        from trendspark_cli.store.tables.archive_faults import ArchiveFaults

        return ArchiveFaults(self.connection)

    @property
    def tombstones(self) -> Tombstones:
        """Return what must not come back; loaded when asked."""
        from trendspark_cli.store.tables.archives import Tombstones

        return Tombstones(self.connection)

    @property
    def times(self) -> StoredTimes:
        """Return the times that only our clock vouches for; loaded when asked."""
        from trendspark_cli.store.tables.stored_times import StoredTimes

        return StoredTimes(self.connection)

    def transaction(self) -> AbstractContextManager[None]:
        """Group writes: all of them or none."""
        return self.connection.transaction()

    def write(self, work: Callable[[], Result]) -> Result:
        """Return what *work* returns, in a transaction that is run again where another one undid it."""
        return self.connection.write(work)

    @property
    def in_transaction(self) -> bool:
        """Tell whether a transaction is open."""
        return self.connection.in_transaction

    def set_after_commit(self, callback: Callable[[], None]) -> None:
        """Have *callback* called after each transaction."""
        self.connection.after_commit = callback

    def noticed_at(self, key: str) -> datetime | None:
        """Return when *key* was said last; None when it was not."""
        from trendspark_cli.base.clock import from_text

        noted_at = self.connection.value("SELECT noted_at FROM notices WHERE key = ?", (key,))
        return None if noted_at is None else from_text(noted_at)

    def notice_once(self, key: str, now: datetime) -> bool:
        """Remember that *key* was said; return False when it was said before."""
        from trendspark_cli.base.clock import to_text

        sql = "INSERT INTO notices (key, noted_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self.connection.execute(sql, (key, to_text(now))).rowcount == 1

    def notice_after(self, key: str, now: datetime, pause: timedelta) -> bool:
        """Remember that *key* was said now; return False, and change nothing, when that was less than *pause* ago."""
        from trendspark_cli.base.clock import to_text

        sql = (
            "INSERT INTO notices (key, noted_at) VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET noted_at = excluded.noted_at WHERE notices.noted_at <= ?"
        )
        return self.connection.execute(sql, (key, to_text(now), to_text(now - pause))).rowcount == 1

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
