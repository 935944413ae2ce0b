"""How far a post will go: its final engagement, forecast from how it begins, its author and its community.

A ridge regression of the logarithm of the final engagement, one for each stretch of the time a post has been watched.
All it keeps of the past are sums, so a mature post costs the same however many there were. Worked example and what
was tried: docs/ranking-quality.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MATURES_AFTER_SECONDS = 48 * 3600  # after that, counts hardly move
LEAST_MATURED = 200  # posts of a source, before its forecasts are believed
BANDS_MINUTES = (1, 25, 50, 100, 200)  # since the post was first seen; each stretch has its own regression
MEMORY_POSTS = 20_000  # mature posts after which one counts half
PRIOR_POSTS = 5.0  # of the mean kind that every author and community is taken to have (shrinkage)
SURELY_OLD_MINUTES = 10.0  # added to ages, so that the first minutes do not divide by nothing
LEAST_VELOCITY = 0.2  # a minute; what is slower is all the same
RIDGE = 1.0  # in squared units of a feature: matters for the first dozens of posts only
FEATURES = 10
MOST_ENGAGEMENT = 1_000_000_000  # beyond that, a counter is an error


class Observation(NamedTuple):
    """What a post's counters said at one time. `gain`: engagement a minute since the one before, or since it began."""

    at: int  # epoch seconds
    engagement: int
    comments: int
    gain: float


class WatchedPost(NamedTuple):
    """A post until it matures: its last observation, and the first one of each band, which teach when it has."""

    created_at: int
    first_seen: int
    observations: tuple[Observation, ...]
    last: Observation
    best: int  # the highest engagement seen

    @property
    def matures_at(self) -> int:
        """Return when its engagement counts as final."""
        return self.first_seen + MATURES_AFTER_SECONDS


class EngagementBaseline(NamedTuple):
    """The mature posts of an author or a community: how many, and the sum of their ln(1 + final engagement)."""

    posts: float = 0.0
    total: float = 0.0

    def beyond(self, mean: float) -> float:
        """Return how far their shrunken mean lies beyond *mean*: drawn towards it when they are few."""
        return (self.total - self.posts * mean) / (self.posts + PRIOR_POSTS)


class Forecast(NamedTuple):
    """`log`: ln(1 + final engagement) as expected, with its standard error.

    `baseline_log` is the author's: that of the community where little is known of the author.
    """

    log: float
    error: float
    baseline_log: float

    @property
    def expected(self) -> float:
        """Return the engagement it will end with, as likely more as less."""
        return math.expm1(min(self.log, _MOST_LOG))

    @property
    def baseline(self) -> float:
        """Return what the author's posts end with: a shrunken mean."""
        return max(0.0, math.expm1(self.baseline_log))

    @property
    def exceedance(self) -> float:
        """Return how far it exceeds the author's baseline at least, five times of six: a logarithm."""
        return self.log - self.error - self.baseline_log


def first_observation(created_at: int, at: int, engagement: int, comments: int) -> WatchedPost:
    """Return a post as it is seen for the first time."""
    created_at = min(created_at, at)
    observation = Observation(at, engagement, comments, max(0, engagement) / _minutes(created_at, at))
    return WatchedPost(created_at, at, (observation,), observation, engagement)


def observed_again(post: WatchedPost, at: int, engagement: int, comments: int) -> WatchedPost:
    """Return the post after one more observation; one of the past, or of the same moment, is left out."""
    if at <= post.last.at:
        return post
    gain = max(0.0, (engagement - post.last.engagement) * 60.0 / max(60, at - post.last.at))
    observation = Observation(at, engagement, comments, gain)
    is_new_band = _band(post, at) > _band(post, post.observations[-1].at)
    observations = (*post.observations, observation) if is_new_band else post.observations
    return post._replace(observations=observations, last=observation, best=max(post.best, engagement))


def watched(created_at: int, observations: Sequence[tuple[int, int, int]]) -> WatchedPost:
    """Return a post after these observations, oldest first: (epoch seconds, engagement, comments) each."""
    post = first_observation(created_at, *observations[0])
    for observation in observations[1:]:
        post = observed_again(post, *observation)
    return post


class Forecaster:
    """What one source's mature posts taught. `sums` is all there is, besides the mean of their final engagement."""

    def __init__(self, matured: float = 0.0, total: float = 0.0, sums: bytes | None = None) -> None:
        shape = (len(BANDS_MINUTES) + 1, FEATURES + 1, FEATURES + 1)
        self.matured = matured  # posts, fading
        self.total = total  # of their ln(1 + final engagement)
        self._sums = np.zeros(shape) if sums is None else np.frombuffer(sums).reshape(shape).copy()
        self._solved: dict[int, tuple[np.ndarray, float]] = {}

    @property
    def mean(self) -> float:
        """Return the mean ln(1 + final engagement) of mature posts."""
        return self.total / self.matured if self.matured else 0.0

    @property
    def is_ready(self) -> bool:
        """Tell whether enough posts have matured."""
        return self.matured >= LEAST_MATURED

    def to_bytes(self) -> bytes:
        """Return the sums, from which another Forecaster can be made."""
        return self._sums.tobytes()

    def forecast(self, post: WatchedPost, author: EngagementBaseline, community: EngagementBaseline) -> Forecast:
        """Return how far the post will go, judged by its last observation; nothing below what it already has."""
        return self._forecast(post, post.last, post.best, author, community)

    def largest_exceedance(self, post: WatchedPost, author: EngagementBaseline, community: EngagementBaseline) -> float:
        """Return the largest exceedance a forecast of this post had, as far as its observations are remembered."""
        observations = post.observations if post.last is post.observations[-1] else (*post.observations, post.last)
        return max(
            self._forecast(post, observation, observation.engagement, author, community).exceedance
            for observation in observations
        )

    def _forecast(
        self,
        post: WatchedPost,
        observation: Observation,
        best: int,
        author: EngagementBaseline,
        community: EngagementBaseline,
    ) -> Forecast:
        weights, error = self._solution(_band(post, observation.at))
        of_author, of_community = author.beyond(self.mean), community.beyond(self.mean)
        log = float(weights @ np.array(_features(post, observation, of_author, of_community)))
        base = self.mean + of_community
        return Forecast(max(log, math.log1p(max(0, best))), error, base + author.beyond(base))

    def learn(self, post: WatchedPost, author: EngagementBaseline, community: EngagementBaseline) -> float:
        """Learn from a post whose engagement is final; return its ln(1 + final engagement).

        Posts count by the root of where they ended: errors matter where alerts are decided, among the large ones.
        """
        final = math.log1p(max(0, post.best))
        self.matured = self.matured * _FADE + 1.0
        self.total = self.total * _FADE + final
        self._sums *= _FADE
        weight = math.exp(0.5 * (final - self.mean))
        beyond = author.beyond(self.mean), community.beyond(self.mean)
        for observation in post.observations:
            row = np.array((*_features(post, observation, *beyond), final))
            self._sums[_band(post, observation.at)] += weight * np.outer(row, row)
        self._solved.clear()
        return final

    def _solution(self, band: int) -> tuple[np.ndarray, float]:
        """Return the weights of a band's features and the standard error; those of the band before when it is empty."""
        if band not in self._solved:
            sums = self._sums[band]
            if sums[0, 0] < FEATURES and band > 0:
                return self._solution(band - 1)
            ridge = RIDGE * np.eye(FEATURES)
            ridge[0, 0] = 1e-9  # the mean is free
            weights = np.linalg.solve(sums[:-1, :-1] + ridge, sums[:-1, -1])
            squares = sums[-1, -1] - weights @ (2.0 * sums[:-1, -1] - sums[:-1, :-1] @ weights)
            self._solved[band] = weights, math.sqrt(max(0.0, squares) / max(1.0, sums[0, 0]))
        return self._solved[band]


_MOST_LOG = math.log(MOST_ENGAGEMENT)
_FADE = 0.5 ** (1.0 / MEMORY_POSTS)
_DAY = 86_400


def _band(post: WatchedPost, at: int) -> int:
    """Return the stretch of the watch this moment lies in."""
    minutes = (at - post.first_seen) / 60.0
    return sum(minutes >= edge for edge in BANDS_MINUTES)


def _minutes(created_at: int, at: int) -> float:
    """Return the age in minutes, never near zero."""
    return (at - created_at) / 60.0 + SURELY_OLD_MINUTES


def _features(post: WatchedPost, observation: Observation, author: float, community: float) -> Sequence[float]:
    """Return the features of a regression: counters, pace, baselines of author and community, age, hour of day."""
    age = _minutes(post.created_at, observation.at)
    engagement = max(0, observation.engagement)
    angle = 2.0 * math.pi * (observation.at % _DAY) / _DAY
    return (
        1.0,
        math.log1p(engagement),
        math.log1p(max(0, observation.comments)),
        math.log(LEAST_VELOCITY + observation.gain),
        math.log(0.02 + engagement / age),
        author,
        community,
        math.log(age),
        math.sin(angle),
        math.cos(angle),
    )
