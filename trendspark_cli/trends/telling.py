"""Trends of a span with all that is told of them, in few questions to the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.reports.lasting_ids import lasting_ids
from trendspark_cli.reports.told_trend import ToldTrend
from trendspark_cli.reports.trend_json import Example, author_of_each
from trendspark_cli.store.protocol import Store
from trendspark_cli.trends.interest import OperatorInterest
from trendspark_cli.trends.watchlists import is_watched

Fits = Callable[[str], bool]


def told_trends(
    store: Store,
    since: datetime,
    until: datetime,
    limit: int,
    watchlist: Collection[str] = (),
    fits: Fits | None = None,
    interest: OperatorInterest | None = None,
) -> list[ToldTrend]:
    """Return the trends that lived in a span: open ones first, the strongest first, at most *limit*.

    *fits* chooses by what a trend is about: its label, its terms, its examples. *interest* says what moved them.
    """
    trends = store.trends.listing(limit, since=since, until=until)
    ids = [trend.stored_id for trend in trends]
    history = store.trend_history
    examples: dict[int, Sequence[Example]] = {**history.examples_of(ids)}
    for trend in trends:  # of an earlier version
        if trend.stored_id not in examples:
            examples[trend.stored_id] = store.posts.by_ids(trend.story.example_ids)
    people = set().union(*(author_of_each(posts) for posts in examples.values()))
    names = store.authors.names(people)
    verdicts, communities = store.trends.verdicts_of(ids), history.communities_of(ids)
    return [
        ToldTrend(
            trend=trend,
            lasting_id=lasting_id,
            counts=history.counts(trend.stored_id),
            examples=examples[trend.stored_id],
            names=names,
            communities=communities.get(trend.stored_id, ()),
            verdict=verdicts.get(trend.stored_id),
            brief=store.briefs.of_trend(trend.stored_id),
            is_watched=is_watched(trend, watchlist),
            moved_by=() if interest is None else interest.reasons(trend),
        )
        for trend, lasting_id in zip(trends, lasting_ids(trends), strict=True)
        if fits is None or any(map(fits, _texts(trend, examples[trend.stored_id])))
    ]


def _texts(trend: AnyTrend, examples: Sequence[Example]) -> list[str]:
    """Return what a trend is about, as texts."""
    return [trend.label, *trend.story.terms, *(post.text for post in examples)]
