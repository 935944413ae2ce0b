"""A second witness of the time: what services say in the Date of their answers. The first, our clock, may be wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trendspark_cli.base.api_calls import ApiCall

TOLERATED = timedelta(minutes=5)  # between two clocks that are both kept right, a slow call included


@dataclass
class ClockWitness:
    """What the newest answer said: how far our clock is ahead of it (negative: behind); None while nobody said."""

    ahead: timedelta | None = None

    def hear(self, calls: Iterable[ApiCall]) -> None:
        """Take in when calls were answered, by the services' clocks and by ours."""
        for call in calls:
            said = _moment(call.answered_at)
            if said is not None:
                self.ahead = call.at + timedelta(seconds=call.seconds) - said

    @property
    def agrees(self) -> bool:
        """Tell whether an answer confirmed our clock."""
        return self.ahead is not None and abs(self.ahead) <= TOLERATED

    @property
    def contradicts(self) -> bool:
        """Tell whether an answer said that our clock is wrong."""
        return self.ahead is not None and abs(self.ahead) > TOLERATED


def _moment(date: str) -> datetime | None:
    """Return the time of a Date header, None when it is none."""
    from email.utils import parsedate_to_datetime  # here: few commands hear of a time, and it costs them milliseconds

    try:
        moment = parsedate_to_datetime(date)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
