"""What a job gets from its runner."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from trendspark_cli.base.log_setup import log_event
from trendspark_cli.base.metrics import Amount
from trendspark_cli.store.protocol import Store

LONGEST_REQUEST_ID = 80  # characters

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ApiCall:
    """One request to a remote service. `status` is None when no answer came."""

    at: datetime
    service: str
    endpoint: str  # from a short fixed list: it is stored and alerted on
    status: int | None
    seconds: float
    rate_limit_remaining: float | None = None
    request_id: str = ""  # what the service calls this request, for its support
    answered_at: str = ""  # the time of its answer as the service wrote it (HTTP Date)

    @property
    def code_class(self) -> str:
        """Return `2xx`, `4xx`, ..., or `transport` when no answer came."""
        return "transport" if self.status is None else f"{self.status // 100}xx"


def note_call(record: Callable[[ApiCall], None], call: ApiCall) -> None:
    """Hand a finished request to its job's ledger and to the log."""
    record(call)
    seconds = round(call.seconds, 3)
    fields = {"service": call.service, "endpoint": call.endpoint, "status": call.status, "duration": seconds}
    if call.request_id:
        fields["request_id"] = call.request_id[:LONGEST_REQUEST_ID]
    log_event(log, "request.completed", **fields)


@dataclass
class JobContext:
    """The store, the time, and where a job counts what it did. `run_id` is None in a dry run."""

    store: Store
    now: datetime
    run_id: int | None = None
    profile: str = "default"
    dry_run: bool = False
    counts: dict[str, object] = field(default_factory=dict)
    result: dict[str, object] = field(default_factory=dict)  # what `--json` shows beside the counts
    api_calls: list[ApiCall] = field(default_factory=list)
    still_alive: Callable[[], None] = lambda: None  # for a job without an end: says outside that it works

    def transaction(self) -> AbstractContextManager[None]:
        """Group writes; in a dry run there are none to group."""
        return nullcontext() if self.dry_run else self.store.transaction()

    def count(self, name: str, amount: int = 1) -> None:
        """Add to one of the run's counts, as shown in job_runs and `--json`."""
        current = self.counts.get(name, 0)
        assert isinstance(current, int)
        self.counts[name] = current + amount

    def count_by(self, name: str, amounts: Mapping[str, int]) -> None:
        """Add to the parts of one of the run's counts, such as rejections by reason."""
        parts = self.counts.setdefault(name, {})
        assert isinstance(parts, dict)
        for key, amount in amounts.items():
            parts[key] = parts.get(key, 0) + amount

    def record_calls(self) -> None:
        """Store the calls made since the last time; call inside a transaction."""
        calls, self.api_calls[:] = list(self.api_calls), []
        if not calls:
            return
        self.store.api_calls.add([(c.at, c.service, c.endpoint, c.code_class, c.seconds, c.status) for c in calls])
        self.store.totals.add(
            [
                Amount("trendspark_api_requests_total", {"service": c.service, "code_class": c.code_class}, 1)
                for c in calls
            ]
        )
        limits = {c.service: c.rate_limit_remaining for c in calls if c.rate_limit_remaining is not None}
        self.store.totals.set(
            [Amount("trendspark_api_rate_limit_remaining", {"service": s}, left) for s, left in limits.items()]
        )
