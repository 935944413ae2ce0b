"""The trends `rank` would have opened on past posts, under one set of rules or several: what `backtest` sums up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from trendspark_cli.archiving.parts import Progress
from trendspark_cli.backtests.past_counters import Watched
from trendspark_cli.backtests.volume_simulation import FiredVolume, VolumeSimulation
from trendspark_cli.base.clock import from_epoch
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.given_times import day_or_time
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import read_profiles
from trendspark_cli.base.settings import Settings
from trendspark_cli.ranking.baseline.history import WARM_UP_TICKS
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.past.post_replay import PastPost, PostReplay
from trendspark_cli.ranking.past.post_simulation import FiredPost, PostSimulation
from trendspark_cli.ranking.past.replay import Replay, ReplayPost, ticks_of
from trendspark_cli.ranking.past.simulation import Fired, TrendSimulation, matters
from trendspark_cli.ranking.posts.forecast import LEAST_MATURED
from trendspark_cli.trends.rank_rules import Experience, changed_rules
from trendspark_cli.trends.watched_volumes import LookedFor

HISTORY = timedelta(days=14)  # read before the time that counts: of what is older, less than a tenth would be left
RUN_IN_TICKS = TICKS_PER_DAY  # ranked before that time too: a trend that goes on then is no news


class PastExport(NamedTuple):
    """A folder for what would have trended, and the form of its tables."""

    folder: Path
    form: Literal["csv", "parquet"]


@dataclass(frozen=True)
class Question:
    """What is asked on the command line: a time, `NAME=VALUE` for the rules of one run or of two, files to be made."""

    since: str = ""
    until: str = ""
    settings: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    export: PastExport | None = None

    def plan(self, settings: Settings, learnt: Experience, *, are_posts_forecast: bool = True) -> SimulationPlan:
        """Return what is to be done; raise UsageError when it makes no sense."""
        changes = {"--set": self.settings}
        if self.compared:
            changes["--compare"] = (*self.settings, *self.compared)
        rules = [
            changed_rules(settings, learnt, asked, option, are_posts_forecast=are_posts_forecast)
            for option, asked in changes.items()
        ]
        if self.export is not None and self.compared:
            raise UsageError("--export: expected without --compare; what is written is of one set of rules")
        since, until = day_or_time("--since", self.since), day_or_time("--until", self.until)
        if since and until and since >= until:
            raise UsageError(f"--since {self.since!r} is not before --until {self.until!r}")
        profiles = tuple(read_profiles(settings, learnt.profiles))
        return SimulationPlan(since, until, tuple(rules), profiles, self.export)


@dataclass(frozen=True)
class SimulationPlan:
    """A question as times and rules; `profiles`: those whose keywords' volume is watched."""

    since: datetime | None
    until: datetime | None
    rules: tuple[LifecycleRules, ...]
    profiles: tuple[Profile, ...] = ()
    export: PastExport | None = None

    @property
    def read_from(self) -> datetime:
        """Return from when on posts are needed: those before `since` are history."""
        return from_epoch(0) if self.since is None else self.since - HISTORY


@dataclass
class Day:
    """One UTC day: its posts, the best score of any tick, and how many trends each set of rules opened.

    `fired` counts all of them, `fired_posts` those that are single posts, `fired_volumes` those of volume.
    """

    posts: int = 0
    best_score: float = 0.0
    fired: list[int] = field(default_factory=list)
    fired_posts: list[int] = field(default_factory=list)
    fired_volumes: list[int] = field(default_factory=list)

    @property
    def counts(self) -> tuple[list[int], list[int], list[int]]:
        """Return all that is counted by set of rules."""
        return self.fired, self.fired_posts, self.fired_volumes


@dataclass(frozen=True)
class Forecasts:
    """What forecasts rested on: posts with counters, and how many of each source had matured (fading) in the end."""

    posts: int
    matured: Mapping[str, float]

    @property
    def are_ready(self) -> bool:
        """Tell whether any source could be forecast."""
        return any(posts >= LEAST_MATURED for posts in self.matured.values())


@dataclass(frozen=True)
class Edges:
    """What one set of rules has at both ends of the time that counts: what a slice is joined to its neighbours by.

    `before`: topics opened before it, while it was run in, `posts_before`: single posts. `living`: which of these
    topics and of those that count (numbered on from them) are open at its end, or closed within the cooldown.
    """

    before: tuple[Fired, ...]
    posts_before: tuple[FiredPost, ...]
    living: frozenset[int]


@dataclass(frozen=True)
class Outcome:
    """What a simulation gave. `since` and `until` (epoch seconds) bound the time that counts; `posts` are its posts.

    `fired[n]`: the topics `rules[n]` would have opened, in order; `fired_posts[n]`: the single posts;
    `fired_volumes[n]`: the trends of volume, where keywords are looked for. `days`: by date.
    `forecasts` is None where counters were not asked for. `slices`: since, until and posts of each, where it was cut.
    """

    since: int
    until: int
    posts: int
    rules: tuple[LifecycleRules, ...]
    fired: tuple[tuple[Fired, ...], ...]
    fired_posts: tuple[tuple[FiredPost, ...], ...]
    forecasts: Forecasts | None
    days: dict[str, Day]
    edges: tuple[Edges, ...] = ()
    slices: tuple[tuple[int, int, int], ...] = ()
    fired_volumes: tuple[tuple[FiredVolume, ...], ...] = ()

    @property
    def length(self) -> timedelta:
        """Return how much time counts."""
        return timedelta(seconds=max(0, self.until - self.since))

    def per_day(self, number: int) -> float:
        """Return alerts a day under one set of rules; 0 when no time counts."""
        days = self.length / timedelta(days=1)
        return self.count(number) / days if days else 0.0

    def count(self, number: int) -> int:
        """Return how many trends one set of rules opens."""
        return len(self.fired[number]) + len(self.fired_posts[number]) + len(self.volumes(number))

    def volumes(self, number: int) -> tuple[FiredVolume, ...]:
        """Return the trends of volume that one set of rules opens."""
        return self.fired_volumes[number] if self.fired_volumes else ()


class _Stage:
    """One set of rules, and what it opens."""

    def __init__(
        self, rules: LifecycleRules, watched: Watched | None, looked_for: LookedFor | None, *, has_lives: bool
    ) -> None:
        self.topics = TrendSimulation(rules, keeps_lives=has_lives)
        self.volumes = VolumeSimulation(rules, looked_for)
        self.posts = PostSimulation(rules, watched.name_and_text) if watched is not None else None

    def edges(self, counting: datetime) -> Edges:
        """Return what there was when the time that counts began, and what is left now."""
        topics, posts = self.topics.fired.values(), self.posts.fired.values() if self.posts is not None else ()
        return Edges(
            tuple(one for one in topics if one.trend.opened_at <= counting),
            tuple(one for one in posts if one.trend.opened_at <= counting),
            frozenset(number - 1 for number in self.topics.living),
        )


class _ObservedPosts:
    """Posts with counters, watched beside the topics; without any, nothing happens."""

    def __init__(self, watched: Watched | None, counted_from: int = 0) -> None:
        self.replayed = PostReplay()
        self.posts = 0
        self._counted_from = counted_from
        self._coming = iter(watched.posts if watched is not None else ())
        self._next = next(self._coming, None)

    def advance(self, now: int, *, is_judging: bool) -> None:
        """Watch those created before *now* too, and judge what is news."""
        created: list[PastPost] = []
        while self._next is not None and self._next.row.created_at < now:
            created.append(self._next)
            self._next = next(self._coming, None)
        self.posts += sum(bool(post.observations) for post in created if post.row.created_at >= self._counted_from)
        self.replayed.advance(now, created, is_judging=is_judging)


def simulate(
    posts: Iterable[ReplayPost],
    rules: Sequence[LifecycleRules],
    since: datetime | None,
    progress: Progress,
    watched: Watched | None = None,
    counted_from: int = 0,
    *,
    looked_for: LookedFor | None = None,
    has_lives: bool = False,
) -> Outcome:
    """Rank past posts, oldest first, under each set of rules at once; what opens after *since* counts.

    It counts at the earliest a day after the first post: before that, `rank` would have been warming up.
    `counted_from` (epoch seconds): older posts with counters are another slice's to count. `looked_for`: whose
    volume is watched. `has_lives`: of each topic, its curve, end and examples are wanted too.
    """
    observations = _ObservedPosts(watched, counted_from)
    replayed = Replay(learns=any(map(matters, rules)))
    stages = [_Stage(one, watched, looked_for, has_lives=has_lives) for one in rules]
    days: dict[str, Day] = {}
    begin = end = counted = 0
    for tick, batch in _all_ticks(posts, observations):
        if not end:
            begin = max((tick + WARM_UP_TICKS) * TICK_SECONDS, int(since.timestamp()) if since else 0)
        is_judging = tick >= tick_of(begin) - RUN_IN_TICKS
        end = (tick + 1) * TICK_SECONDS
        replayed.advance(tick, batch)
        observations.advance(end, is_judging=is_judging)
        progress.advance("posts", len(batch))
        rows = [post.row for post in batch]
        volumes = [stage.volumes.advance(end, rows, is_judging=is_judging) for stage in stages]
        if not is_judging:
            continue
        day = Day(0, 0.0, *([0] * len(stages) for _ in range(3)))
        if end > begin:
            day = days.setdefault(_date(tick), day)
            counted += len(batch)
        _end_tick(replayed, observations.replayed, tick, stages, day)
        for number, opened in enumerate(volumes):
            day.fired[number] += opened
            day.fired_volumes[number] += opened
        day.posts += len(batch)
    counting = from_epoch(begin)
    matured = {name: memory.forecaster.matured for name, memory in observations.replayed.memories.items()}
    return Outcome(
        begin,
        end,
        counted,
        tuple(rules),
        tuple(tuple(one for one in stage.topics.fired.values() if one.trend.opened_at > counting) for stage in stages),
        tuple(tuple(one for one in _fired_posts(stage) if one.trend.opened_at > counting) for stage in stages),
        Forecasts(observations.posts, matured) if watched is not None else None,
        days,
        tuple(stage.edges(counting) for stage in stages),
        fired_volumes=tuple(
            tuple(one for one in stage.volumes.fired.values() if one.trend.opened_at > counting) for stage in stages
        ),
    )


def _all_ticks(posts: Iterable[ReplayPost], observations: _ObservedPosts) -> Iterator[tuple[int, list[ReplayPost]]]:
    """Yield every tick with its posts, and those after the last post that still have observations."""
    tick = 0
    for tick, batch in ticks_of(posts):
        yield tick, batch
    while observations.replayed.has_news_to_come:
        tick += 1
        yield tick, []


def _end_tick(replayed: Replay, observations: PostReplay, tick: int, stages: Sequence[_Stage], day: Day) -> None:
    """Let every set of rules see the end of a tick."""
    for number, stage in enumerate(stages):
        topics = stage.topics.topics(replayed, tick)
        day.best_score = max([day.best_score, *(topic.score for topic in topics)])
        day.fired[number] += stage.topics.advance(replayed, tick, topics)
        if stage.posts is not None:
            opened = stage.posts.advance(observations, (tick + 1) * TICK_SECONDS)
            day.fired[number] += opened
            day.fired_posts[number] += opened


def _fired_posts(stage: _Stage) -> Iterable[FiredPost]:
    return stage.posts.fired.values() if stage.posts is not None else ()


def date_of_opening(opened_at: datetime) -> str:
    """Return the day on which an opening is counted: that of the tick at whose end it is."""
    return _date(tick_of(int(opened_at.timestamp())) - 1)


def _date(tick: int) -> str:
    return f"{from_epoch(tick * TICK_SECONDS):%Y-%m-%d}"
