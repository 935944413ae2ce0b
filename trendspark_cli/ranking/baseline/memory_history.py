"""A history in memory: for replays, for a run that must not write, and for tests."""

from __future__ import annotations

from trendspark_cli.ranking.baseline.term_history import TermHistory
from trendspark_cli.ranking.baseline.term_states import Integers, TermStates, joined
from trendspark_cli.ranking.baseline.tiers import merged_from


class MemoryHistory:
    """Implements TermHistory with sorted runs; where two have a term, the later one is right.

    What it does not know is looked up *beneath* it, if there is something.
    """

    def __init__(self, beneath: TermHistory | None = None) -> None:
        self._beneath = beneath
        self._runs: list[TermStates] = []

    def all(self) -> TermStates:
        """Return everything it was given and has not forgotten."""
        return joined(self._runs)

    def load(self, keys: Integers) -> TermStates:
        """Return the states of those keys that are known."""
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
        while (start := merged_from([len(run) for run in self._runs])) is not None:
            self._runs[start:] = [joined(self._runs[start:])]

    def forget_faint(self, now_tick: int) -> int:
        """Forget every state that has faded; return how many. A run that must not write forgets nothing."""
        if self._beneath is not None:
            return 0
        known = self.all()
        kept = known.without_faint(now_tick)
        self._runs = [kept] if len(kept) else []
        return len(known) - len(kept)
