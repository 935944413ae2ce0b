"""Times that a clock stored, and how much later than now each kind may be."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple


class Bound(NamedTuple):
    """One kind of stored time. `needs_witness`: taking it back may cost something or lose something."""

    kind: str
    what: str  # for people, in the plural
    longest: timedelta
    needs_witness: bool = False


class LateTimes(NamedTuple):
    """Stored times of one kind that are later than they can be."""

    kind: str
    what: str
    number: int
    newest: str
    needs_witness: bool


_CLOCKS = timedelta(minutes=5)  # between two clocks that are kept right
_DAYS = timedelta(days=2)  # a clock a day back must not find what was bought "tomorrow" unbought
_TICK = timedelta(minutes=15)  # what is ranked is ranked as of the end of its quarter of an hour
LONGEST_HOLD = timedelta(days=366)  # of restored rows
BOUNDS = (
    Bound("back_off", "pauses of a failing channel", timedelta(hours=1) + _CLOCKS),
    Bound("pause", "pauses a channel asked for", timedelta(days=1)),
    Bound("attempt", "next attempts of alerts", timedelta(days=1)),
    Bound("lease", "claims on alerts", timedelta(minutes=10)),
    Bound("send", "messages counted against a channel's pace", timedelta(minutes=1)),
    Bound("notice", "notices", _CLOCKS),
    Bound("count", "hourly counts of queries", _DAYS, needs_witness=True),
    Bound("streak", "failure streaks of jobs", _CLOCKS),
    Bound("schedule", "times since which a schedule holds", _CLOCKS),
    Bound("incident", "incidents", _CLOCKS),
    Bound("call", "minutes of calls to services", _CLOCKS),
    Bound("spend", "days of spending", _DAYS, needs_witness=True),
    Bound("reservation", "days of reserved spending", _DAYS, needs_witness=True),
    Bound("billed", "days of posts paid for", _DAYS, needs_witness=True),
    Bound("trend", "times of trends", _TICK + _CLOCKS, needs_witness=True),
    Bound("memory", "times of the ranking's memory", _DAYS, needs_witness=True),
    Bound("hold", "times until which restored rows stay", LONGEST_HOLD, needs_witness=True),
)
