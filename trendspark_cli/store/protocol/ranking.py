"""What the ranking and the forecasts remember between runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from trendspark_cli.ranking.baseline.history import SourceState
from trendspark_cli.ranking.baseline.term_history import TermHistory
from trendspark_cli.store.rows.forecasts import ForecastProgress, NewestSeen, PostForecast, WatchedRow
from trendspark_cli.store.rows.trends import RankingProgress

if TYPE_CHECKING:  # they bring numpy
    from trendspark_cli.ranking.bursts.segments import Segment
    from trendspark_cli.ranking.posts.forecast import EngagementBaseline
    from trendspark_cli.ranking.posts.post_learning import Counters
    from trendspark_cli.ranking.posts.source_memory import SourceMemory


class StoredTerms(TermHistory, Protocol):
    """The history of terms as it is kept between runs."""

    def forget_all(self) -> bool:
        """Forget some of it, in the caller's transaction; return whether there was anything."""

    def take_in_rows(self) -> int:
        """Bring what an earlier version kept into the present form, some to a transaction; return how many terms.

        Whatever is asked meanwhile is answered from both. Call before anything is saved.
        """


class RankingMemory(Protocol):
    """What the ranker remembers between runs, beside terms: source states, recent posts as numbers, progress."""

    def sources(self) -> dict[str, SourceState]:
        """Return what is known of each source's volume."""

    def put_sources(self, states: Mapping[str, SourceState]) -> None:
        """Store the state of each source."""

    def add_segment(self, segment: Segment) -> None:
        """Keep posts as numbers, in the transaction that takes notice of them."""

    def segments(self, since: int) -> Iterator[Segment]:
        """Yield the segments with posts created at *since* (epoch seconds) or later, in the order they were added."""

    def segments_between(self, since: int, until: int) -> Iterator[Segment]:
        """Yield the segments with posts created at *since* or later and with posts created at *until* or before."""

    def drop_segments(self, before: int) -> int:
        """Forget some segments all of whose posts were created before this moment (epoch seconds); return how many."""

    def forget_window(self) -> None:
        """Forget the volume of all sources and all recent posts, in the caller's transaction."""

    def progress(self) -> RankingProgress:
        """Return how far the ranker has come."""

    def save_progress(self, progress: RankingProgress) -> None:
        """Store how far the ranker has come, in the transaction of the work it counts."""


class Forecasts(Protocol):
    """What forecasts of single posts rest on."""

    def progress(self) -> ForecastProgress:
        """Return how far forecasting has come."""

    def save_progress(self, progress: ForecastProgress) -> None:
        """Store how far it has come, in the transaction of the work it counts."""

    def sources(self) -> dict[str, SourceMemory]:
        """Return what is remembered of each source."""

    def put_sources(self, memories: Mapping[str, SourceMemory]) -> None:
        """Store what is remembered of these sources."""

    def baselines(self, keys: Iterable[int]) -> dict[int, EngagementBaseline]:
        """Return what the posts of these authors and communities usually end with, where it is known."""

    def put_baselines(self, baselines: Mapping[int, EngagementBaseline], day: int) -> None:
        """Store the usual of these, heard of on *day* (since 1970)."""

    def sweep(self, day: int) -> int:
        """Forget authors and communities not heard of for long, outside a transaction; return how many."""

    def newest(self) -> NewestSeen:
        """Return up to where posts and changes of counters go, as `Posts.settled_id`; call outside a transaction."""

    def arrived(self, ids: tuple[int, int], since: datetime, fresh: datetime, limit: int) -> list[WatchedRow]:
        """Return posts with counters created at *since* or later that were collected since *fresh*, by id.

        *ids*: after which one, and up to which one.
        """

    def changed(self, until: int) -> list[int]:
        """Return the ids of posts whose counters changed, up to this change."""

    def forget_changed(self, until: int) -> None:
        """Take notice of changes up to this one."""

    def watched(self, post_ids: Sequence[int], since: datetime, fresh: datetime) -> list[WatchedRow]:
        """Return those of these posts created at *since* or later whose counters were read since *fresh*."""

    def leaving(self, position: tuple[str, int], until: datetime, limit: int) -> list[WatchedRow]:
        """Return the next posts with counters after (created_at, id) created before *until*, oldest first."""

    def observations(self, post_ids: Sequence[int]) -> dict[int, list[Counters]]:
        """Return what the counters of these posts said over time, oldest first: the first 200 looks and the last."""

    def note(self, forecasts: Sequence[PostForecast]) -> None:
        """Remember the last forecast of each post."""

    def drop(self, post_ids: Sequence[int]) -> None:
        """Forget the forecasts of posts that are no longer watched."""

    def of_post(self, post_id: int) -> PostForecast | None:
        """Return the last forecast of a post that is still watched, or None."""
