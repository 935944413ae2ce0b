"""`calibrate --slices`: the posts of each slice are shuffled by themselves, and the false alarms of all are counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from trendspark_cli.archiving.parts import Unseen
from trendspark_cli.backtests.calibrating import (
    DAY,
    Span,
    Wish,
    calibration_of,
    history_between,
    rank_shuffle,
    require_enough,
    shuffles_for,
    unused_days,
)
from trendspark_cli.backtests.past_posts import PastPosts
from trendspark_cli.backtests.simulating import HISTORY
from trendspark_cli.backtests.slices import Slice
from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.errors import TooLittleDataError
from trendspark_cli.ranking.baseline.ticks import tick_of
from trendspark_cli.ranking.bursts.thresholds import Alarm
from trendspark_cli.ranking.past.calibration import FalseAlarms
from trendspark_cli.store.rows.trends import Calibration


class Shuffled(NamedTuple):
    """What came of a slice: its posts, the days that counted of its shuffles, and the peak of each false alarm."""

    posts: int
    days: float
    peaks: tuple[float, ...]


def shuffle_slice(posts: PastPosts, part: Slice, seed: int, shuffles: int) -> Shuffled:
    """Return the false alarms of a slice, whose posts and those of its history change places."""
    history = history_between(posts, part.read_from, part.until)
    if not history.ids.size:
        return Shuffled(0, 0.0, ())
    begin = part.since or part.read_from
    first_post = from_epoch(int(history.created[0]))
    # The first slice has no history before it: of its shuffles too, the first days are that.
    counted_from = max(begin, first_post + min(HISTORY, unused_days((part.until - first_post) // DAY) * DAY))
    found = FalseAlarms()
    for number in range(shuffles):
        rank_shuffle(posts, history, seed + number, tick_of(int(counted_from.timestamp())), found, Unseen())
    own = int(np.count_nonzero(history.created >= int(begin.timestamp())))
    return Shuffled(own, found.days, tuple(found.peaks))


def shuffles_of_slices(wish: Wish, span: Span, posts: int, wanted: float, now: datetime) -> int:
    """Return how often each slice is to be shuffled; raise TooLittleDataError when the answer would be a guess."""
    counted_days = span.days - min(HISTORY // DAY, unused_days(span.days))
    shuffles = wish.shuffles or shuffles_for(wanted, counted_days)
    require_enough(span, posts, wanted * shuffles * counted_days, wanted, now)
    return shuffles


def calibration_of_slices(
    done: Sequence[Shuffled],
    span: Span,
    noise: Sequence[Alarm],
    *,
    shuffles: int,
    seed: int,
    wanted: float,
    now: datetime,
) -> Calibration:
    """Return the calibration by all slices."""
    days = sum(one.days for one in done)
    if not days:
        raise TooLittleDataError("no day of the slices has enough history before it", hint="give longer --slices")
    return calibration_of(
        [peak for one in done for peak in one.peaks],
        noise,
        made_at=to_text(now),
        since=to_text(span.since),
        until=to_text(span.until),
        posts=sum(one.posts for one in done),
        shuffles=shuffles,
        seed=seed,
        days=days,
        wanted_per_day=wanted,
    )
