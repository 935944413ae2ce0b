"""History built anew from the stored posts when what a term is, or what is kept of it, has changed.

A new version of the program counts other terms, and to a history of the old ones each of them would be news. So the old
history is forgotten, and the posts of the last 14 days are counted again, oldest first, over as many runs as it takes.
Until that is done no topic opens a trend and open ones stay as they are; then they go on where their posts are still
talked about, by their posts, and close where they are not. Single posts are judged meanwhile.

Each step is a transaction that also says how far it came, so a run may be killed anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from trendspark_cli.base.clock import from_epoch, from_text, to_text
from trendspark_cli.ranking.baseline.history import HISTORY_VERSION
from trendspark_cli.ranking.baseline.ticks import (
    LONGEST_WINDOW_SECONDS,
    TICK_SECONDS,
    TICKS_PER_DAY,
    WINDOW_TICKS,
    tick_of,
)
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.trends import RankingProgress

TYPE_CHECKING = False
if TYPE_CHECKING:  # it brings numpy, and `health` asks how far a history is
    from trendspark_cli.running.job_context import JobContext
    from trendspark_cli.trends.baseline_updating import BaselineUpdating

REBUILT = timedelta(days=14)  # half of a count is gone after four days, and nine tenths after these
POSTS_PER_RUN = 50_000  # about half a minute: a run must end before the next one is due


@dataclass(frozen=True)
class Rebuilding:
    """How far a history that is built anew has come: posts created from `since` on, up to `read_until`, are in it.

    `sources` have posts in it so far. `since` is None while the old history is forgotten.
    """

    since: datetime | None
    read_until: datetime | None
    until: datetime
    sources: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Return how much of the time is done, 0 to 1."""
        if self.since is None or self.read_until is None or self.until <= self.since:
            return 0.0
        return min(1.0, max(0.0, (self.read_until - self.since) / (self.until - self.since)))

    @property
    def words(self) -> str:
        """Return it in words."""
        if self.since is None:
            return "words are counted anew: `rank` builds the history of all sources anew; until then no topic opens"
        of = f" of {', '.join(self.sources)}" if self.sources else ""
        return (
            f"the history{of} is built anew from the posts since {to_text(self.since)[:10]}: {self.share:.0%} is done; "
            "until then no topic opens"
        )


def rebuilding(store: Store, now: datetime) -> Rebuilding | None:
    """Return how far the history is that is built anew; None when it is whole."""
    progress = store.ranking.progress()
    until = now - timedelta(seconds=LONGEST_WINDOW_SECONDS)
    if is_whole(progress):
        return None
    if progress.history_version != HISTORY_VERSION:
        return Rebuilding(None, None, until)
    since, read_until = from_text(progress.rebuilt_since), from_text(progress.folded_created_at)
    return Rebuilding(since, read_until, until, tuple(sorted(store.ranking.sources())))


def is_whole(progress: RankingProgress) -> bool:
    """Tell whether the history is of the present terms, and complete; one that was never begun is."""
    is_new = progress.seen_post_id == 0 and progress.history_version == 0
    return is_new or (progress.history_version == HISTORY_VERSION and not progress.rebuilt_since)


def begin(job: JobContext, baseline: BaselineUpdating, window_since: int) -> None:
    """Forget a history of other terms, 1,000 to a transaction, and start at the posts of 14 days ago.

    Those created at *window_since* (epoch seconds) or later are read again, for the window.
    """
    progress = baseline.progress
    if progress.history_version == HISTORY_VERSION:
        if not job.dry_run:
            baseline.terms.take_in_rows()
        return
    if progress.seen_post_id == 0:
        baseline.write(partial(baseline.advance, history_version=HISTORY_VERSION))
        return
    if job.dry_run:
        return
    _forget(job, baseline)
    first = job.store.posts.first_since(window_since)
    since = _newest(job, baseline) - REBUILT

    def start() -> None:
        job.store.ranking.forget_window()
        baseline.advance(
            seen_post_id=progress.seen_post_id if first is None else min(progress.seen_post_id, first - 1),
            folded_created_at=to_text(since),
            folded_post_id=0,
            swept_tick=tick_of(int(since.timestamp())),
            rebuilt_since=to_text(since),
            history_version=HISTORY_VERSION,
        )

    baseline.write(start)
    baseline.reload_sources()


def go_on(job: JobContext, baseline: BaselineUpdating, until: int, most_posts: int = POSTS_PER_RUN) -> None:
    """Count the next posts created before *until* (epoch seconds), at most *most_posts*; say so when all are in."""
    from trendspark_cli.running.clock_healing import may_be_ahead

    if not baseline.progress.rebuilt_since or job.dry_run or may_be_ahead(job):
        return
    left = most_posts
    while left > 0:
        day_end = baseline.progress.swept_tick + TICKS_PER_DAY
        counted = baseline.update_with_next(min(until, (day_end + 1) * TICK_SECONDS), left)
        left -= counted
        if counted:
            baseline.forget_faint(tick_of(int(from_text(baseline.progress.folded_created_at).timestamp())))
        elif day_end < tick_of(until):
            baseline.forget_faint(day_end)
        else:
            baseline.write(partial(baseline.advance, rebuilt_since=""))
            return


def _newest(job: JobContext, baseline: BaselineUpdating) -> datetime:
    """Return now, or the end of what was known of sources: a clock that is a year ahead must not leave out posts."""
    newest = max((state.last_tick for state in baseline.sources.values()), default=None)
    if newest is None:
        return job.now
    return min(job.now, from_epoch((newest + WINDOW_TICKS[-1]) * TICK_SECONDS))


def _forget(job: JobContext, baseline: BaselineUpdating) -> None:
    while job.write(baseline.terms.forget_all):
        pass
