"""The one place that reads the time, and the one written form of a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

Clock = Callable[[], datetime]

LONGEST_SECONDS = 100 * 366 * 86400  # what timers and calendars can take
_zone: tzinfo = UTC  # in which people read times
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


def utc_now() -> datetime:
    """Return the present, aware, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Return *moment* as stored and shown: `2026-11-01T12:00:00.000Z` (UTC, milliseconds)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def show_times_in(zone: tzinfo) -> None:
    """Let people read times in *zone* from now on; what is stored and what scripts read stays UTC."""
    global _zone
    _zone = zone


def local_time(moment: datetime) -> datetime:
    """Return *moment* in the zone in which people read times."""
    return moment.astimezone(_zone)


def hour_text(moment: datetime, *, in_utc: bool = False) -> str:
    """Return the time of day as people read it: `10:24Z`, or `11:24 CET` where TIMEZONE says so.

    *in_utc*: as scripts read it.
    """
    if in_utc:
        return moment.astimezone(UTC).strftime("%H:%MZ")
    return moment.astimezone(_zone).strftime("%H:%M") + _zone_mark(moment)


def date_text(moment: datetime) -> str:
    """Return the day as people read it: `2026-11-01`."""
    return moment.astimezone(_zone).strftime("%Y-%m-%d")


def day_text(moment: datetime) -> str:
    """Return day and time as people read it: `11-01 10:24Z`."""
    return moment.astimezone(_zone).strftime("%m-%d %H:%M") + _zone_mark(moment)


def _zone_mark(moment: datetime) -> str:
    return "Z" if _zone is UTC else f" {moment.astimezone(_zone).tzname()}"


def from_text(text: str) -> datetime:
    """Return the aware UTC time of an ISO 8601 *text*; one without a zone is taken as UTC.

    Raises ValueError when it is no ISO 8601 date and time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def from_epoch(seconds: float) -> datetime:
    """Return the UTC time *seconds* after 1970-01-01."""
    return datetime.fromtimestamp(seconds, UTC)


def parse_duration(text: str) -> timedelta:
    """Return the duration written as `90s`, `15m`, `6h`, `45d`; a bare number is seconds.

    Raises ValueError for anything else, negative values included.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration such as 90s, 15m, 6h or 45d")
    seconds = float(match[1]) * _UNITS[match[2] or "s"]
    if seconds > LONGEST_SECONDS:
        raise ValueError(f"{text!r} is no duration of less than a hundred years")
    return timedelta(seconds=seconds)


def duration_text(duration: timedelta) -> str:
    """Return *duration* in the largest unit that divides it: `48h`, `7d`, `90s`."""
    seconds = round(duration.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"


def duration_words(duration: timedelta) -> str:
    """Return a duration as people say it: `42 min`, `3 h 5 min`."""
    minutes = round(duration.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 2880 else f"{minutes // 1440} d {minutes // 60 % 24} h"
