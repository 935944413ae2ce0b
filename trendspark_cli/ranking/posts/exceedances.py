"""How far forecasts of a source's posts exceed their baselines, and which exceedance is rare enough for a trend.

The largest exceedance that the forecasts of a post had is counted in steps. The return level is the one that so many
ordinary posts a day reach. Exceedances over a high threshold are taken to fall off exponentially (extreme value
theory), so that a level beyond all that was seen has a rate too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

LEAST_EXCEEDANCES = 100  # before a return level is believed
HALF_LIFE_DAYS = 14.0
TAIL_SHARE = 0.01  # of posts: the largest ones, over the threshold, from which the fall is learned
LEAST_TAIL = 20  # posts
LEAST_LIFT = 3.0  # times the baseline, however rare that is

_LOWEST, _STEP, _BINS = -6.0, 0.1, 200


class Exceedances:
    """Largest exceedances of posts that are no longer watched, and over how many days they were watched; both fade."""

    def __init__(self, days: float = 0.0, counts: bytes | None = None) -> None:
        self.days = days
        self._counts = np.zeros(_BINS) if counts is None else np.frombuffer(counts).copy()

    def to_bytes(self) -> bytes:
        """Return the counts, to be given to another Peaks."""
        return self._counts.tobytes()

    def add(self, exceedances: Sequence[float], days: float) -> None:
        """Count posts that were watched during *days* after those before."""
        fade = 0.5 ** (days / HALF_LIFE_DAYS)
        self._counts *= fade
        self.days = self.days * fade + days
        for exceedance in exceedances:
            self._counts[min(_BINS - 1, max(0, int((exceedance - _LOWEST) / _STEP)))] += 1.0

    def return_level(self, posts_per_day: float) -> float | None:
        """Return the exceedance *posts_per_day* ordinary posts reach, infinite for 0; None while too few were seen."""
        seen = float(self._counts.sum())
        if seen < LEAST_EXCEEDANCES * 0.9 or self.days <= 0.0:  # some have faded
            return None
        if posts_per_day <= 0.0:
            return math.inf
        wanted = max(TAIL_SHARE * seen, min(LEAST_TAIL, seen / 5))
        above = self._counts[::-1].cumsum()[::-1]
        first = int(np.flatnonzero(above >= wanted)[-1])  # the tail begins with this step
        tail, threshold = float(above[first]), _LOWEST + first * _STEP
        middles = _LOWEST + (np.arange(first, _BINS) + 0.5) * _STEP - threshold
        fall = max(_STEP, float(self._counts[first:] @ middles) / tail)
        return max(threshold + fall * max(0.0, math.log(tail / (self.days * posts_per_day))), math.log(LEAST_LIFT))
