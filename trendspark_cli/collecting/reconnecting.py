"""How long to wait before the next connection: X's table of pauses, and a cap that holds whatever the failure is."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

ATTEMPTS_WINDOW = timedelta(minutes=15)
MOST_ATTEMPTS = 45  # of the 50 X allows in that time, those of other processes included
STEADY_SECONDS = 60.0  # a connection that held for so long was good: pauses begin anew


class _Pauses(NamedTuple):
    """Seconds: the first, what is added or multiplied each time, the longest."""

    first: float
    longest: float
    step: float = 0.0
    factor: float = 1.0


_TABLE = {
    "network": _Pauses(0.25, 16.0, step=0.25),  # the connection broke, was closed, or fell silent
    "http": _Pauses(5.0, 320.0, factor=2.0),
    "rate_limit": _Pauses(60.0, 960.0, factor=2.0),  # also: another connection is still open
}


class Reconnecting:
    """Remembers failures since the last steady connection; kinds are those of the table."""

    def __init__(self) -> None:
        self._kind = ""
        self._pause = 0.0

    def pause_after(self, kind: str, *, held_seconds: float = 0.0) -> float:
        """Return how many seconds to wait after a failure of this kind, or a connection that held for so long."""
        pauses = _TABLE[kind]
        if kind != self._kind or held_seconds >= STEADY_SECONDS:
            self._pause = pauses.first
        else:
            self._pause = min(pauses.longest, self._pause * pauses.factor + pauses.step)
        self._kind = kind
        return self._pause
