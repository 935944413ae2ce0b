"""When posts of a file were made, where it says no more than "not later"."""

from __future__ import annotations

from collections import deque

_DAY = 86_400


class IdClock:
    """Tells from a post's id when it was made, where ids are numbers that grow and all that is known is "not later".

    The newest id at an observation was made about then; ids are taken to come at the pace of the last two days.
    """

    def __init__(self) -> None:
        self._newest = 0
        self._at = 0
        self._past: deque[tuple[int, int]] = deque()  # (time, newest id by then)

    def created(self, name: str, posted_at: int, at: int) -> int:
        """Return when the post was made; at most a day before it was seen, and *posted_at* when that says more."""
        if posted_at < at or not _is_number(name) or len(self._past) < 2:
            return posted_at
        (since, oldest), (until, newest) = self._past[0], self._past[-1]
        if newest <= oldest or until <= since:
            return posted_at
        behind = (newest - int(name)) * (until - since) / (newest - oldest) + at - until
        return int(at - min(max(0.0, behind), _DAY))

    def note(self, name: str, at: int) -> None:
        """Take notice of a post that was seen."""
        if not _is_number(name):
            return
        if at > self._at and self._newest:
            self._past.append((self._at, self._newest))
            while self._past[0][0] < at - 2 * _DAY and len(self._past) > 2:
                self._past.popleft()
        self._newest, self._at = max(self._newest, int(name)), at


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 20
