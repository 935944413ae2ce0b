"""The baseline of each term and each source, and the few bytes it is stored in."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from trendspark_cli.ranking.baseline.ticks import HALF_LIFE_TICKS, TICKS_PER_DAY, decay

# Of what a term is and of what is kept of it. Terms are kept as hashes: raise this with any change of words, stop
# words, keys or states, and each installation builds its history anew (trends/history_rebuilding.py). A test holds it.
HISTORY_VERSION = 3
COUNT_SCALE = 128  # counts are kept in 1/128: most terms then fit one or two bytes
RESIDUALS_SCALE = 8
FAINT_BY_DAY = (32, 38, 45, 53)  # 0.25 in 1/128, times 2^(day/4): what still counts after a day of each half-life
WARM_UP_TICKS = TICKS_PER_DAY
WARM_UP_TICKS_WITH_POSTS = 4  # one stray old post must not make a source look well known
_HOURS = struct.Struct("<24I")

TermRow = tuple[int, int, int, int, bytes | None]
CountRow = tuple[int, int, int, int]
"""(key, count in 1/128, squared residuals in 1/8, last tick)."""


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

    def to_row(self) -> TermRow:
        """Return (count in 1/128, squared residuals in 1/8, last tick, its posts, hours or None).

        Nothing is lost. The hours are 24 little-endian unsigned 32-bit numbers: 96 bytes, for about one term in fifty.
        """
        hours = None if self.hours is None else _HOURS.pack(*self.hours)
        return (
            round(self.count * COUNT_SCALE),
            round(self.squared_residuals * RESIDUALS_SCALE),
            self.last_tick,
            self.last_tick_posts,
            hours,
        )

    @classmethod
    def from_row(cls, row: TermRow) -> "TermState":
        """Return the state that `to_row` wrote."""
        count, squared_residuals, last_tick, last_tick_posts, hours = row
        return cls(
            count / COUNT_SCALE,
            squared_residuals / RESIDUALS_SCALE,
            last_tick,
            last_tick_posts,
            None if hours is None else _HOURS.unpack(hours),
        )


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


class TermHistory(Protocol):
    """Term states by 64-bit term key. Methods may be called inside the caller's transaction."""

    def get(self, keys: Sequence[int]) -> dict[int, TermState]:
        """Return the states of those keys that are known; the others are missing from the answer."""

    def counts(self, keys: Sequence[int]) -> list[CountRow]:
        """Return a row for each of those keys that is known, in any order: `get` for very many keys."""

    def put(self, states: Mapping[int, TermState]) -> None:
        """Insert or replace these states."""

    def drop_faint(self, now_tick: int) -> int:
        """Delete every state for which `is_faint(scaled count, now_tick - last_tick)`; return how many. Once a day.

        The rule uses integers only, so that one SQL statement can say it without a power function:
        `count < (CASE age / 96 % 4 WHEN 0 THEN 32 WHEN 1 THEN 38 WHEN 2 THEN 45 ELSE 53 END << min(age / 384, 40))`.
        """


class DictHistory:
    """A history in memory: for replays and tests."""

    def __init__(self) -> None:
        self._states: dict[int, TermState] = {}

    def __len__(self) -> int:
        return len(self._states)

    def keys(self) -> list[int]:
        """Return the keys of all terms known."""
        return list(self._states)

    def get(self, keys: Sequence[int]) -> dict[int, TermState]:
        """Return the known states of these keys."""
        states = self._states
        return {key: states[key] for key in keys if key in states}

    def counts(self, keys: Sequence[int]) -> list[CountRow]:
        """Return a row for each known key."""
        return [(key, *state.to_row()[:3]) for key, state in self.get(keys).items()]

    def put(self, states: Mapping[int, TermState]) -> None:
        """Insert or replace these states."""
        self._states.update(states)

    def drop_faint(self, now_tick: int) -> int:
        """Delete what has faded."""
        states = self._states
        faint = [k for k, s in states.items() if is_faint(round(s.count * COUNT_SCALE), now_tick - s.last_tick)]
        for key in faint:
            del states[key]
        return len(faint)


def is_faint(scaled_count: int, age_ticks: int) -> bool:
    """Tell whether a count (in 1/128) has decayed below 0.25: at most one day late, never early."""
    if age_ticks < 0:
        return False
    day = age_ticks // TICKS_PER_DAY % 4
    return scaled_count < FAINT_BY_DAY[day] << min(age_ticks // HALF_LIFE_TICKS, 40)
