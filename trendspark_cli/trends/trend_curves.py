"""The curve of a trend: what is counted of it in each tick while it lives."""

from __future__ import annotations

from collections.abc import Sequence

from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.bursts.tick_counts import TickCount
from trendspark_cli.ranking.lifecycle.trends import PostTrend
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.trend_history import TrendCount


def save_curve(job: JobContext, trend_id: int, curve: Sequence[TickCount]) -> None:
    """Store ticks of a trend; call in the transaction that saves it."""
    job.store.trend_history.save_counts(
        [
            TrendCount(trend_id, to_text(from_epoch(one.tick)), one.source, one.posts, one.people, one.expected)
            for one in curve
        ]
    )


def save_post_curve(job: JobContext, trend: PostTrend) -> None:
    """Store that a single post is one post; call in the transaction that saves its trend."""
    created = int(trend.first_seen.timestamp())
    save_curve(job, trend.stored_id, [TickCount(created - created % TICK_SECONDS, trend.story.source, 1, 1, None)])
