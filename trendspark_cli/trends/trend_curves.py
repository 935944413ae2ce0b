"""The curve of a trend: what is counted of it in each tick while it lives."""

from __future__ import annotations

from collections.abc import Sequence

from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.bursts.tick_counts import TickCount, count_ticks
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.lifecycle.trends import PostTrend, TopicTrend
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.trend_history import TrendCount
from trendspark_cli.trends.baseline_updating import BaselineUpdating


def curves_of(
    trends: Sequence[TopicTrend], window: Window, tick_end: int, baseline: BaselineUpdating
) -> list[list[TickCount]]:
    """Return for each trend its ticks of the eight hours before *tick_end*, from its first post on.

    A trend is described by its strongest term, so that is counted: what it is seen in, and what is usual.
    """
    described = [trend for trend in trends if trend.story.evidence]
    terms = [(trend.story.evidence[0].term, int(trend.first_seen.timestamp())) for trend in described]
    counted = iter(count_ticks(window, terms, tick_end, baseline.history, baseline.sources))
    return [next(counted) if trend.story.evidence else [] for trend in trends]


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
