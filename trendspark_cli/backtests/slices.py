"""A long time cut into slices that are ranked independently: part of the question, whoever answers it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from trendspark_cli.backtests.simulating import HISTORY, SimulationPlan
from trendspark_cli.base.clock import from_epoch, parse_duration
from trendspark_cli.base.errors import UsageError
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.past.post_replay import LAST_ASKED_SECONDS

NEWS = timedelta(seconds=LAST_ASKED_SECONDS)
SHORTEST, LONGEST = timedelta(days=1), timedelta(days=3660)


class Slice(NamedTuple):
    """One slice: what opens in (since, until] counts, and posts are read from `read_from` on.

    `since` is None for the first one of a question without --since: its first day is warm-up.
    """

    since: datetime | None
    until: datetime
    read_from: datetime


def slice_length(text: str) -> timedelta:
    """Return the length that --slices asks for; raise UsageError when it is none."""
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--slices: {error}") from error
    if not SHORTEST <= length <= LONGEST:
        raise UsageError(f"--slices {text}: expected {SHORTEST.days}d to {LONGEST.days}d")
    return length


def cut(
    plan: SimulationPlan,
    first_post: datetime,
    end: datetime,
    length: timedelta,
    has_posts: Callable[[datetime, datetime], bool],
) -> list[Slice]:
    """Return the slices of a plan from its beginning, or the day of the first post, to *end*.

    They are cut at ends of ticks, so that each tick counts in one of them. Those in which nothing can open are left
    out: they have no posts, and none before them is young enough for news of its counters.
    """
    first_day = first_post.replace(hour=0, minute=0, second=0, microsecond=0)
    start = plan.since or first_day
    aligned = from_epoch(int(start.timestamp()) // TICK_SECONDS * TICK_SECONDS)
    length = timedelta(seconds=int(length.total_seconds()) // TICK_SECONDS * TICK_SECONDS)
    found: list[Slice] = []
    since, is_first = aligned, True
    while since < end:
        until = min(since + length, end)
        if is_first:
            part = Slice(plan.since, until, plan.read_from if plan.since else first_day)
        else:
            part = Slice(since, until, since - HISTORY)
        if has_posts(max(part.read_from, since - NEWS), until):
            found.append(part)
        since, is_first = since + length, False
    return found
