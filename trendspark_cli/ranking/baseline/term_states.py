"""The baselines of many terms at once, as arrays sorted by key: what is loaded, updated and kept of a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.history import COUNT_SCALE, FAINT_BY_DAY, RESIDUALS_SCALE, TermState
from trendspark_cli.ranking.baseline.ticks import HALF_LIFE_TICKS, TICKS_PER_DAY, decay

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

HOURS = 24


@dataclass(frozen=True, slots=True)
class TermStates:
    """States of terms (`history.TermState`), one array entry each; `keys` ascend and differ.

    `counts` are in 1/128 post, `residuals` in 1/8. `hours` has a row for each term whose hours of day are kept, and
    `with_hours` the place of each such term, ascending.
    """

    keys: Integers
    counts: Integers
    residuals: Integers
    last_ticks: Numbers
    last_tick_posts: Numbers
    with_hours: Integers
    hours: Integers

    def __len__(self) -> int:
        return self.keys.size

    def take(self, places: Integers) -> TermStates:
        """Return the terms at these places, which ascend."""
        rows = np.searchsorted(self.with_hours, places)
        rows[rows == self.with_hours.size] = 0
        kept = np.flatnonzero(self.with_hours[rows] == places) if self.with_hours.size else rows[:0]
        return TermStates(
            self.keys[places],
            self.counts[places],
            self.residuals[places],
            self.last_ticks[places],
            self.last_tick_posts[places],
            kept,
            self.hours[rows[kept]],
        )

    def find(self, keys: Integers) -> TermStates:
        """Return those of these keys (ascending) that are here."""
        return self.take(places_of(keys, self.keys))

    def between(self, start: int, end: int) -> TermStates:
        """Return the terms from one place up to another."""
        first, last = np.searchsorted(self.with_hours, (start, end))
        return TermStates(
            self.keys[start:end],
            self.counts[start:end],
            self.residuals[start:end],
            self.last_ticks[start:end],
            self.last_tick_posts[start:end],
            self.with_hours[first:last] - start,
            self.hours[first:last],
        )

    def without_faint(self, now_tick: int) -> TermStates:
        """Return the terms that have not faded by *now_tick*."""
        faint = are_faint(self.counts, now_tick - self.last_ticks.astype(np.int64))
        return self.take(np.flatnonzero(~faint)) if faint.any() else self

    def hours_of(self, keys: Integers) -> tuple[Mask, Integers]:
        """Return which of these keys have hours of day, and the hours of each, zeros where it has none."""
        rows = np.zeros((keys.size, HOURS), np.int64)
        own = self.keys[self.with_hours]
        if not own.size:
            return np.zeros(keys.size, dtype=bool), rows
        at = np.minimum(np.searchsorted(own, keys), own.size - 1)
        has: Mask = own[at] == keys
        rows[has] = self.hours[at[has]]
        return has, rows

    def to_dict(self) -> dict[int, TermState]:
        """Return each state by its key."""
        hours: dict[int, tuple[int, ...]] = dict(
            zip(self.with_hours.tolist(), map(tuple, self.hours.tolist()), strict=True)
        )
        arrays = (self.keys, self.counts, self.residuals, self.last_ticks, self.last_tick_posts)
        rows = zip(*(array.tolist() for array in arrays), strict=True)
        return {
            key: TermState(count / COUNT_SCALE, residuals / RESIDUALS_SCALE, tick, posts, hours.get(place))
            for place, (key, count, residuals, tick, posts) in enumerate(rows)
        }


def no_states() -> TermStates:
    """Return the states of no term."""
    empty, numbers = np.zeros(0, np.int64), np.zeros(0, np.int32)
    return TermStates(empty, empty, empty, numbers, numbers, empty, np.zeros((0, HOURS), np.int64))


def states_of(states: Mapping[int, TermState]) -> TermStates:
    """Return states, by their keys, as arrays."""
    keys = sorted(states)
    told = [states[key] for key in keys]
    hours = {place: state.hours for place, state in enumerate(told) if state.hours is not None}
    return TermStates(
        np.array(keys, np.int64),
        np.array([round(state.count * COUNT_SCALE) for state in told], np.int64),
        np.array([round(state.squared_residuals * RESIDUALS_SCALE) for state in told], np.int64),
        np.array([state.last_tick for state in told], np.int32),
        np.array([state.last_tick_posts for state in told], np.int32),
        np.array(list(hours), np.int64),
        np.array(list(hours.values()), np.int64).reshape(-1, HOURS),
    )


def joined(parts: Sequence[TermStates]) -> TermStates:
    """Return the terms of all parts; where parts have a term in common, the last one that has it is right."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return no_states()
    keys = np.concatenate([part.keys for part in parts])
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    is_last = np.ones(ordered.size, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_last[:-1])
    order = order[is_last]
    starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
    row_of = np.full(keys.size, -1, np.int64)
    with_hours = np.concatenate([part.with_hours + start for part, start in zip(parts, starts, strict=True)])
    row_of[with_hours] = np.arange(with_hours.size)
    rows = row_of[order]
    return TermStates(
        ordered[is_last],
        np.concatenate([part.counts for part in parts])[order],
        np.concatenate([part.residuals for part in parts])[order],
        np.concatenate([part.last_ticks for part in parts])[order],
        np.concatenate([part.last_tick_posts for part in parts])[order],
        np.flatnonzero(rows >= 0),
        np.concatenate([part.hours for part in parts])[rows[rows >= 0]],
    )


def places_of(wanted: Integers, keys: Integers) -> Integers:
    """Return the places among *keys* of those wanted ones that are there; both ascend."""
    if not keys.size or not wanted.size:
        return np.zeros(0, np.int64)
    at = np.searchsorted(keys, wanted)
    at[at == keys.size] = 0
    places: Integers = at[keys[at] == wanted]
    return places


def are_faint(counts: Integers, ages: Integers) -> Mask:
    """Tell which counts (in 1/128) have decayed below 0.25, after so many ticks each: as `history.is_faint` does."""
    limits = np.array(FAINT_BY_DAY, np.int64)[ages // TICKS_PER_DAY % len(FAINT_BY_DAY)]
    faint: Mask = counts < limits << np.clip(ages // HALF_LIFE_TICKS, 0, 40)
    return faint & (ages >= 0)


def decays(ages: npt.NDArray[np.signedinteger]) -> Floats:
    """Return what is left of a count after so many ticks, each as `ticks.decay` says it."""
    different, back = np.unique(ages, return_inverse=True)
    return np.array([decay(age) for age in different.tolist()], np.float64)[back]
