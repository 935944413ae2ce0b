"""What the feeds of a run share: which hosts want to be left alone, and whether anything can be reached at all."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from trendspark_cli.base.errors import UpstreamError

MOST_OF_A_RUN = {"reddit.com": 1}  # of hosts that take about one request a minute from an address
MOST_OTHERS = 30  # feeds of one host in a run
MOST_DOWN = 5  # feeds in a row without any answer: it is our network, and the others are left to the next run


class Hosts:
    """One run's memory of hosts."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._asked: Counter[str] = Counter()
        self._down = 0

    def pause(self, host: str, until: datetime) -> None:
        """Leave a host alone."""
        self._until[host] = max(until, self._until.get(host, until))

    def may_be_asked(self, host: str, now: datetime) -> bool:
        """Tell whether one more feed of a host may be asked in this run."""
        if host in self._until and now < self._until[host]:
            return False
        return self._asked[_site(host)] < MOST_OF_A_RUN.get(_site(host), MOST_OTHERS)

    def note(self, host: str) -> None:
        """Count a feed that is asked for."""
        self._asked[_site(host)] += 1

    def answered(self) -> None:
        """Take in that something can be reached."""
        self._down = 0

    def is_everything_down(self, failure: UpstreamError) -> bool:
        """Tell, after one more failure, whether asking others makes no sense in this run."""
        self._down = self._down + 1 if type(failure) is UpstreamError and failure.status is None else 0
        return self._down >= MOST_DOWN


def _site(host: str) -> str:
    return ".".join(host.rsplit(".", 2)[-2:])
