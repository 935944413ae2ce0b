"""A trend with all that is told of it in a report: read from the store once, whatever is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.reports.trend_json import Example
from trendspark_cli.store.rows.trend_history import TrendCommunity, TrendCount
from trendspark_cli.store.rows.trends import TrendBrief, TrendVerdict


@dataclass(frozen=True)
class ToldTrend:
    """A trend, its curve, its examples with the names of their authors, and what people and a model said of it.

    `lasting_id` is the same whichever database tells of it. `communities`: the most posts first. `moved_by`: why it
    stands elsewhere than its score says.
    """

    trend: AnyTrend
    lasting_id: str
    counts: Sequence[TrendCount] = ()
    examples: Sequence[Example] = ()
    names: Mapping[tuple[str, str], str] | None = None
    communities: Sequence[TrendCommunity] = ()
    verdict: TrendVerdict | None = None
    brief: TrendBrief | None = None
    is_watched: bool = False
    moved_by: Sequence[str] = ()
