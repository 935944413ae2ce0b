"""The baselines of many terms brought forward by the posts of one tick after the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.history import COUNT_SCALE, RESIDUALS_SCALE
from trendspark_cli.ranking.baseline.term_states import HOURS, Integers, TermStates, decays, places_of
from trendspark_cli.ranking.baseline.ticks import hour_of
from trendspark_cli.ranking.baseline.traffic import PRIOR_POSTS, Traffic
from trendspark_cli.ranking.baseline.uses import TickUses

LARGEST_SQUARED_RESIDUAL = 400.0  # one absurd tick must not make a term seem overdispersed for ever
HOURS_FROM_COUNT = 8.0  # below that, hours of day would be noise and cost 96 bytes
NO_HOURS = -1


class TermUpdating:
    """The states of some terms (keys that ascend), those that are known and those that are new."""

    def __init__(self, keys: Integers, known: TermStates) -> None:
        places = places_of(known.keys, keys)
        self._keys = keys
        self._is_known = np.zeros(keys.size, dtype=bool)
        self._is_known[places] = True
        self._counts = _filled(keys.size, 0, places, known.counts)
        self._residuals = _filled(keys.size, 0, places, known.residuals)
        self._last_ticks = _filled(keys.size, 0, places, known.last_ticks.astype(np.int64))
        self._last_posts = _filled(keys.size, 0, places, known.last_tick_posts.astype(np.int64))
        rows = np.arange(known.with_hours.size)
        self._row_of = _filled(keys.size, NO_HOURS, places[known.with_hours], rows)
        self._hours = known.hours.astype(np.int64)

    def states(self) -> TermStates:
        """Return the states as they are now."""
        with_hours = np.flatnonzero(self._row_of != NO_HOURS)
        return TermStates(
            self._keys,
            self._counts,
            self._residuals,
            self._last_ticks.astype(np.int32),
            self._last_posts.astype(np.int32),
            with_hours,
            self._hours[self._row_of[with_hours]],
        )

    def add(self, tick: int, use: TickUses, tick_posts: int, traffic: Traffic | None) -> None:
        """Add posts of a tick that has *tick_posts* in all.

        Without `traffic` the tick is older than others already counted. What was expected then is no longer known, so
        the posts count and their residual does not.
        """
        is_known = self._is_known[use.places]
        self._last_ticks[use.places[~is_known]] = tick
        self._is_known[use.places] = True
        is_late = self._last_ticks[use.places] > tick
        if is_late.any():
            self._add_late(tick, use.places[is_late], use.counts[is_late])
            use = TickUses(use.places[~is_late], use.counts[~is_late])
        self._fade(tick, use.places)
        self._add(tick, use, tick_posts, traffic)

    def _add(self, tick: int, use: TickUses, tick_posts: int, traffic: Traffic | None) -> None:
        """Add posts of the newest tick of each of these terms."""
        last_posts = self._last_posts[use.places]
        count_before = self._counts[use.places] / COUNT_SCALE - last_posts
        posts = last_posts + use.counts
        if traffic is not None:
            expected = (count_before + PRIOR_POSTS) / (traffic.posts + traffic.prior) * tick_posts
            self._residuals[use.places] += _squared_residuals(posts, expected) - _squared_residuals(
                last_posts, expected
            )
        self._begin_hours(use.places[count_before > HOURS_FROM_COUNT])
        self._add_to_hour(tick, use.places, use.counts * COUNT_SCALE)
        self._counts[use.places] += use.counts * COUNT_SCALE
        self._last_posts[use.places] = posts

    def _fade(self, tick: int, places: Integers) -> None:
        """Let the terms whose last tick is an older one decay to this one, in which nothing was posted yet.

        Rounding happens only here, once a tick: any rounding within a tick would depend on where calls are cut.
        """
        places = places[self._last_ticks[places] < tick]
        if not places.size:
            return
        fade = decays(tick - self._last_ticks[places])
        self._counts[places] = np.rint(self._counts[places] * fade)
        self._residuals[places] = np.rint(self._residuals[places] * fade)
        rows = self._row_of[places]
        has_hours = rows != NO_HOURS
        rows = rows[has_hours]
        self._hours[rows] = np.rint(self._hours[rows] * fade[has_hours, None])
        self._last_ticks[places] = tick
        self._last_posts[places] = 0

    def _add_late(self, tick: int, places: Integers, counts: Integers) -> None:
        """Add posts older than the last tick of each of these terms: they count as much as is left of them by now."""
        weights = np.rint(decays(self._last_ticks[places] - tick) * COUNT_SCALE).astype(np.int64)  # of one post each
        self._add_to_hour(tick, places, counts * weights)
        self._counts[places] += counts * weights

    def _begin_hours(self, places: Integers) -> None:
        """Begin to keep hours of day of those of these terms that have none yet."""
        new = places[self._row_of[places] == NO_HOURS]
        self._row_of[new] = len(self._hours) + np.arange(new.size)
        if new.size:
            self._hours = np.concatenate((self._hours, np.zeros((new.size, HOURS), np.int64)))

    def _add_to_hour(self, tick: int, places: Integers, scaled_posts: Integers) -> None:
        """Add posts (in 1/128) to this hour of day of those terms whose hours are kept."""
        rows = self._row_of[places]
        has_hours = rows != NO_HOURS
        self._hours[rows[has_hours], hour_of(tick)] += scaled_posts[has_hours]


def _filled(size: int, value: int, places: Integers, values: Integers) -> Integers:
    filled = np.full(size, value, np.int64)
    filled[places] = values
    return filled


def _squared_residuals(posts: Integers, expected: npt.NDArray[np.float64]) -> Integers:
    """Return (posts - expected)^2 / expected, at most 400, in whole eighths; 0 for no posts."""
    telling = (posts > 0) & (expected > 0.0)
    safe = np.where(telling, expected, 1.0)
    squared = np.minimum(LARGEST_SQUARED_RESIDUAL, (posts - expected) ** 2 / safe)
    return np.where(telling, np.rint(squared * RESIDUALS_SCALE), 0.0).astype(np.int64)
