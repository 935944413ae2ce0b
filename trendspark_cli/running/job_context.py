"""What a job gets from its runner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.clock_witness import ClockWitness
from trendspark_cli.base.metrics import API_RATE_LIMIT_REMAINING, API_REQUESTS
from trendspark_cli.store.protocol import Store

Result = TypeVar("Result")


class DryRunError(RuntimeError):
    """Something was to be recorded of a run that has no row: a dry run writes nothing."""


@dataclass
class Progress:
    """How far a run has come, for decisions: what it counts is only shown."""

    has_page: bool = False  # its sources were reached, and a page was stored
    has_posts: bool = False  # one with something in it: a run that a ceiling ends now was not for nothing


@dataclass
class JobContext:
    """The store, the time, and where a job counts what it did. `run_id` is None in a dry run.

    A context made of another by `replace` shares its counts, calls and progress: it is the same run.
    """

    store: Store
    now: datetime
    run_id: int | None = None
    profile: str = "default"
    dry_run: bool = False
    counts: dict[str, object] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    result: dict[str, object] = field(default_factory=dict)  # what `--json` shows beside the counts
    api_calls: list[ApiCall] = field(default_factory=list)
    _witness: ClockWitness = field(default_factory=ClockWitness)
    _made_at: datetime = field(default_factory=utc_now, init=False)  # by the clock of calls: `now` may be a told time
    still_alive: Callable[[], None] = lambda: None  # for a job without an end: says outside that it works

    @property
    def recorded_id(self) -> int:
        """Return the id of the run's row. Raises DryRunError when it has none."""
        if self.run_id is None:
            raise DryRunError("a dry run has no row in job_runs")
        return self.run_id

    @property
    def witness(self) -> ClockWitness:
        """Return what the answers of this run say of our clock."""
        self._witness.hear(self.api_calls)
        return self._witness

    def write(self, work: Callable[[], Result]) -> Result:
        """Return what *work* returns, all of its writes kept or none; see `Store.write`.

        Counts, calls and progress are as before when it is run again.
        """
        if self.dry_run:
            return work()
        counts = {name: dict(kept) if isinstance(kept, dict) else kept for name, kept in self.counts.items()}
        calls, progress = list(self.api_calls), replace(self.progress)

        def from_before() -> Result:
            self.counts.clear()
            self.counts.update({name: dict(kept) if isinstance(kept, dict) else kept for name, kept in counts.items()})
            self.api_calls[:] = calls
            vars(self.progress).update(vars(progress))
            return work()

        return self.store.write(from_before)

    def count(self, name: str, amount: int = 1) -> None:
        """Add to one of the run's counts, as shown in job_runs and `--json`."""
        current = self.counts.get(name, 0)
        if not isinstance(current, int):
            raise TypeError(f"count {name!r} is {current!r}, expected a number")
        self.counts[name] = current + amount

    def count_by(self, name: str, amounts: Mapping[str, int]) -> None:
        """Add to the parts of one of the run's counts, such as rejections by reason."""
        parts = self.counts.setdefault(name, {})
        if not isinstance(parts, dict):
            raise TypeError(f"count {name!r} is {parts!r}, expected parts")
        for key, amount in amounts.items():
            parts[key] = parts.get(key, 0) + amount

    def record_calls(self) -> None:
        """Store the calls made since the last time; call inside a transaction."""
        self._witness.hear(self.api_calls)
        calls, self.api_calls[:] = list(self.api_calls), []
        if not calls:
            return
        shift = self.now - self._made_at
        self.store.api_calls.add(
            [(c.at + shift, c.service, c.endpoint, c.code_class, c.seconds, c.status) for c in calls]
        )
        self.store.totals.add([API_REQUESTS.by(1, service=call.service, code_class=call.code_class) for call in calls])
        limits = {c.service: c.rate_limit_remaining for c in calls if c.rate_limit_remaining is not None}
        self.store.totals.set([API_RATE_LIMIT_REMAINING.at(left, service=service) for service, left in limits.items()])
