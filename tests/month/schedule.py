"""When jobs are due in a simulated month, which hours are bad ones, and when people have something to tell."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.month.faults import KINDS
from tests.month.world import Story

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DAILY = {(3, 20): "archive", (4, 40): "vacuum", (10, 10): "brief"}  # by local time
ARCHIVES_AFTER = 10 * MINUTE  # in each bad hour once more
CALM_DAYS = 1.5  # at the end: what is left behind is caught up with
FIRST_STORY = timedelta(hours=30)  # before, ranking knows too little to call anything unusual
TERMS = (  # noqa: SIM905
    "zorblatt quenching mirvane ostrella fendrick gralloch tivander pelmoor hurskell vantrice borlique dessamine "
    "yarrowgate kelvistan mordrake umberline sorrenfell jaskier lintheon wexmoor abrigant noctuell pruvian calderoth "
    "ferrowyn talismere quorndale"
).split()


@dataclass(frozen=True)
class BadHour:
    """An hour, or less, in which something is wrong."""

    kind: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Plan:
    """What happens when. `is_full`: as often as crontab.example has it, also when nothing is wrong.

    `is_calm`: nothing is wrong and nobody kills, and jobs run each quarter of an hour.
    """

    start: datetime
    days: float
    bad_hours: Sequence[BadHour]
    stories: Sequence[Story]
    is_full: bool
    seed: int
    is_calm: bool = False

    @property
    def end(self) -> datetime:
        """When it is over."""
        return self.start + timedelta(days=self.days)

    def minutes(self) -> Iterator[datetime]:
        """Yield each minute of it."""
        for number in range(round(self.days * DAY / MINUTE)):
            yield self.start + number * MINUTE

    def bad_hour(self, moment: datetime) -> BadHour | None:
        """Return what is wrong then."""
        return next((hour for hour in self.bad_hours if hour.start <= moment < hour.end), None)

    def due(self, moment: datetime) -> list[str]:
        """Return the jobs that are due, in the order in which cron would start them."""
        local = moment.astimezone(ZoneInfo(zone_at(moment)))
        bad = self.bad_hour(moment)
        is_full = self.is_full or bad is not None
        step = 15 if is_full or self.is_calm else 30
        jobs = ["ingest"] if moment.minute % step == 0 else []
        jobs += ["rank"] if moment.minute % step == 5 else []
        jobs += ["deliver"] if self.is_full or (bad is not None and moment.minute % 5 == 2) else []  # and after `rank`
        # A local time comes twice when clocks go back; cron's own rules are for proofs with the real cron.
        jobs += [job for time, job in DAILY.items() if time == (local.hour, local.minute) and not local.fold]
        if bad is not None and moment - bad.start == ARCHIVES_AFTER:
            jobs.append("archive")  # which is where most can go wrong
        return jobs


def zone_at(moment: datetime) -> str:
    """Return local time then: the machine moves in mid-October, so that a month has a change of either kind.

    In Sydney an hour is left out on the 4th, in Berlin one comes twice on the 25th.
    """
    return "Australia/Sydney" if (moment.month, moment.day) < (10, 14) else "Europe/Berlin"


def month(start: datetime, days: float, seed: int, *, is_full: bool) -> Plan:
    """Plan a month: two bad hours a day, one of them when `archive` runs; a story on each third day."""
    dice = random.Random(seed)
    kinds = _for_ever(KINDS, dice)
    hours = []
    for day in range(1, int(days - CALM_DAYS)):
        begin = start + day * DAY
        zone = ZoneInfo(zone_at(begin))
        archives = (begin.astimezone(zone) + DAY).replace(hour=3, minute=0)
        for first in (archives.astimezone(start.tzinfo), begin + dice.randint(19, 22) * HOUR):
            hours.append(BadHour(next(kinds), first, first + HOUR))
    stories = [
        Story(term, start + n * 2 * DAY + FIRST_STORY + dice.uniform(7, 8) * HOUR) for n, term in enumerate(TERMS)
    ]
    kept = tuple(story for story in stories if story.moment < start + timedelta(days=days) - 8 * HOUR)
    return Plan(start, days, tuple(sorted(hours, key=lambda hour: hour.start)), kept, is_full, seed)


def short_month(start: datetime, seed: int) -> Plan:
    """Plan a day and a half in which each kind of thing goes wrong once, for half an hour."""
    dice = random.Random(seed)
    kinds = list(KINDS)
    dice.shuffle(kinds)
    first = start + 2 * HOUR
    hours = [
        BadHour(kind, first + n * 80 * MINUTE, first + n * 80 * MINUTE + 30 * MINUTE) for n, kind in enumerate(kinds)
    ]
    story = Story(TERMS[seed % len(TERMS)], start + timedelta(hours=32))
    return Plan(start, 1.5, tuple(hours), (story,), False, seed)


def calm(plan: Plan) -> Plan:
    """Return the same time with nothing wrong in it, and 96 runs of `ingest` and of `rank` a day."""
    return replace(plan, bad_hours=(), is_calm=True)


def _for_ever(kinds: Sequence[str], dice: random.Random) -> Iterator[str]:
    while True:
        round_ = list(kinds)
        dice.shuffle(round_)
        yield from round_
