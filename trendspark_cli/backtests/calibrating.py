"""`calibrate`: the threshold that gives a stated number of false alarms a day on an operator's own posts."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from trendspark_cli.archiving.parts import Progress
from trendspark_cli.backtests.past_posts import POSTS_PER_READ, Past, PastPosts
from trendspark_cli.backtests.simulating import Outcome, simulate
from trendspark_cli.base.clock import Clock, from_text, to_text
from trendspark_cli.base.errors import TooLittleDataError
from trendspark_cli.base.settings import Settings
from trendspark_cli.ranking.baseline.ticks import TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.bursts.thresholds import MOST_ALARMS, Alarm, threshold_for
from trendspark_cli.ranking.past.calibration import FalseAlarms, shuffled
from trendspark_cli.ranking.past.replay import ReplayPost, ticks_of
from trendspark_cli.ranking.text.keys import Integers
from trendspark_cli.store.rows.trends import Calibration
from trendspark_cli.trends.rank_rules import NOISE, Experience, lifecycle_rules

LEAST_DAYS = 7
LEAST_POSTS = 1_000
LEAST_EPISODES = 2.0  # that are to be expected: a rate of fewer cannot be distinguished from none
WANTED_EPISODES = 20.0  # then the rate is known to about a third
MOST_SHUFFLES = 10
UNUSED = 1 / 4  # of the days of a shuffle, at its start: history is still thin then


@dataclass(frozen=True)
class Wish:
    """What is asked for. `shuffles` is None for as many as the wanted rate needs; `time_limit` ends it early."""

    days: int
    seed: int
    shuffles: int | None
    time_limit: timedelta


@dataclass(frozen=True)
class History:
    """The posts to calibrate on: their ids, times (epoch seconds) and source numbers, oldest first."""

    since: datetime
    until: datetime
    ids: Integers
    created: Integers
    sources: npt.NDArray[np.int32]

    @property
    def days(self) -> int:
        """Return its whole days."""
        return (self.until - self.since) // timedelta(days=1)


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
    shuffles = wish.shuffles or _shuffles(history, wanted)
    if not history.ids.size and past.newest is not None:
        raise TooLittleDataError(
            f"there is no post of the last {wish.days} days; newest {to_text(past.newest)[:10]}",
            hint="calibrating takes posts of the last days; for past posts: `trendspark backtest`",
        )
    _require(history, shuffles, wanted, now)
    progress.begin("posts", (shuffles + 1) * history.ids.size)
    found = FalseAlarms()
    until = now + wish.time_limit
    done = 0
    for number in range(shuffles):
        if not _one_shuffle(past.posts, history, wish.seed + number, found, progress, lambda: clock() < until):
            break
        done += 1
    if not found.days:
        raise TooLittleDataError(
            "the time limit ended the first shuffle before a day of it counted", hint="give a longer --time-limit"
        )
    noise = _noise(past, history)
    alarms = sorted([*((peak, 1.0 / found.days) for peak in found.peaks), *noise], reverse=True)[:MOST_ALARMS]
    calibration = Calibration(
        made_at=to_text(now),
        since=to_text(history.since),
        until=to_text(history.until),
        posts=history.ids.size,
        shuffles=shuffles if done == shuffles else done + 1,
        seed=wish.seed,
        days=found.days,
        episodes=len(found.peaks),
        alarms=tuple(alarms),
        wanted_per_day=wanted,
        threshold=threshold_for(alarms, wanted),
    )
    rules = [lifecycle_rules(settings, learnt._replace(calibration=one)) for one in (learnt.calibration, calibration)]
    outcome = simulate(past.posts.between(history.since, history.until), rules, None, progress)
    return Calibrated(calibration, done < shuffles, len(noise), outcome)


def read_history(past: Past, days: int) -> History:
    """Return the posts of the last whole days, at most so many, that lie behind the first post."""
    until = past.until.replace(minute=0, second=0, microsecond=0)
    numbers: dict[str, int] = {}
    ids, created, sources = array("q"), array("q"), array("i")  # lists would take five times as much
    for post in past.posts.between(until - timedelta(days=days), until):
        ids.append(post.row.id)
        created.append(post.row.created_at)
        sources.append(numbers.setdefault(post.row.source, len(numbers)))
    seconds = int(until.timestamp()) - created[0] if created else 0
    # The first hour of a first day is rarely whole, and a history of seven days is one although it lacks a minute.
    whole = min(days, (seconds + 3600) // 86400)
    since = until - timedelta(days=whole)
    times = np.array(created, np.int64)
    first = int(np.searchsorted(times, int(since.timestamp())))
    return History(since, until, np.array(ids, np.int64)[first:], times[first:], np.array(sources, np.int32)[first:])


def _require(history: History, shuffles: int, wanted: float, now: datetime) -> None:
    """Raise TooLittleDataError when the answer would be a guess."""
    if history.days < LEAST_DAYS:
        again = now + timedelta(days=LEAST_DAYS - history.days)
        raise TooLittleDataError(
            f"the posts reach back {history.days} whole days; calibrating needs {LEAST_DAYS}",
            hint=f"try again on {again:%Y-%m-%d}, or with --archive, where older posts are",
        )
    if history.ids.size < LEAST_POSTS:
        raise TooLittleDataError(
            f"there are {history.ids.size} posts in {history.days} days; calibrating needs {LEAST_POSTS}",
            hint="follow more keywords or communities, or give it more --days",
        )
    expected = wanted * shuffles * (history.days - _unused(history))
    if expected < LEAST_EPISODES:
        raise TooLittleDataError(
            f"{wanted:g} false alarms a day are {expected:.1f} in {shuffles} shuffles of {history.days} days: "
            "too few to tell the rate",
            hint="give it more --days (--archive reads those that have left), or raise ALERT_FALSE_ALARMS_PER_DAY",
        )


def _unused(history: History) -> int:
    return max(2, round(history.days * UNUSED))


def _shuffles(history: History, wanted: float) -> int:
    """Return how many shuffles give enough false alarms."""
    in_each = wanted * max(1, history.days - _unused(history))
    return max(3, min(MOST_SHUFFLES, math.ceil(WANTED_EPISODES / in_each))) if in_each else MOST_SHUFFLES


def _one_shuffle(
    past_posts: PastPosts,
    history: History,
    seed: int,
    found: FalseAlarms,
    progress: Progress,
    has_time: Callable[[], bool],
) -> bool:
    """Rank one shuffle; return False when time was up before its end. What it gave until then counts."""
    first = tick_of(int(history.since.timestamp())) + _unused(history) * TICKS_PER_DAY
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


def _noise(past: Past, history: History) -> list[Alarm]:
    """Return the trends of that time that people marked as noise: each was a false alarm that did happen."""
    noise = [verdict for verdict in past.verdicts(history.since) if verdict.mark == NOISE]
    of_time = [verdict for verdict in noise if history.since <= from_text(verdict.opened_at) < history.until]
    return [(verdict.score, 1.0 / history.days) for verdict in of_time]
