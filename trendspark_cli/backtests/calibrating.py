"""`calibrate`: the threshold that gives a stated number of false alarms a day on an operator's own posts."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from trendspark_cli.archiving.parts import Progress
from trendspark_cli.backtests.past_posts import POSTS_PER_READ, Past, PastPosts
from trendspark_cli.backtests.simulating import Outcome, simulate
from trendspark_cli.base.clock import Clock, from_text, to_text
from trendspark_cli.base.errors import TooLittleDataError
from trendspark_cli.base.settings import Settings
from trendspark_cli.ranking.baseline.ticks import TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.bursts.thresholds import Alarm, strongest, threshold_for
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.past.calibration import FalseAlarms, shuffled
from trendspark_cli.ranking.past.replay import ReplayPost, ticks_of
from trendspark_cli.ranking.text.keys import Integers
from trendspark_cli.store.rows.trends import Calibration, TrendVerdict
from trendspark_cli.trends.rank_rules import NOISE, Experience, lifecycle_rules

LEAST_DAYS = 7
LEAST_POSTS = 1_000
LEAST_EPISODES = 2.0  # that are to be expected: a rate of fewer cannot be distinguished from none
WANTED_EPISODES = 20.0  # then the rate is known to about a third
MOST_SHUFFLES = 10
UNUSED = 1 / 4  # of the days of a shuffle, at its start: history is still thin then
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wish:
    """What is asked for. `shuffles` is None for as many as the wanted rate needs; `time_limit` ends it early, but for
    slices, whose answer must not go by how long it takes.
    """

    days: int
    seed: int
    shuffles: int | None
    time_limit: timedelta


@dataclass(frozen=True)
class Span:
    """The time to calibrate on."""

    since: datetime
    until: datetime

    @property
    def days(self) -> int:
        """Return its whole days."""
        return (self.until - self.since) // DAY

    @classmethod
    def ending(cls, until: datetime, days: int, first_post: int) -> Span:
        """Return the last whole days, at most so many, that lie behind the first post (epoch seconds)."""
        # The first hour of a first day is rarely whole, and a history of seven days is one although it lacks a minute.
        whole = min(days, (int(until.timestamp()) - first_post + 3600) // 86400)
        return cls(until - whole * DAY, until)


@dataclass(frozen=True)
class History(Span):
    """The posts to calibrate on: their ids, times (epoch seconds) and source numbers, oldest first."""

    ids: Integers
    created: Integers
    sources: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Calibrated:
    """A calibration, and what the rules before it and after it would have opened of the posts as they were."""

    calibration: Calibration
    was_cut_short: bool
    noise: int
    outcome: Outcome


def calibrate(
    past: Past, settings: Settings, learnt: Experience, wish: Wish, clock: Clock, progress: Progress
) -> Calibrated:
    """Return the threshold for ALERT_FALSE_ALARMS_PER_DAY; nothing is stored.

    Raises TooLittleDataError when there are less than seven days, too few posts, or too few days for the rate.
    """
    now, wanted = clock(), settings.alert_false_alarms_per_day
    history = read_history(past, wish.days)
    unused = unused_days(history.days)
    shuffles = wish.shuffles or shuffles_for(wanted, history.days - unused)
    if not history.ids.size and past.newest is not None:
        raise TooLittleDataError(
            f"there is no post of the last {wish.days} days; newest {to_text(past.newest)[:10]}",
            hint="calibrating takes posts of the last days; for past posts: `trendspark backtest`",
        )
    require_enough(history, history.ids.size, wanted * shuffles * (history.days - unused), wanted, now)
    progress.begin("posts", (shuffles + 1) * history.ids.size)
    found = FalseAlarms()
    first = tick_of(int(history.since.timestamp())) + unused * TICKS_PER_DAY
    until = now + wish.time_limit
    done = 0
    for number in range(shuffles):
        if not rank_shuffle(past.posts, history, wish.seed + number, first, found, progress, lambda: clock() < until):
            break
        done += 1
    if not found.days:
        raise TooLittleDataError(
            "the time limit ended the first shuffle before a day of it counted", hint="give a longer --time-limit"
        )
    noise = noise_of(past.verdicts(history.since), history)
    calibration = calibration_of(
        found.peaks,
        noise,
        made_at=to_text(now),
        since=to_text(history.since),
        until=to_text(history.until),
        posts=history.ids.size,
        shuffles=shuffles if done == shuffles else done + 1,
        seed=wish.seed,
        days=found.days,
        wanted_per_day=wanted,
    )
    rules = rules_before_and_after(settings, learnt, calibration)
    outcome = simulate(past.posts.between(history.since, history.until), rules, None, progress)
    return Calibrated(calibration, done < shuffles, len(noise), outcome)


def calibration_of(peaks: Sequence[float], noise: Sequence[Alarm], *, days: float, **made: Any) -> Calibration:
    """Return a calibration by the false alarms of so many days without any story, and by what was marked as noise."""
    alarms = strongest([*((peak, 1.0 / days) for peak in peaks), *noise])
    threshold = threshold_for(alarms, made["wanted_per_day"])
    return Calibration(**made, days=days, episodes=len(peaks), alarms=tuple(alarms), threshold=threshold)


def rules_before_and_after(settings: Settings, learnt: Experience, made: Calibration) -> tuple[LifecycleRules, ...]:
    """Return the rules without a calibration and with it."""
    return tuple(lifecycle_rules(settings, learnt._replace(calibration=one)) for one in (learnt.calibration, made))


def read_history(past: Past, days: int) -> History:
    """Return the posts of the last whole days, at most so many, that lie behind the first post."""
    until = past.until.replace(minute=0, second=0, microsecond=0)
    read = history_between(past.posts, until - timedelta(days=days), until)
    if not read.ids.size:
        return replace(read, since=until)
    since = Span.ending(until, days, int(read.created[0])).since
    first = int(np.searchsorted(read.created, int(since.timestamp())))
    return History(since, until, read.ids[first:], read.created[first:], read.sources[first:])


def history_between(posts: PastPosts, since: datetime, until: datetime) -> History:
    """Return the posts created in [since, until)."""
    numbers: dict[str, int] = {}
    ids, created, sources = array("q"), array("q"), array("i")  # lists would take five times as much
    for post in posts.between(since, until):
        ids.append(post.row.id)
        created.append(post.row.created_at)
        sources.append(numbers.setdefault(post.row.source, len(numbers)))
    return History(since, until, np.array(ids, np.int64), np.array(created, np.int64), np.array(sources, np.int32))


def require_enough(span: Span, posts: int, expected: float, wanted: float, now: datetime) -> None:
    """Raise TooLittleDataError when the answer would be a guess; *expected* is of false alarms, *wanted* a day."""
    if span.days < LEAST_DAYS:
        again = now + timedelta(days=LEAST_DAYS - span.days)
        raise TooLittleDataError(
            f"the posts reach back {span.days} whole days; calibrating needs {LEAST_DAYS}",
            hint=f"try again on {again:%Y-%m-%d}, or with --archive, where older posts are",
        )
    if posts < LEAST_POSTS:
        raise TooLittleDataError(
            f"there are {posts} posts in {span.days} days; calibrating needs {LEAST_POSTS}",
            hint="follow more keywords or communities, or give it more --days",
        )
    if expected < LEAST_EPISODES:
        raise TooLittleDataError(
            f"{wanted:g} false alarms a day are {expected:.1f} in all shuffles of {span.days} days: "
            "too few to tell the rate",
            hint="give it more --days (--archive reads those that have left), or raise ALERT_FALSE_ALARMS_PER_DAY",
        )


def unused_days(days: int) -> int:
    """Return how many of the first days of a shuffle are history only."""
    return max(2, round(days * UNUSED))


def shuffles_for(wanted: float, counted_days: float) -> int:
    """Return how many shuffles give enough false alarms."""
    in_each = wanted * max(1.0, counted_days)
    return max(3, min(MOST_SHUFFLES, math.ceil(WANTED_EPISODES / in_each))) if in_each else MOST_SHUFFLES


def rank_shuffle(
    past_posts: PastPosts,
    history: History,
    seed: int,
    first: int,
    found: FalseAlarms,
    progress: Progress,
    has_time: Callable[[], bool] = lambda: True,
) -> bool:
    """Rank one shuffle, which counts from the tick *first* on; return False when time was up before its end.

    What it gave until then counts.
    """
    found.begin()
    for tick, posts in ticks_of(_in_other_order(past_posts, history, seed)):
        if not has_time():
            return False
        found.advance(tick, posts, counts=tick >= first)
        progress.advance("posts", len(posts))
    return True


def _in_other_order(posts: PastPosts, history: History, seed: int) -> Iterator[ReplayPost]:
    """Yield the posts at shuffled times; texts are read a few at a time."""
    times = shuffled(history.created, history.sources, seed)
    order = np.lexsort((history.ids, times))
    for start in range(0, order.size, POSTS_PER_READ):
        part = order[start : start + POSTS_PER_READ]
        rows = {row.id: row for row in posts.rows(history.ids[part].tolist())}
        for post_id, at in zip(history.ids[part].tolist(), times[part].tolist(), strict=True):
            if post_id in rows:  # it may have been archived or forgotten meanwhile
                yield ReplayPost(str(post_id), rows[post_id]._replace(created_at=at))


def noise_of(verdicts: Sequence[TrendVerdict], span: Span) -> list[Alarm]:
    """Return the trends of that time that people marked as noise: each was a false alarm that did happen."""
    noise = [verdict for verdict in verdicts if verdict.mark == NOISE]
    of_time = [verdict for verdict in noise if span.since <= from_text(verdict.opened_at) < span.until]
    return [(verdict.score, 1.0 / span.days) for verdict in of_time]
