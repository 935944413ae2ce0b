"""What is news of volumes: which series open a trend at a moment, and the posts that show it; live and in a replay."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from trendspark_cli.base.clock import from_epoch
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.volume_series import Look
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, Trend
from trendspark_cli.ranking.lifecycle.volume_lifecycle import LEAST_PEOPLE
from trendspark_cli.ranking.lifecycle.volume_stories import VolumeStory
from trendspark_cli.trends.watched_volumes import Watched

HOUR_SECONDS = 3600
EXAMPLES = 3
MOST_OPENED = 3  # of each kind in one run: when more are rare at once, it is a source that has changed
AnyTrendT = TypeVar("AnyTrendT", bound=AnyTrend)

log = logging.getLogger(__name__)


class SeenSeries(Protocol):
    """A series that was looked at."""

    @property
    def watched(self) -> Watched:
        """Return what it is of."""


SeenT = TypeVar("SeenT", bound=SeenSeries)


def opened_of(seen: Sequence[SeenT], told: set[str], candidate: Callable[[SeenT], AnyTrendT | None]) -> list[AnyTrendT]:
    """Return what these series open, the strongest few; a profile only where none of its keywords says the same.

    `told`: keys of series with an open trend; those that open one now are added.
    """
    found: list[AnyTrendT] = []
    for one in (each for each in seen if each.watched.key not in told):
        if told & one.watched.related and not one.watched.key.startswith("profile:"):
            continue
        trend = candidate(one)
        if trend is not None and not told & one.watched.related:
            found.append(trend)
            told.add(one.watched.key)
    found.sort(key=lambda trend: -trend.score)
    if len(found) > MOST_OPENED:
        log.warning("%d series are rare at once, so %d of them are told", len(found), MOST_OPENED)
    return found[:MOST_OPENED]


def with_posts(
    trend: Trend[VolumeStory], look: Look, posts: Sequence[PostRow], counted: Collection[str] = ()
) -> Trend[VolumeStory]:
    """Return a trend with its posts of the hour before a look; at its peak, these show what it is about.

    `counted`: sources whose posts were only counted.
    """
    since = look.at - HOUR_SECONDS
    rows = [post for post in posts if since <= post.created_at < look.at]
    story = replace(trend.story, post_ids=tuple(post.id for post in rows))
    if trend.peak_at == from_epoch(look.at):
        story = replace(
            story,
            authors=_people(rows),
            sources=_by_source(rows, look, counted),
            example_ids=_examples(rows),
        )
    return replace(trend, story=story)


def are_of_many(posts: Sequence[PostRow]) -> bool:
    """Tell whether enough people wrote these posts to be news."""
    return _people(posts) >= LEAST_PEOPLE


def _people(rows: Sequence[PostRow]) -> int:
    """Return how many people wrote posts; each that names nobody is somebody else's."""
    return len({(post.source, post.author or post.id) for post in rows})


def _by_source(rows: Sequence[PostRow], look: Look, counted: Collection[str]) -> dict[str, int]:
    """Return the posts of an hour by source; those that were only counted are what the others leave."""
    found: dict[str, int] = {}
    for post in rows:
        found[post.source] = found.get(post.source, 0) + 1
    if counted and (left := look.posts - len(rows)) > 0:
        found[min(counted)] = left
    return found


def _examples(rows: Sequence[PostRow]) -> tuple[int, ...]:
    """Return the newest posts, one of each person and of each text."""
    found: dict[tuple[str, str | int], int] = {}
    texts: set[str] = set()
    for post in reversed(rows):
        who, text = (post.source, post.author or post.id), " ".join(post.text.split())
        if who not in found and text not in texts and len(found) < EXAMPLES:
            found[who] = post.id
            texts.add(text)
    return tuple(found.values())
