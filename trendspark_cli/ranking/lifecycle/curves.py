"""The curves of trends: what is counted of them in each tick of the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trendspark_cli.ranking.baseline.history import SourceState
from trendspark_cli.ranking.baseline.term_history import TermHistory
from trendspark_cli.ranking.bursts.tick_counts import TickCount, count_ticks
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.lifecycle.trends import TopicTrend


def curves_of(
    trends: Sequence[TopicTrend],
    window: Window,
    tick_end: int,
    history: TermHistory,
    sources: Mapping[str, SourceState],
) -> list[list[TickCount]]:
    """Return for each trend its ticks of the eight hours before *tick_end*, from its first post on.

    A trend is described by its strongest term, so that is counted: what it is seen in, and what is usual.
    """
    described = [trend for trend in trends if trend.story.evidence]
    terms = [(trend.story.evidence[0].term, int(trend.first_seen.timestamp())) for trend in described]
    counted = iter(count_ticks(window, terms, tick_end, history, sources))
    return [next(counted) if trend.story.evidence else [] for trend in trends]
