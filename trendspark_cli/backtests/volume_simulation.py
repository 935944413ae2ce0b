"""Trends of volume as `rank` would have opened them on past posts, under one set of rules.

All posts of a replay are known, so a series begins with its first post. When a query was not read is not known of the
past: so no silence is told, and places that are read whole are not watched.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.daily_peaks import opens_at
from trendspark_cli.ranking.bursts.volume_series import Known, Look, VolumeSeries
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import TrendState, VolumeTrend
from trendspark_cli.ranking.lifecycle.volume_lifecycle import (
    closed_if_over,
    may_be_news,
    volume_opened,
    volume_seen_again,
)
from trendspark_cli.trends.volume_news import HOUR_SECONDS, are_of_many, opened_of, with_posts
from trendspark_cli.trends.watched_volumes import LookedFor, Watched, WatchedVolumes


@dataclass(frozen=True, slots=True)
class FiredVolume:
    """A trend of volume as it would have opened, and its highest score."""

    trend: VolumeTrend
    peak: float

    @property
    def delay(self) -> timedelta:
        """Return how long after the beginning of its hour it opened."""
        return self.trend.opened_at - self.trend.first_seen


class _Seen(NamedTuple):
    """A series after its newest look."""

    watched: Watched
    series: VolumeSeries
    look: Look


class VolumeSimulation:
    """Trends of volume that open, grow and close as the ticks of a replay pass; nothing is stored."""

    def __init__(self, rules: LifecycleRules, looked_for: LookedFor | None) -> None:
        self._volumes = WatchedVolumes(looked_for if "volume" in rules.kinds else None, ())
        self.rules = rules._replace(opens_at=opens_at(len(self._volumes.all), rules.false_alarms_per_day))
        self.fired: dict[int, FiredVolume] = {}
        self._series = {one.key: VolumeSeries() for one in self._volumes.all}
        self._open: dict[str, VolumeTrend] = {}
        self._hour: deque[tuple[PostRow, set[str]]] = deque()
        self._began = 0

    def advance(self, now: int, posts: Sequence[PostRow], *, is_judging: bool = True) -> int:
        """Count the posts made before *now*, look at each series, and return how many trends opened."""
        if not self._series:
            return 0
        for post in posts:
            self._began = self._began or post.created_at
            keys = self._volumes.of_post(post)
            for key in keys:
                self._series[key].add(post.created_at, post.source)
            if keys:
                self._hour.append((post, keys))
        while self._hour and self._hour[0][0].created_at < now - 2 * HOUR_SECONDS:
            self._hour.popleft()
        seen = [_Seen(one, self._series[one.key], look) for one in self._volumes.all if (look := self._look(one, now))]
        for series in self._series.values():
            series.forget_before(now)
        if not is_judging:
            return 0
        opened = opened_of(seen, set(self._open), self._candidate)
        for one in seen:
            if one.watched.key in self._open:
                self._see_again(one, now)
        for trend in opened:
            number = len(self.fired) + 1
            self._open[trend.story.series] = trend = replace(trend, id=number)
            self.fired[number] = FiredVolume(trend, trend.score)
        return len(opened)

    def _look(self, watched: Watched, now: int) -> Look | None:
        look = None
        for each in self._series[watched.key].looks(Known(self._began, now), {}):
            look = each
        return look

    def _candidate(self, seen: _Seen) -> VolumeTrend | None:
        watched, look = seen.watched, seen.look
        posts = self._posts_of(watched)
        if not may_be_news(look, self.rules) or not are_of_many(posts):
            return None
        trend = volume_opened(watched.key, watched.name, watched.terms, seen.series, look, self.rules)
        return None if trend is None else with_posts(trend, look, posts)

    def _see_again(self, seen: _Seen, now: int) -> None:
        trend = self._open[seen.watched.key]
        after = closed_if_over(
            volume_seen_again(trend, trend.story, seen.look, self.rules), now, self.rules, is_watched=True
        )
        number = trend.stored_id
        self.fired[number] = replace(self.fired[number], peak=max(self.fired[number].peak, after.score))
        self._open[seen.watched.key] = after
        if after.state is TrendState.CLOSED:
            del self._open[seen.watched.key]

    def _posts_of(self, watched: Watched) -> list[PostRow]:
        return [post for post, keys in self._hour if watched.key in keys]
