"""Bursts of a series: how far a moment lies beyond the largest of a usual day.

A day's largest value holds its rhythm, its bursty evenings and its dispersion, so none of these has to be learned by
itself. docs/ranking.md has the constants and their reasons, docs/ranking-quality.md the figures.
"""

from __future__ import annotations

import math
from typing import NamedTuple

ADDED_POSTS = 8.0  # to each count before its logarithm: from 0 to 3 posts is no burst
HALF_LIFE_DAYS = 28  # of what is usual, once there are so many days
LEAST_DEVIATION = 0.1  # of a logarithm: a series whose days are all alike is not surprised by everything
NORMAL_DEVIATIONS = 1.25  # mean deviations are one standard deviation, where values are normal
TOLD_AT = 0.65  # a score: one day in four lies beyond, where days are independent and normal
OPENS_AT = 1.15  # a trend, where few series are watched: one day in eight does
QUIET_SECONDS = 24 * 3600  # after a burst was told
DAY_SECONDS = 24 * 3600
LEAST_SEEN_SECONDS = 18 * 3600  # of a day, or its largest value is not known
LONGEST_STEP_SECONDS = 3600  # between two values that nothing is missing between
_STEP = 1.0 - 0.5 ** (1.0 / HALF_LIFE_DAYS)
_MOST = 1e18  # of a count, which an error may hold


class PeaksState(NamedTuple):
    """What is remembered of a series. Times are epoch seconds; `peak` is the largest value since the day `began`.

    `days`: how many taught `level` and `deviation`, the usual largest value and its mean deviation. `seen`: seconds of
    this day without a hole. `told_at`: of the last burst that was told; 0 when there was none.
    """

    days: int = 0
    level: float = 0.0
    deviation: float = 0.0
    began: int = 0
    peak: float = 0.0
    seen: int = 0
    last_at: int = 0
    told_at: int = 0


UNKNOWN = PeaksState()


class DailyPeaks:
    """One series, value by value, in the order of time. A day lasts 24 hours, from the first value on.

    A clock that goes back by more than a step was wrong before: then a day begins, and what is usual stays.
    """

    def __init__(self, state: PeaksState = UNKNOWN) -> None:
        self.state = state

    @property
    def is_ready(self) -> bool:
        """Tell whether a whole day was seen."""
        return self.state.days > 0

    def observe(self, at: int, value: float) -> float:
        """Take in the value of a moment; return its score, 0 while no day was seen to its end."""
        state = self.state
        back = state.last_at - at
        if back > 0 and back <= LONGEST_STEP_SECONDS:
            return self.score(value)
        if not state.last_at or back > 0:
            state = self._begun(at, at, value)
        elif at - state.began >= DAY_SECONDS:
            self._learn()
            passed = (at - state.began) // DAY_SECONDS
            state = self._begun(at, state.began + passed * DAY_SECONDS, value)
        else:
            step = at - state.last_at
            seen = state.seen + (step if step <= LONGEST_STEP_SECONDS else 0)
            state = state._replace(peak=max(state.peak, value), seen=seen, last_at=at)
        self.state = state
        return self.score(value)

    def score(self, value: float) -> float:
        """Return by how many deviations a value exceeds the usual daily peak, without taking it in."""
        if not self.is_ready:
            return 0.0
        return (value - self.state.level) / max(LEAST_DEVIATION, NORMAL_DEVIATIONS * self.state.deviation)

    def tells(self, at: int, score: float, threshold: float = TOLD_AT) -> bool:
        """Tell whether a score is a burst that is news now; then it is quiet for a day."""
        if score < threshold or self.is_quiet(at):
            return False
        self.state = self.state._replace(told_at=at)
        return True

    def is_quiet(self, at: int) -> bool:
        """Tell whether a burst was told so lately that nothing is news."""
        return 0 <= at - self.state.told_at < QUIET_SECONDS

    def _begun(self, at: int, began: int, value: float) -> PeaksState:
        told_at = self.state.told_at if self.state.told_at <= at else 0
        return self.state._replace(began=began, peak=value, seen=0, last_at=at, told_at=told_at)

    def _learn(self) -> None:
        """Learn from the day that is over, unless too much of it was not seen."""
        state = self.state
        if state.seen < LEAST_SEEN_SECONDS:
            return
        if not state.days:
            self.state = state._replace(days=1, level=state.peak)
            return
        beyond = state.peak - state.level
        deviation = state.deviation + max(_STEP, 1.0 / state.days) * (abs(beyond) - state.deviation)
        level = state.level + max(_STEP, 1.0 / (state.days + 1)) * beyond
        self.state = state._replace(days=state.days + 1, level=level, deviation=deviation)


def opens_at(series: int, alarms_per_day: float) -> float:
    """Return the score from which a trend opens, so that so many series together give no more false alarms a day.

    A score of days that are independent and normal is a standard normal deviate; of few series `OPENS_AT` is enough.
    """
    from statistics import NormalDist  # loads slowly, and only `rank` asks

    part = alarms_per_day / max(1, series)
    return max(OPENS_AT, -NormalDist().inv_cdf(min(0.5, max(1e-6, part))))


def log_posts(count: float) -> float:
    """Return a count of posts as a value of a series."""
    return math.log(min(_MOST, max(0.0, count)) + ADDED_POSTS)


def posts_of(value: float) -> float:
    """Return the count of posts that has this value."""
    return max(0.0, math.exp(min(value, 60.0)) - ADDED_POSTS)
