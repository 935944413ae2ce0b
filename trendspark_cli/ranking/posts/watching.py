"""Posts of one source watched one observation at a time, all in memory: what `backtest --viral` replays."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass

from trendspark_cli.ranking.posts.forecast import (
    EngagementBaseline,
    Forecast,
    Forecaster,
    WatchedPost,
    first_observation,
    observed_again,
)

MOST_KNOWN = 200_000  # authors, and communities; beyond that, those with one post are forgotten
_DAY = 86_400


@dataclass(slots=True)
class _Watch:
    post: WatchedPost
    author: str | None
    community: str | None


class BaselinesByName:
    """The engagement baseline of each author, or of each community."""

    def __init__(self) -> None:
        self._known: dict[str, EngagementBaseline] = {}

    def of(self, name: str | None) -> EngagementBaseline:
        """Return what is known; an empty baseline for an unknown name, or none."""
        return self._known.get(name, EngagementBaseline()) if name is not None else EngagementBaseline()

    def add(self, name: str | None, final_log: float) -> None:
        """Count one mature post."""
        if name is None:
            return
        known = self.of(name)
        self._known[name] = EngagementBaseline(known.posts + 1.0, known.total + final_log)
        if len(self._known) > MOST_KNOWN:
            self._known = {name: baseline for name, baseline in self._known.items() if baseline.posts > 1}


class Watching:
    """One source's posts, from first sight until they mature. Observations must come in the order of time."""

    def __init__(self) -> None:
        self.forecaster = Forecaster()
        self.authors = BaselinesByName()
        self.communities = BaselinesByName()
        self._watched: dict[str, _Watch] = {}
        self._maturing: list[tuple[int, str]] = []
        self._ids = IdClock()

    def see(
        self, name: str, at: int, posted_at: int, author: str | None, community: str | None, counters: tuple[int, int]
    ) -> Forecast | None:
        """Return a post's forecast after one more observation (engagement, comments), None before there is any."""
        self._learn_until(at)
        watch = self._watched.get(name)
        if watch is None:
            created = self._ids.created(name, posted_at, at)
            watch = self._watched[name] = _Watch(first_observation(created, at, *counters), author, community)
            heapq.heappush(self._maturing, (watch.post.matures_at, name))
        else:
            watch.post = observed_again(watch.post, at, *counters)
        self._ids.note(name, at)
        if not self.forecaster.is_ready:
            return None
        return self.forecaster.forecast(watch.post, *self._baselines(watch))

    def _learn_until(self, at: int) -> None:
        while self._maturing and self._maturing[0][0] <= at:
            watch = self._watched.pop(heapq.heappop(self._maturing)[1])
            final = self.forecaster.learn(watch.post, *self._baselines(watch))
            self.authors.add(watch.author, final)
            self.communities.add(watch.community, final)

    def _baselines(self, watch: _Watch) -> tuple[EngagementBaseline, EngagementBaseline]:
        return self.authors.of(watch.author), self.communities.of(watch.community)


class IdClock:
    """Tells from a post's id when it was made, where ids are numbers that grow and all that is known is "not later".

    The newest id at an observation was made about then; ids are taken to come at the pace of the last two days.
    """

    def __init__(self) -> None:
        self._newest = 0
        self._at = 0
        self._past: deque[tuple[int, int]] = deque()  # (time, newest id by then)

    def created(self, name: str, posted_at: int, at: int) -> int:
        """Return when the post was made; at most a day before it was seen, and *posted_at* when that says more."""
        if posted_at < at or not _is_number(name) or len(self._past) < 2:
            return posted_at
        (since, oldest), (until, newest) = self._past[0], self._past[-1]
        if newest <= oldest or until <= since:
            return posted_at
        behind = (newest - int(name)) * (until - since) / (newest - oldest) + at - until
        return int(at - min(max(0.0, behind), _DAY))

    def note(self, name: str, at: int) -> None:
        """Take notice of a post that was seen."""
        if not _is_number(name):
            return
        if at > self._at and self._newest:
            self._past.append((self._at, self._newest))
            while self._past[0][0] < at - 2 * _DAY and len(self._past) > 2:
                self._past.popleft()
        self._newest, self._at = max(self._newest, int(name)), at


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 20
