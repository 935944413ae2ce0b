"""Counts of a series as they come, summed up over the last hour."""

from __future__ import annotations

from collections import deque

HOUR_SECONDS = 3600


class LastHour:
    """The sum of what was counted in the last hour. Counts come in the order of time."""

    def __init__(self) -> None:
        self._counts: deque[tuple[int, float]] = deque()

    def add(self, at: int, count: float) -> float:
        """Take in a count that ends at `at` (epoch seconds); return the sum of the hour before."""
        if self._counts and at < self._counts[-1][0]:
            self._counts.clear()
        if self._counts and at == self._counts[-1][0]:
            count += self._counts.pop()[1]
        self._counts.append((at, count))
        while self._counts[0][0] <= at - HOUR_SECONDS:
            self._counts.popleft()
        return sum(posts for _, posts in self._counts)
