"""The baseline of each term and each source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from trendspark_cli.ranking.baseline.ticks import HALF_LIFE_TICKS, TICKS_PER_DAY, decay

# Of what a term is and of what is kept of it. Terms are kept as hashes: raise this with any change of words, stop
# words, keys or states, and each installation builds its history anew (trends/history_rebuilding.py). A test holds it.
HISTORY_VERSION = 3
COUNT_SCALE = 128  # counts are kept in 1/128: most terms then fit one or two bytes
RESIDUALS_SCALE = 8
FAINT_BY_DAY = (32, 38, 45, 53)  # 0.25 in 1/128, times 2^(day/4): what still counts after a day of each half-life
WARM_UP_TICKS = TICKS_PER_DAY
WARM_UP_TICKS_WITH_POSTS = 4  # one stray old post must not make a source look well known


@dataclass(frozen=True, slots=True)
class TermState:
    """How often a term was used, decayed to `last_tick`.

    `count`: posts, decayed (a multiple of 1/128, the open last tick included).
    `squared_residuals`: decayed sum of squared Pearson residuals, (posts - expected)^2 / expected, over the ticks that
    had the term (a multiple of 1/8).
    `last_tick`: the newest tick counted; `last_tick_posts`: its posts so far, as a later chunk may add more.
    `hours`: decayed posts by UTC hour, in 1/128 post, kept once the count passed 8.
    """

    count: float
    squared_residuals: float
    last_tick: int
    last_tick_posts: int
    hours: tuple[int, ...] | None = None


class SourceState(NamedTuple):
    """How much a source posts, decayed to `last_tick`; every field is a plain number, fit for JSON.

    `posts` (open last tick included) and `ticks` (ticks with posts) fade like term counts. `hours`: posts by UTC hour.
    `first_tick`/`last_tick`: the oldest and newest tick counted; `last_tick_posts`: posts so far of the newest one.
    `late_tick`: the last tick counted out of order, so that a backfill counts each of its ticks once.
    """

    posts: float
    ticks: float
    hours: tuple[float, ...]
    first_tick: int
    last_tick: int
    last_tick_posts: int
    late_tick: int = -1

    def posts_at(self, tick: int) -> float:
        """Return the decayed posts as of `tick`."""
        return self.posts * decay(max(0, tick - self.last_tick))

    def is_warming_up(self, now_tick: int) -> bool:
        """Tell whether less than 24 h of this source are known: too little to call anything unusual."""
        young = now_tick - self.first_tick < WARM_UP_TICKS
        return young or self.ticks < WARM_UP_TICKS_WITH_POSTS


def is_faint(scaled_count: int, age_ticks: int) -> bool:
    """Tell whether a count (in 1/128) has decayed below 0.25: at most one day late, never early."""
    if age_ticks < 0:
        return False
    day = age_ticks // TICKS_PER_DAY % 4
    return scaled_count < FAINT_BY_DAY[day] << min(age_ticks // HALF_LIFE_TICKS, 40)
