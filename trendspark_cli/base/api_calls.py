"""Requests to remote services, as the books and the log have them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from trendspark_cli.base.log_setup import log_event

LONGEST_REQUEST_ID = 80  # characters

log = logging.getLogger(__name__)


class ApiCall(NamedTuple):
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
    """Hand a finished request to its job's books and to the log."""
    record(call)
    seconds = round(call.seconds, 3)
    fields = {"service": call.service, "endpoint": call.endpoint, "status": call.status, "duration": seconds}
    if call.request_id:
        fields["request_id"] = call.request_id[:LONGEST_REQUEST_ID]
    log_event(log, "request.completed", **fields)
