"""The score that opens a trend, for a stated number of false alarms a day. Without numpy: many commands show it."""

import math
from collections.abc import Sequence

SURE = 6.2  # -log10 p; about one false alarm in two days at 5,000 posts a day. Beyond it, size is what counts
DEFAULT_THRESHOLD = SURE  # every sure topic, until calibrated
LOWEST_THRESHOLD = 5.0  # however quiet an installation is: one in 100,000, for each term and tick, happens all the time
MOST_ALARMS = 200  # kept of a calibration as they are: enough for seven a day over four weeks
ALIKE = 20  # of more, a twentieth of those before them are one: a rate is overstated by 5 % at most
_STEP = 0.01
_NORMAL_90 = 1.645

Alarm = tuple[float, float]
"""(score, how many a day one such false alarm stands for)."""


def strongest(alarms: Sequence[Alarm]) -> list[Alarm]:
    """Return what is kept of alarms, the strongest first: of many, neighbours are one that stands for all of them."""
    ranked = sorted(alarms, reverse=True)
    if len(ranked) <= MOST_ALARMS:
        return ranked
    kept: list[Alarm] = []
    start = 0
    while start < len(ranked):
        alike = ranked[start : start + max(1, start // ALIKE)]
        kept.append((alike[0][0], sum(stands_for for _, stands_for in alike)))
        start += len(alike)
    return kept


def threshold_for(alarms: Sequence[Alarm], per_day: float) -> float:
    """Return the lowest threshold that lets at most so many false alarms a day pass; never below LOWEST_THRESHOLD."""
    passed = 0.0
    for score, stands_for in sorted(alarms, reverse=True):
        passed += stands_for
        if passed > per_day + 1e-9:
            return max(LOWEST_THRESHOLD, math.floor(score / _STEP + 1.0) * _STEP)
    return LOWEST_THRESHOLD


def alarms_per_day(alarms: Sequence[Alarm], threshold: float) -> float:
    """Return how many false alarms a day reach a threshold."""
    return sum(stands_for for score, stands_for in alarms if score >= threshold)


def likely_range(per_day: float, days: float) -> tuple[float, float]:
    """Return between which rates the true one lies, with about 90 %, when so many a day were seen in *days*.

    The square root of a Poisson count, plus 3/8, has a standard deviation of one half (Anscombe, 1948).
    """
    root, away = math.sqrt(per_day * days + 0.375), _NORMAL_90 / 2.0
    low, high = max(0.0, root - away) ** 2 - 0.375, (root + away) ** 2 - 0.375
    return max(0.0, low) / days, high / days
