"""What `rank` would have told of past posts, under one set of rules or several: what `backtest` sums up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trendspark_cli.archiving.parts import Progress
from trendspark_cli.clock import from_epoch
from trendspark_cli.errors import UsageError
from trendspark_cli.given_times import day_or_time
from trendspark_cli.rank_rules import Experience, changed_rules
from trendspark_cli.ranking.history import WARM_UP_TICKS
from trendspark_cli.ranking.lifecycle import LifecycleRules
from trendspark_cli.ranking.rehearsal import Fired, Rehearsal
from trendspark_cli.ranking.replay import Replay, ReplayPost, ticks_of
from trendspark_cli.ranking.ticks import TICK_SECONDS, TICKS_PER_DAY, tick_of
from trendspark_cli.settings import Settings

HISTORY = timedelta(days=14)  # read before the time that counts: of what is older, less than a tenth would be left
SETTLING_TICKS = TICKS_PER_DAY  # looked at before that time too: a trend that goes on then is no news


@dataclass(frozen=True)
class Question:
    """What is asked on the command line: a time, and `NAME=VALUE` for the rules of one run or of two."""

    since: str = ""
    until: str = ""
    settings: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()

    def plan(self, settings: Settings, learnt: Experience) -> Plan:
        """Return what is to be done; raise UsageError when it makes no sense."""
        rules = [changed_rules(settings, learnt, self.settings, "--set")]
        if self.compared:
            rules.append(changed_rules(settings, learnt, (*self.settings, *self.compared), "--compare"))
        since, until = day_or_time("--since", self.since), day_or_time("--until", self.until)
        if since and until and since >= until:
            raise UsageError(f"--since {self.since!r} is not before --until {self.until!r}")
        return Plan(since, until, tuple(rules))


@dataclass(frozen=True)
class Plan:
    """A question as times and rules."""

    since: datetime | None
    until: datetime | None
    rules: tuple[LifecycleRules, ...]

    @property
    def read_from(self) -> datetime:
        """Return from when on posts are needed: those before `since` are history."""
        return from_epoch(0) if self.since is None else self.since - HISTORY


@dataclass
class Day:
    """One UTC day: its posts, the best score of any tick, and how many trends each set of rules opened."""

    posts: int = 0
    best_score: float = 0.0
    fired: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What came of it. `since` and `until` (epoch seconds) bound the time in which alerts count; `posts` are its posts.

    `fired[n]`: what `rules[n]` would have opened, in order. `days`: by date.
    """

    since: int
    until: int
    posts: int
    rules: tuple[LifecycleRules, ...]
    fired: tuple[tuple[Fired, ...], ...]
    days: dict[str, Day]

    @property
    def length(self) -> timedelta:
        """Return how much time counts."""
        return timedelta(seconds=max(0, self.until - self.since))

    def per_day(self, number: int) -> float:
        """Return alerts a day under one set of rules; 0 when no time counts."""
        days = self.length / timedelta(days=1)
        return len(self.fired[number]) / days if days else 0.0


def rehearse(
    posts: Iterable[ReplayPost], rules: Sequence[LifecycleRules], since: datetime | None, progress: Progress
) -> Outcome:
    """Rank past posts, oldest first, under each set of rules at once; what opens after *since* counts.

    It counts at the earliest a day after the first post: before that, `rank` would have been warming up.
    """
    replayed, stages = Replay(), [Rehearsal(one) for one in rules]
    days: dict[str, Day] = {}
    begin = end = counted = 0
    for tick, batch in ticks_of(posts):
        if not end:
            begin = max((tick + WARM_UP_TICKS) * TICK_SECONDS, int(since.timestamp()) if since else 0)
        replayed.advance(tick, batch)
        progress.advance("posts", len(batch))
        end = (tick + 1) * TICK_SECONDS
        if tick < tick_of(begin) - SETTLING_TICKS:
            continue
        day = Day(fired=[0] * len(stages))
        if end > begin:
            day = days.setdefault(_date(tick), day)
            counted += len(batch)
        _look(replayed, tick, stages, day)
        day.posts += len(batch)
    fired = tuple(tuple(one for one in stage.fired.values() if one.at > begin) for stage in stages)
    return Outcome(begin, end, counted, tuple(rules), fired, days)


def _look(replayed: Replay, tick: int, stages: Sequence[Rehearsal], day: Day) -> None:
    """Let every set of rules see the end of a tick."""
    for number, stage in enumerate(stages):
        topics = stage.topics(replayed, tick)
        day.best_score = max([day.best_score, *(topic.score for topic in topics)])
        day.fired[number] += stage.advance(replayed, tick, topics)


def _date(tick: int) -> str:
    return f"{from_epoch(tick * TICK_SECONDS):%Y-%m-%d}"
