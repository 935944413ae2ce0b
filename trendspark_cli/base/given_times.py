"""Times that people give on the command line."""

from __future__ import annotations

from datetime import datetime

from trendspark_cli.base.clock import from_epoch, from_text, parse_duration
from trendspark_cli.base.errors import UsageError


def day_or_time(option: str, text: str) -> datetime | None:
    """Return a day or time (UTC), None when nothing was given; raise UsageError for anything else."""
    try:
        return _time(text) if text else None
    except ValueError as error:
        raise UsageError(f"{option} {text!r}: expected a day or time such as 2026-11-01") from error


def time_or_age(option: str, text: str, now: datetime) -> datetime | None:
    """Return a time (UTC), or a duration before *now*; None when nothing was given; else raise UsageError."""
    if not text:
        return None
    for read in (_time, lambda written: now - parse_duration(written)):
        try:
            return read(text)
        except ValueError:
            continue
    raise UsageError(f"{option} {text!r}: expected a time such as 2026-11-01T12:00 (UTC), or an age such as 6h or 2d")


def span(since: str, until: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return what `--since` and `--until` say; raise UsageError when nothing lies between them."""
    begins, ends = time_or_age("--since", since, now), time_or_age("--until", until, now)
    if begins and ends and begins >= ends:
        raise UsageError(f"--since {since!r}: expected a time before --until {until!r}")
    return begins, ends


def _time(text: str) -> datetime:
    """Return a time from 1970 on, so that a while can be taken from it; raise ValueError for anything else."""
    try:
        moment = from_text(text)
    except OverflowError as error:
        raise ValueError(f"{text!r} is beyond the calendar") from error
    if moment < from_epoch(0):
        raise ValueError(f"{text!r} is before 1970")
    return moment
