"""When lines of a crontab are due, by the machine's local time and cron's own rules for its changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from heapq import merge
from itertools import pairwise, takewhile
from pathlib import Path

from trendspark_cli.base.regular_files import open_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cronsim import CronSim

EACH_MINUTE = "* * * * *"
LOCAL_TIME = Path("/etc/localtime")
_SPANS = (timedelta(minutes=5), timedelta(hours=2), timedelta(days=1), timedelta(days=8), timedelta(days=800))
_DAYS_SEEN, _MOST_DAYS = 70, 800  # enough for the longest pause of weekly and monthly lines; of yearly ones, too


def machine_zone(path: Path = LOCAL_TIME) -> tzinfo:
    """Return the time zone cron goes by: the machine's, whatever TZ says in this process; UTC without one."""
    from zoneinfo import ZoneInfo

    try:
        with open_regular(path) as stream:
            return ZoneInfo.from_file(stream, key=str(path))
    except (OSError, ValueError):
        return UTC


def _minutely(after: datetime) -> Iterator[datetime]:
    """Yield each minute: a day of them would take the simulation long, and local time changes nothing."""
    moment = after.astimezone(UTC).replace(second=0, microsecond=0)
    while True:
        moment += timedelta(minutes=1)
        yield moment


def moments(schedules: Sequence[str], zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """Yield, in UTC and in order, each moment after *after* at which one of these lines is due."""
    latest: datetime | None = None
    for moment in merge(*[_each(schedule, zone, after) for schedule in schedules]):
        if moment != latest:
            yield moment
        latest = moment


def moments_between(schedules: Sequence[str], zone: tzinfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the moments after *after*, up to and including *until*."""
    return takewhile(lambda moment: moment <= until, moments(schedules, zone, after))


def last_moment(schedules: Sequence[str], zone: tzinfo, before: datetime) -> datetime | None:
    """Return the last moment up to and including *before*, or None when there is none in sight."""
    last = None
    for span in _SPANS:  # forward, as cron goes: only so are the hours of a clock change right
        for moment in moments_between(schedules, zone, before - span, before):
            last = moment
        if last is not None:
            return last
    return None


def intervals(schedules: Sequence[str]) -> tuple[timedelta, timedelta]:
    """Return the shortest and longest time between two runs, without clock changes; zeros for a line that never runs.

    Two lines that are due at the same minute are a shortest time of zero.
    """
    if list(schedules) == [EACH_MINUTE]:
        return timedelta(minutes=1), timedelta(minutes=1)
    start = datetime(2026, 1, 1)
    lines = [line for schedule in schedules if (line := _simulation(schedule, start)) is not None]
    minutes = [sorted(60 * hour + minute for hour in line.hours for minute in line.minutes) for line in lines]
    days: dict[tuple[bool, ...], tuple[int, int]] = {}  # which lines are due on a day -> its first and last minute
    found: set[int] = set()
    last: int | None = None
    seen = 0
    for number in range(_MOST_DAYS):
        day = (start + timedelta(days=number)).date()
        active = tuple(_is_on(line, day) for line in lines)
        if not any(active):
            continue
        if active not in days:
            due = sorted(minute for on, of_line in zip(active, minutes, strict=True) if on for minute in of_line)
            days[active] = due[0], due[-1]
            found |= {later - earlier for earlier, later in pairwise(due)}
        first, end = days[active]
        if last is not None:
            found.add(number * 1440 + first - last)
        last = number * 1440 + end
        seen += 1
        if seen == _DAYS_SEEN:
            break
    shortest, longest = (min(found), max(found)) if found else (0, 0)
    return timedelta(minutes=shortest), timedelta(minutes=longest)


def _is_on(line: CronSim, day: date) -> bool:
    return day.month in line.months and line.match_day(day)


def _each(schedule: str, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    if schedule == EACH_MINUTE:
        yield from _minutely(after)
    for moment in _simulation(schedule, after.astimezone(zone)) or ():
        as_utc = moment.astimezone(UTC)
        if as_utc > after:
            yield as_utc


def _simulation(schedule: str, start: datetime) -> CronSim | None:
    """Return the moments of a line, or None for 31 February."""
    from cronsim import CronSim, CronSimError

    try:
        return CronSim(schedule, start)
    except CronSimError:
        return None
