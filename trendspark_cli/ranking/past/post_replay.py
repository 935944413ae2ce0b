"""Past posts watched once more, each observation at its time, by the code with which `rank` learns and forecasts."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.posts.forecast import MATURES_AFTER_SECONDS, EngagementBaseline
from trendspark_cli.ranking.posts.post_learning import (
    LEAST_WATCHED_SECONDS,
    Counters,
    SeenPost,
    judge_post,
    learn_from,
    observations_of,
    seen_by,
)
from trendspark_cli.ranking.posts.post_trends import JudgedPost
from trendspark_cli.ranking.posts.source_memory import SourceMemory, return_levels

MOST_BASELINES = 300_000  # authors and communities remembered, as between runs of `rank`: those seen last
LAST_ASKED_SECONDS = MATURES_AFTER_SECONDS + TICK_SECONDS  # of age: then a post has matured
MOST_OBSERVATIONS = 200  # of a post, as the store gives them: the first ones and the last


class PastRow(NamedTuple):
    """A post as it is stored. Times are epoch seconds."""

    id: int
    source: str
    author: str | None
    community: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class PastPost:
    """A post with all its stored observations, also those that a replay has not come to yet.

    `name` and `text` are empty where they can be asked for by its id.
    """

    row: PastRow
    observations: tuple[Counters, ...]
    name: str = ""
    text: str = ""

    def news(self) -> list[int]:
        """Return when `rank` judges it: when it is first observed, and when its counters have changed."""
        before = (None, *self.observations)
        return [
            observation.at
            for observation, earlier in zip(self.observations, before, strict=False)
            if observation.engagement is not None and (earlier is None or observation[1:] != earlier[1:])
        ]


def past_observations(
    row: PastRow, collected_at: int, history: Sequence[Counters], newest: Counters, until: int
) -> tuple[Counters, ...]:
    """Return a post's stored observations until a moment, without those made after it matured."""
    last = min(until, row.created_at + LAST_ASKED_SECONDS)
    return tuple(
        observation for observation in observations_of(collected_at, history, newest) if observation.at <= last
    )


class PostReplay:
    """What mature posts taught, and the posts still watched. No observation counts before its time.

    `least_watched_seconds`: between the first and the last observation of those that teach.
    """

    def __init__(self, least_watched_seconds: int = LEAST_WATCHED_SECONDS) -> None:
        self._least_watched_seconds = least_watched_seconds
        self.memories: dict[str, SourceMemory] = {}
        self.watched: dict[int, PastPost] = {}
        self._baselines: dict[int, EngagementBaseline] = {}  # in the order in which they were seen last
        self._leaving: list[tuple[int, int]] = []  # (time, post id) of those watched, the oldest first
        self._left_at: int | None = None
        self._due: list[tuple[int, int]] = []  # (time, post id) of news to come
        self._judged: list[JudgedPost] = []

    @property
    def has_news_to_come(self) -> bool:
        """Tell whether known posts have observations still to come."""
        return bool(self._due)

    def advance(self, now: int, posts: Sequence[PastPost], *, is_judging: bool = True) -> None:
        """Add the next posts in the order of their creation, learn from those mature at *now*, judge what is news."""
        for post in posts:
            self._watch(post)
            for at in post.news():
                heapq.heappush(self._due, (at, post.row.id))
        self._learn(now)
        looked_at = set()
        while self._due and self._due[0][0] <= now:
            looked_at.add(heapq.heappop(self._due)[1])
        self._judged = self._judge(sorted(looked_at & self.watched.keys()), now) if is_judging else []

    def observe(self, row: PastRow, observation: Counters) -> JudgedPost | None:
        """Take in what is known of a post from now on, learn from those mature by then, and return its judgement.

        Observations come in the order of time. None: its source is not ready.
        """
        self._learn(observation.at)
        known = self.watched.get(row.id)
        if known is None:
            self._watch(PastPost(row, (observation,)))
        else:
            kept = known.observations[: MOST_OBSERVATIONS - 1]
            self.watched[row.id] = replace(known, observations=(*kept, observation))
        return next(iter(self._judge([row.id], observation.at)), None)

    def _watch(self, post: PastPost) -> None:
        self.watched[post.row.id] = post
        heapq.heappush(self._leaving, (post.row.created_at, post.row.id))

    def judged(self, posts_per_day: float) -> list[JudgedPost]:
        """Return what was judged last, with the return level of so many ordinary posts a day."""
        enough = return_levels(self.memories, posts_per_day)
        return [replace(one, level=enough[one.source]) for one in self._judged]

    def _learn(self, now: int) -> None:
        left = []
        while self._leaving and self._leaving[0][0] < now - MATURES_AFTER_SECONDS:
            if gone := self.watched.pop(heapq.heappop(self._leaving)[1], None):
                left.append(gone)
        if not left:
            return
        until = left[-1].row.created_at
        since = left[0].row.created_at if self._left_at is None else self._left_at
        posts = [seen for post in left if (seen := _seen(post, now)) is not None]
        _, changed = learn_from(posts, self.memories, self._baselines, since, until, self._least_watched_seconds)
        for key in changed:
            self._baselines[key] = self._baselines.pop(key)
        while len(self._baselines) > MOST_BASELINES:
            del self._baselines[next(iter(self._baselines))]
        self._left_at = until

    def _judge(self, post_ids: Sequence[int], now: int) -> list[JudgedPost]:
        """Return a judgement of each of these posts whose source is ready; what is enough is left open."""
        ready = {name: memory for name, memory in self.memories.items() if memory.forecaster.is_ready}
        posts = [_seen(self.watched[post_id], now) for post_id in post_ids]
        return [
            judge_post(post, ready[post.source], self._baselines, None)
            for post in posts
            if post and post.source in ready
        ]


def _seen(post: PastPost, now: int) -> SeenPost | None:
    """Return a post as it was known at *now*."""
    seen = seen_by(now, post.row.created_at, post.observations)
    return None if seen is None else SeenPost(*post.row[:4], seen)
