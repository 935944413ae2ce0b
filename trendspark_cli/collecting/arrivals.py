"""How many posts come at once: a ceiling must leave room for a moment like the busiest recent one."""

from __future__ import annotations

MOMENT_SECONDS = 0.5  # two commits: what comes together may be stored in two
FADING = 0.99  # of the busiest moment, with each that follows: half in half a minute
MARGIN = 1.5  # times the busiest moment


class Arrivals:
    """Counts posts in moments. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._began = float("-inf")
        self._count = 0
        self._busiest = 0.0
        self._unpaid = 0.0

    def note(self, posts: int, at: float) -> None:
        """Count posts that came now."""
        if at - self._began >= MOMENT_SECONDS:
            self._busiest *= FADING
            self._began, self._count = at, 0
        self._count += posts
        self._busiest = max(self._busiest, self._count)

    def note_unpaid(self, posts: int) -> None:
        """Count posts that had come by the time a commit ended, and were not paid for: a slow disk makes them many."""
        self._unpaid = max(FADING * self._unpaid, posts)

    @property
    def unpaid(self) -> int:
        """Return how many posts come before a commit has paid for them."""
        return round(MARGIN * self._unpaid)

    @property
    def most(self) -> int:
        """Return how many posts may come before the connection can be closed."""
        return round(MARGIN * self._busiest)
