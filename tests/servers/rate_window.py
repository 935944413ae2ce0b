"""A request quota that starts anew with each window of time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class RateWindow:
    """At most `limit` requests in `seconds`; the window starts with its first request.

    `already_elapsed` (seconds) is how old the first window is when it starts.
    """

    limit: int
    seconds: int
    already_elapsed: float = 0.0
    used: int = 0
    _started: float | None = None

    def take(self, now: float) -> bool:
        """Count one request; False when the quota is used up."""
        self._roll(now)
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def remaining(self, now: float) -> int:
        """Requests still allowed."""
        self._roll(now)
        return self.limit - self.used

    def resets_at(self, now: float) -> int:
        """Unix second at which the quota is full again."""
        return round(self._roll(now) + self.seconds)

    def _roll(self, now: float) -> float:
        if self._started is None:
            self._started = now - self.already_elapsed
        elif now >= self._started + self.seconds:
            self._started, self.used = now, 0
        return self._started
