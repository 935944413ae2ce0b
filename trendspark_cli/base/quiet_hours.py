"""Hours of the day in which nobody is to be disturbed, in the time zone of those who sleep."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

_SPAN = r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)"
_A_DAY = timedelta(days=1)
_EXACT = timedelta(seconds=1)


class QuietSpan(NamedTuple):
    """From the first moment in which it is quiet to the first in which it is not, both UTC."""

    begins: datetime
    ends: datetime


class QuietHours(NamedTuple):
    """From one time of day to another, over midnight when the second is the earlier one.

    They begin the first time that a clock on the wall shows the one, and end the last time that it shows the other; a
    time that it skips is the moment at which it jumps.
    """

    begin: time
    end: time

    def last_span(self, now: datetime, zone: tzinfo) -> QuietSpan:
        """Return the span in which *now* lies, or the last one before it."""
        today = now.astimezone(zone).date()
        spans = (self._span(today + days * _A_DAY, zone) for days in (1, 0, -1, -2))
        return next(span for span in spans if span.begins <= now)

    def _span(self, day: date, zone: tzinfo) -> QuietSpan:
        last_day = day if self.end > self.begin else day + _A_DAY
        return QuietSpan(
            _moment(datetime.combine(day, self.begin), zone, is_last=False),
            _moment(datetime.combine(last_day, self.end), zone, is_last=True),
        )


def quiet_hours(text: str) -> QuietHours | None:
    """Read `22:00-07:00`; None when nothing is written. Raises ValueError for anything else."""
    if not text.strip():
        return None
    match = re.fullmatch(_SPAN, text.strip())
    if match is None or match.group(1, 2) == match.group(3, 4):
        raise ValueError(text)
    return QuietHours(time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4])))


def _moment(wall: datetime, zone: tzinfo, *, is_last: bool) -> datetime:
    """Return when a clock on the wall shows a time, the first or the last time; or when it jumps over it."""
    found = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    earlier, later = min(found), max(found)
    if later.astimezone(zone).replace(tzinfo=None) == wall:
        return later if is_last else earlier
    before = earlier.astimezone(zone).utcoffset()
    while later - earlier > _EXACT:
        middle = earlier + (later - earlier) / 2
        if middle.astimezone(zone).utcoffset() == before:
            earlier = middle
        else:
            later = middle
    return later.replace(microsecond=0)
