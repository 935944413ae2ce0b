"""Bursts in a series of counts, one every few minutes: online, each burst reported once.

A count is compared with the series' own baseline. The difference is compared with the series' exceedances over a
high threshold (extreme value theory), so a series that jumps each hour and one that never does are judged alike.
docs/ranking.md has the figures.
"""

from __future__ import annotations

import math
from collections import deque

ROWS_PER_DAY = 288  # of five minutes
BASELINE_HALF_LIFE_ROWS = 4 * ROWS_PER_DAY  # as long as that of terms
BASELINE_STEP = 1.0 - 0.5 ** (1.0 / BASELINE_HALF_LIFE_ROWS)
ADDED = 2.0  # to each count before its logarithm: from 0 to 1 is no burst
TAIL_SHARE = 0.01  # of rows: the largest ones, from which the exceedances are learned
REPEAT_ROWS = ROWS_PER_DAY  # a burst is reported again only when it exceeds all of the last day
REPORTED_AT = 3.0  # a score: one row in a thousand; somewhat more costs missed bursts, somewhat less a few false rows
LEAST_MEAN_EXCEEDANCE = 0.1  # of a logarithm: a series that never moves is not surprised by everything


class BurstWatch:
    """One series, row by row."""

    def __init__(self) -> None:
        self._rows = 0
        self._baseline = 0.0  # of ln(count + ADDED)
        self._tail_threshold = 0.5  # beyond the baseline; TAIL_SHARE of the rows lie above
        self._mean_exceedance = 0.5  # how far above, on average
        self._recent: deque[tuple[int, float]] = deque()  # (row, score) of the last day, falling: its highest first

    def score(self, count: float) -> float:
        """Return the surprisal of so large a count; 0 below the threshold, or for a burst already reported.

        Exceedances over the threshold are taken to fall off exponentially.
        """
        value = math.log(max(0.0, count) + ADDED)
        difference = value - self._baseline if self._rows else 0.0
        over = (difference - self._tail_threshold) / self._mean_exceedance
        self._learn(value)
        return self._unless_reported((over - math.log(TAIL_SHARE)) / math.log(10.0)) if over > 0 else 0.0

    def _learn(self, value: float) -> None:
        self._rows += 1
        if self._rows == 1:
            self._baseline = value
            return
        self._learn_tail(value - self._baseline)
        self._baseline += max(BASELINE_STEP, 1.0 / self._rows) * (value - self._baseline)

    def _learn_tail(self, difference: float) -> None:
        """Move the threshold until TAIL_SHARE of rows lie above in the long run; the mean exceedance follows slowly."""
        is_above = difference > self._tail_threshold
        step = 0.5 * self._mean_exceedance * max(0.02, 2.0 / math.sqrt(self._rows))
        self._tail_threshold += step * (is_above - TAIL_SHARE)
        if difference > self._tail_threshold:
            change = min(difference - self._tail_threshold, 4.0 * self._mean_exceedance) - self._mean_exceedance
            self._mean_exceedance = max(
                LEAST_MEAN_EXCEEDANCE, self._mean_exceedance + change * max(0.02, 5.0 / (self._rows + 20))
            )

    def _unless_reported(self, score: float) -> float:
        while self._recent and self._recent[0][0] < self._rows - REPEAT_ROWS:
            self._recent.popleft()
        is_news = not self._recent or score > self._recent[0][1]
        while self._recent and self._recent[-1][1] <= score:
            self._recent.pop()
        self._recent.append((self._rows, score))
        return score if is_news else 0.0
