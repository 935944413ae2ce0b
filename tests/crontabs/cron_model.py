"""Debian's cron, minute by minute: what it starts when local time jumps, as its daemon was seen to do.

It goes by local minutes. A jump forward of up to three hours: lines with a star in minute or hour run for the present
minute, the others for each minute left out, at once. A jump back: only lines with a star, until it has caught up.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from cronsim import CronSim

MINUTE = timedelta(minutes=1)
MOST = 180  # minutes: beyond that, time was set anew


class CronModel:
    """One line under cron."""

    def __init__(self, schedule: str, zone: tzinfo) -> None:
        """Read the line."""
        self._zone = zone
        self._line = CronSim(schedule, datetime(2026, 1, 1))
        minute, hour, *_ = schedule.split()
        self._has_star = minute.startswith("*") or hour.startswith("*")

    def starts(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the minutes (UTC) at which cron starts the line."""
        now, virtual = begin, self._local(begin)
        while (now := now + MINUTE) <= end:
            running = self._local(now)
            jump = (running - virtual) // MINUTE
            if jump == 1:
                virtual = running
                is_started = self._matches(running)
            elif 1 < jump <= MOST and not self._has_star:
                passed = [virtual + n * MINUTE for n in range(1, jump + 1)]
                virtual = running
                is_started = any(map(self._matches, passed))
            else:
                virtual = max(virtual, running)
                is_started = self._has_star and self._matches(running)
            if is_started:
                yield now

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone).replace(tzinfo=None)

    def _matches(self, moment: datetime) -> bool:
        line = self._line
        is_time = moment.minute in line.minutes and moment.hour in line.hours and moment.month in line.months
        return is_time and line.match_day(moment.date())


def utc(text: str) -> datetime:
    """Return a time written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
