"""A history in memory: for replays, for a run that must not write, and for tests."""

from __future__ import annotations

import numpy as np

from trendspark_cli.ranking.baseline.term_history import TermHistory
from trendspark_cli.ranking.baseline.term_states import Integers, TermStates, joined, no_states, places_of
from trendspark_cli.ranking.baseline.tiers import merged_from


class MemoryHistory:
    """Implements TermHistory with sorted runs; where two have a term, the later one is right.

    What it does not know is looked up *beneath* it, if there is something. A window is asked for every tick and changes
    little: what was looked up for the last one is kept at hand.
    """

    def __init__(self, beneath: TermHistory | None = None) -> None:
        self._beneath = beneath
        self._runs: list[TermStates] = []
        self._asked = np.zeros(0, np.int64)  # the keys of the largest question of late, and the states of them
        self._at_hand = no_states()

    def all(self) -> TermStates:
        """Return everything it was given and has not forgotten."""
        return joined(self._runs)

    def load(self, keys: Integers) -> TermStates:
        """Return the states of those keys that are known."""
        is_asked = np.zeros(keys.size, dtype=bool)
        is_asked[places_of(self._asked, keys)] = True
        states = joined([self._at_hand.find(keys), self._look_up(keys[~is_asked])])
        if 2 * keys.size > self._asked.size:
            self._asked, self._at_hand = keys, states
        return states

    def _look_up(self, keys: Integers) -> TermStates:
        beneath = [] if self._beneath is None else [self._beneath.load(keys)]
        return joined([*beneath, *(run.find(keys) for run in self._runs)])

    def stage(self, states: TermStates) -> TermStates:
        """Return what `publish` takes."""
        return states

    def publish(self, staged: TermStates) -> None:
        """Insert or replace these states."""
        if not len(staged):
            return
        self._runs.append(staged)
        self._at_hand = joined([self._at_hand, staged.find(self._asked)])
        while (start := merged_from([len(run) for run in self._runs])) is not None:
            self._runs[start:] = [joined(self._runs[start:])]

    def forget_faint(self, now_tick: int) -> int:
        """Forget every state that has faded; return how many. A run that must not write forgets nothing."""
        if self._beneath is not None:
            return 0
        self._asked, self._at_hand = np.zeros(0, np.int64), no_states()
        known = self.all()
        kept = known.without_faint(now_tick)
        self._runs = [kept] if len(kept) else []
        return len(known) - len(kept)
