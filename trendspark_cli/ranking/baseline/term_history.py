"""What a history of terms can do, wherever it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # they bring numpy, and most commands that open a store never do
    from trendspark_cli.ranking.baseline.term_states import TermStates
    from trendspark_cli.ranking.text.keys import Integers


class TermHistory(Protocol):
    """What is kept of terms, by 64-bit keys: load for some keys, save what a tick changed, forget."""

    def load(self, keys: Integers) -> TermStates:
        """Return the states of those of these keys, which ascend and differ, that are known."""

    def stage(self, states: TermStates) -> Any:
        """Take states in without anybody seeing them yet; return what `publish` takes. Not within a transaction.

        What was staged and not published is gone with the process.
        """

    def publish(self, staged: Any) -> None:
        """Insert or replace the states that were staged; may be called inside the caller's transaction."""

    def forget_faint(self, now_tick: int) -> int:
        """Forget every state for which `is_faint(scaled count, now_tick - last_tick)`; return how many. Once a day."""
