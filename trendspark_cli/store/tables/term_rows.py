"""The history of terms as earlier versions kept it, a row for each, until `rank` has turned it into runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trendspark_cli.ranking.baseline.term_states import HOURS, Integers, TermStates
from trendspark_cli.store.tables.connection import Connection

ROWS_PER_DELETE = 1_000


class _TermRow(NamedTuple):
    key: int
    scaled_count: int
    squared_residuals: int
    last_tick: int
    last_tick_posts: int
    hours: bytes | None


class TermRows:
    """The table `ranking_terms`: only ever read and emptied."""

    def __init__(self, connection: Connection, at_once: int) -> None:
        self._db = connection
        self._at_once = at_once  # become one part of a run
        self._sql = connection.queries("term_runs")

    def remain(self) -> bool:
        """Tell whether there are rows left."""
        return bool(self._db.value(self._sql["rows_remain"]))

    def load(self, keys: Integers) -> TermStates:
        """Return the states of those of these keys that have a row."""
        return _states(self._db.made(_TermRow._make, self._sql["rows_of"], (json.dumps(keys.tolist()),)))

    def next(self) -> TermStates:
        """Return the states with the least keys."""
        return _states(self._db.made(_TermRow._make, self._sql["next_rows"], (self._at_once,)))

    def forget_until(self, key: int) -> None:
        """Delete the rows up to this key, in the caller's transaction."""
        self._db.execute(self._sql["forget_rows_until"], (key,))

    def forget(self) -> int:
        """Delete some rows, in the caller's transaction; return how many."""
        return self._db.execute(self._sql["forget_rows"], (ROWS_PER_DELETE,)).rowcount


def _states(rows: Sequence[_TermRow]) -> TermStates:
    hours = {place: row.hours for place, row in enumerate(rows) if row.hours is not None}
    return TermStates(
        np.array([row.key for row in rows], np.int64),
        np.array([row.scaled_count for row in rows], np.int64),
        np.array([row.squared_residuals for row in rows], np.int64),
        np.array([row.last_tick for row in rows], np.int32),
        np.array([row.last_tick_posts for row in rows], np.int32),
        np.array(list(hours), np.int64),
        np.frombuffer(b"".join(hours.values()), np.dtype("<u4")).astype(np.int64).reshape(-1, HOURS),
    )
