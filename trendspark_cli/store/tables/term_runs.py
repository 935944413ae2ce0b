"""The history of terms as sorted runs: each save is one more, and seldom some of them become one.

A run is some rows of `ranking_run_parts`, each up to 16,384 terms as bytes; it counts once it has a row in
`ranking_runs`. So a run may be written in many short transactions, and what a killed process left is part of nothing.
Where two runs have a term, the later one is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from trendspark_cli.ranking.baseline.term_states import Integers, TermStates, joined, no_states, places_of
from trendspark_cli.ranking.baseline.tiers import merged_from
from trendspark_cli.store.rows.term_blobs import Blobs, decoded, decoded_keys, decoded_states, encoded
from trendspark_cli.store.tables.connection import Connection
from trendspark_cli.store.tables.term_rows import TermRows

PARTS_PER_DELETE = 8
MOST_PARTS_KEPT = 32  # of a history of so few, each is unpacked once a run: 20 MB at most

PartRow = tuple[int, int, int, int, bytes, bytes]
"""(run, terms, first key, last key, keys, states)."""


class Sizes(NamedTuple):
    """How much is written and read at once.

    `part`: terms of a part; fewer are found sooner by a few keys, more cost less when all are read. `transaction`: its
    bytes, about; half a megabyte is a few milliseconds. `merge`: terms in memory while runs become one, 100 MB.
    """

    part: int = 16_384
    transaction: int = 512 * 1024
    merge: int = 1 << 19


USUAL_SIZES = Sizes()


class Part(NamedTuple):
    """Where a part of a run is, and which keys it can have."""

    id: int
    run_id: int
    first_key: int
    last_key: int
    terms: int


class StagedRun(NamedTuple):
    """A run that nobody sees yet: how many terms it has, and those parts that `publish` has to write."""

    id: int
    terms: int
    rest: list[PartRow]


class TermRuns:
    """Implements StoredTerms."""

    def __init__(self, connection: Connection, sizes: Sizes = USUAL_SIZES) -> None:
        self._db = connection
        self._sql = connection.queries("term_runs")
        self._sizes = sizes
        self._rows = TermRows(connection, sizes.part)
        self._asked = np.zeros(0, np.int64)
        self._answer = no_states()
        self._unpacked: dict[int, TermStates] = {}
        self._is_tidy = False

    def load(self, keys: Integers) -> TermStates:
        """Return the states of those of these keys, which ascend and differ, that are known."""
        if not keys.size or places_of(keys, self._asked).size == keys.size:
            return self._answer.find(keys)
        with self._db.reading():
            parts = self._parts()
            is_small = len(parts) <= MOST_PARTS_KEPT
            found = [self._rows.load(keys)] if self._rows.remain() else []
            is_open = np.ones(keys.size, dtype=bool)
            firsts = np.searchsorted(keys, np.array([part.first_key for part in parts], np.int64))
            ends = np.searchsorted(keys, np.array([part.last_key for part in parts], np.int64), "right")
            for part, first, end in zip(parts, firsts.tolist(), ends.tolist(), strict=True):  # the newest run first
                wanted = first + np.flatnonzero(is_open[first:end])
                if wanted.size:
                    of_part = self._kept(part).find(keys[wanted]) if is_small else self._found(part, keys[wanted])
                    is_open[wanted[places_of(of_part.keys, keys[wanted])]] = False
                    found.append(of_part)
        answer = joined(found)  # rows that are left and runs have no term in common
        self._asked, self._answer = keys, answer
        return answer

    def stage(self, states: TermStates) -> StagedRun:
        """Write states where nobody sees them yet, in transactions of its own; return what `publish` takes."""
        self._tidy()
        writing = self._writing(self._next_id())
        writing.add(states)
        return StagedRun(writing.run_id, writing.terms, writing.rest)

    def publish(self, staged: StagedRun) -> None:
        """Let a staged run count; call inside a transaction."""
        self._forget_answer()
        if staged.terms:
            self._db.executemany(self._sql["add_part"], staged.rest)
            self._db.execute(self._sql["add_run"], (staged.id, staged.terms))

    def forget_faint(self, now_tick: int) -> int:
        """Make one run of all, without the states that have faded; return how many these were."""
        self._tidy()
        before, kept = self._merge(self._runs(), now_tick)
        return before - kept

    def forget_all(self) -> bool:
        """Forget some of what there is, in the caller's transaction; return whether there was anything."""
        self._forget_answer()
        if self._runs():
            self._db.execute(self._sql["forget_runs"])
        return bool(self._drop_parts() or self._rows.forget())

    def take_in_rows(self) -> int:
        """Turn the rows of an earlier version into a run, some to a transaction; return how many terms there were."""
        taken = 0
        while True:
            states = self._rows.next()
            if not len(states):
                return taken
            self._db.write(partial(self._take_in, states), is_one_of_many=True)
            self._forget_answer()
            taken += len(states)

    def _take_in(self, states: TermStates) -> None:
        run_id = next((run_id for run_id, _ in self._runs()), self._next_id())
        writing = self._writing(run_id)
        writing.add(states)
        self._db.executemany(self._sql["add_part"], writing.rest)
        self._db.execute(self._sql["grow_run"], (run_id, writing.terms))
        self._rows.forget_until(int(states.keys[-1]))

    def _tidy(self) -> None:
        """Delete what a killed run left, and make one of runs where there are enough of a size."""
        if not self._is_tidy:
            self._drop_unused_parts()
            self._is_tidy = True
        while True:
            runs = self._runs()
            start = merged_from([terms for _, terms in runs])
            if start is None:
                return
            self._merge(runs[start:])

    def _merge(self, runs: Sequence[tuple[int, int]], now_tick: int | None = None) -> tuple[int, int]:
        """Make one of these runs, the newest ones there are, without what has faded by a tick.

        Return how many terms they had, and how many it has.
        """
        writing = self._writing(self._next_id())
        run_ids = [run_id for run_id, _ in runs]
        before = 0
        for states in self._ranges(run_ids):
            before += len(states)
            writing.add(states if now_tick is None else states.without_faint(now_tick))
        if before != writing.terms or len(runs) > 1:
            merged = StagedRun(writing.run_id, writing.terms, writing.rest)
            self._db.write(partial(self._replace, run_ids, merged), is_one_of_many=True)
        self._drop_unused_parts()
        return before, writing.terms

    def _replace(self, run_ids: Sequence[int], merged: StagedRun) -> None:
        self._db.executemany(self._sql["drop_run"], [(run_id,) for run_id in run_ids])
        self.publish(merged)

    def _ranges(self, run_ids: Sequence[int]) -> Iterator[TermStates]:
        """Yield all terms of some runs, the least keys first: as many at a time as memory is meant to hold."""
        wanted = set(run_ids)
        parts = [part for part in reversed(self._parts()) if part.run_id in wanted]  # the oldest run first
        edges, terms = [-(2**63)], 0
        for part in sorted(parts, key=lambda part: part.first_key):
            if terms >= self._sizes.merge and part.first_key > edges[-1]:
                edges.append(part.first_key)
                terms = 0
            terms += part.terms
        for first, end in zip(edges, [*edges[1:], None], strict=True):
            within = [part for part in parts if part.last_key >= first and (end is None or part.first_key < end)]
            yield joined([_cut(self._states(part), first, end) for part in within])

    def _kept(self, part: Part) -> TermStates:
        """Return a part, which never changes, unpacked; it is kept until parts are deleted."""
        if part.id not in self._unpacked:
            self._unpacked[part.id] = self._states(part)
        return self._unpacked[part.id]

    def _found(self, part: Part, keys: Integers) -> TermStates:
        """Return those of these keys that a part has."""
        own = decoded_keys(self._blob("part_keys", part))
        places = places_of(keys, own)
        return decoded_states(own, self._blob("part_states", part), places) if places.size else no_states()

    def _states(self, part: Part) -> TermStates:
        return decoded((self._blob("part_keys", part), self._blob("part_states", part)))

    def _blob(self, query: str, part: Part) -> bytes:
        return bytes(self._db.value(self._sql[query], (part.id,)))

    def _parts(self) -> list[Part]:
        """Return the parts of all runs that count, the newest run first."""
        return self._db.made(Part._make, self._sql["parts"])

    def _runs(self) -> list[tuple[int, int]]:
        """Return number and terms of each run, the oldest first."""
        return self._db.made(lambda row: (row[0], row[1]), self._sql["runs"])

    def _writing(self, run_id: int) -> _Writing:
        return _Writing(self._db, self._sql["add_part"], run_id, self._sizes)

    def _next_id(self) -> int:
        return int(self._db.value(self._sql["last_run"])) + 1

    def _drop_unused_parts(self) -> None:
        dropped = PARTS_PER_DELETE
        while dropped:
            dropped = self._db.write(self._drop_parts, is_one_of_many=True)

    def _drop_parts(self) -> int:
        run_id = self._db.value(self._sql["unused_run"])
        if run_id is None:
            return 0
        self._unpacked.clear()  # an id may come again
        return self._db.execute(self._sql["drop_parts"], (run_id, PARTS_PER_DELETE)).rowcount

    def _forget_answer(self) -> None:
        self._asked, self._answer = np.zeros(0, np.int64), no_states()


class _Writing:
    """A run that is being written: whole parts, in transactions bounded by bytes; the last ones are left as `rest`."""

    def __init__(self, connection: Connection, sql: str, run_id: int, sizes: Sizes) -> None:
        self._db, self._sql, self._sizes = connection, sql, sizes
        self.run_id, self.terms = run_id, 0
        self.rest: list[PartRow] = []
        self._bytes = 0

    def add(self, states: TermStates) -> None:
        """Add terms with greater keys than those before."""
        parts = -(-len(states) // self._sizes.part)
        for number in range(parts):
            part = states.between(len(states) * number // parts, len(states) * (number + 1) // parts)
            self._add(part, encoded(part))

    def _add(self, part: TermStates, blobs: Blobs) -> None:
        size = sum(map(len, blobs))
        if self.rest and self._bytes + size > self._sizes.transaction:
            self._db.write(partial(self._db.executemany, self._sql, self.rest), is_one_of_many=True)
            self.rest, self._bytes = [], 0
        self.rest.append((self.run_id, len(part), int(part.keys[0]), int(part.keys[-1]), *blobs))
        self._bytes += size
        self.terms += len(part)


def _cut(states: TermStates, first: int, end: int | None) -> TermStates:
    """Return the states with keys from one on, and before another."""
    start = int(np.searchsorted(states.keys, first))
    stop = len(states) if end is None else int(np.searchsorted(states.keys, end))
    return states.between(start, stop)
