"""Whether a query's volume departs from its own week: cheap hourly counts, read before any post is bought."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from trendspark_cli.ranking.bursts.surprisal import NUMBERS, surprisal

HOUR_SECONDS = 3600
THRESHOLD = 3.0  # -log10 p: at a count each quarter of an hour, one false purchase in ten days
STIRRING = 1.0  # of several queries together: one count of ten leads to each being counted by itself
LEAST_POSTS = 10  # the smallest page one can buy
LEAST_SECONDS = 120  # of a slice that is judged alone
LEAST_RATIO = 1.5  # times the expected
_LEAST_OVERDISPERSION = 0.03
_TAIL_STEPS = 10_000  # an hour may hold many thousands, whose tail is long


class Slice(NamedTuple):
    """Posts that match a query between two times (UTC); an hour of the clock, or the part of one so far."""

    start: datetime
    end: datetime
    posts: int

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return (self.end - self.start).total_seconds()


class VolumeReading(NamedTuple):
    """What the last one or two hours held, what their week lets one expect, and since when to buy."""

    departs: bool
    stirs: bool  # something may be there: of several queries together, worth counting each
    observed: int
    expected: float
    score: float  # -log10 p
    since: datetime | None


def judge_volume(slices: Sequence[Slice]) -> VolumeReading:
    """Compare the newest slice, and the two newest together, with the hours before; the more surprising one decides.

    *slices* come oldest first. Expected is the mean of the same hour of the days before, drawn towards the mean of all
    hours; uneven hours widen what counts as expected.
    """
    if len(slices) < 2:
        return VolumeReading(False, False, sum(slice.posts for slice in slices), 0.0, 0.0, None)
    history = [slice for slice in slices[:-2] if slice.seconds >= HOUR_SECONDS]
    mean = sum(slice.posts for slice in history) / len(history) if history else 0.0
    overdispersion = _overdispersion(history, mean)
    readings = []
    for recent in (slices[-1:], slices[-2:]):
        observed = sum(slice.posts for slice in recent)
        expected = sum(_expected_per_hour(history, slice, mean) * slice.seconds / HOUR_SECONDS for slice in recent)
        is_telling = observed >= LEAST_POSTS and observed > LEAST_RATIO * expected
        is_long = sum(slice.seconds for slice in recent) >= LEAST_SECONDS
        score = _score(observed, expected, overdispersion) if is_long and observed else 0.0
        departs = is_telling and score >= THRESHOLD
        readings.append(VolumeReading(departs, score >= STIRRING, observed, expected, score, slices[-2].start))
    return max(readings, key=lambda reading: (reading.departs, reading.score))


def _score(observed: int, expected: float, overdispersion: float) -> float:
    """Return the surprisal of a count, less what having two chances is worth (Bonferroni)."""
    found = surprisal(float(observed), max(expected, 1e-9), overdispersion, NUMBERS, steps=_TAIL_STEPS)
    return max(0.0, found - math.log10(2))


def _expected_per_hour(history: Sequence[Slice], recent: Slice, mean: float) -> float:
    """Return posts an hour at this hour of the day; the mean of all hours counts as one more day."""
    same = [slice.posts for slice in history if slice.start.hour == recent.start.hour]
    return (sum(same) + mean) / (len(same) + 1)


def _overdispersion(history: Sequence[Slice], mean: float) -> float:
    """Return how much wider than a Poisson the hours are, relative to their mean squared; some for all."""
    if not history or mean <= 0:
        return 1.0
    residuals = [
        (slice.posts - expected) ** 2 / max(expected, 1e-9)
        for slice in history
        if (expected := _expected_per_hour(history, slice, mean))
    ]
    dispersion = sum(residuals) / len(residuals) if residuals else 1.0
    return max(_LEAST_OVERDISPERSION, (dispersion - 1.0) / mean) + 1.0 / (sum(slice.posts for slice in history) + 1)
