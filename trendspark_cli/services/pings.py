"""Tell a service outside, such as healthchecks.io, how runs go: it notices when nothing comes any more.

`URL/start`, then `URL` for a success, `URL/<exit code>` for a failure, or `URL/log` for a run that says nothing about
its job. A run that is killed sends no end, a paused job nothing at all. Pings never fail a run: they are in the log.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from trendspark_cli.alerts.failure_streaks import NEUTRAL
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import MachineFullError
from trendspark_cli.base.log_setup import LogTail
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.base.threads import start_thread

ANSWER_SECONDS = 3.0
LONGEST_SECONDS = 10.0  # one retry included; a name server that hangs knows no time-out of ours
ALIVE_SECONDS = 300.0  # between two signs of life of a run that goes on for days
LOG_BYTES = 10_000

log = logging.getLogger(__name__)


class RunPings:
    """The pings of one run, all with one run id. Without an address it does nothing."""

    def __init__(self, job_id: str, address: str, answer_seconds: float, alive_seconds: float) -> None:
        self._job_id = job_id
        self._address = address
        self._answer_seconds = answer_seconds
        self._alive_seconds = alive_seconds
        self._rid = str(uuid4())
        self._tail = LogTail(LOG_BYTES)
        self._under_way: threading.Thread | None = None
        self._said = time.monotonic()

    def begin(self) -> None:
        """Say that the run has begun, while it goes on."""
        if self._address:
            self._tail.attach()
            self._send("start", b"")

    def alive(self) -> None:
        """Say that a run without an end is well, now and then, while it goes on."""
        is_due = time.monotonic() >= self._said + self._alive_seconds
        if self._address and is_due and not self._is_sending(0):
            self._send("", self._tail.text())

    def end(self, status: str, exit_code: int) -> None:
        """Say how the run ended, with its last lines of log, and wait until that is said, but not for ever."""
        if not self._address:
            return
        self._tail.detach()
        self._is_sending(LONGEST_SECONDS)  # in order: a late start would leave the run open
        failed = str(int(exit_code)) if exit_code else ""
        self._send("log" if status in NEUTRAL else failed, self._tail.text())
        if self._is_sending(LONGEST_SECONDS):
            log.warning("the ping of %s did not get out in %.0f s", self._job_id, LONGEST_SECONDS)

    def _send(self, ending: str, body: bytes) -> None:
        self._said = time.monotonic()
        try:
            self._under_way = start_thread(lambda: self._post(ending, body), "ping")
        except MachineFullError as error:
            log.warning("a ping of %s did not get out: %s", self._job_id, error)

    def _is_sending(self, wait_seconds: float) -> bool:
        if self._under_way is None:
            return False
        self._under_way.join(wait_seconds)
        return self._under_way.is_alive()

    def _post(self, ending: str, body: bytes) -> None:
        """Ping once, once more after a blip, and log what went wrong; never the address, which is a secret."""
        import requests
        from urllib3.exceptions import HTTPError

        from trendspark_cli.services.http import BoundedAdapter, session

        name = {"": "success", "start": "start", "log": "log"}.get(ending, "fail")
        adapter = BoundedAdapter(
            "ping", _keep_nothing, endpoint_of=lambda path: name, retries=1, answer_seconds=self._answer_seconds
        )
        url = ping_url(self._address, ending, self._rid)
        headers = {"User-Agent": "trendspark", "Content-Type": "text/plain; charset=utf-8"}
        try:
            with session(adapter) as opened:
                # A redirect is not followed: neither the address nor the log is for anybody else.
                answer = opened.post(url, data=body, headers=headers, allow_redirects=False)
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as error:
            log.warning("the %s ping of %s did not get out (%s)", name, self._job_id, type(error).__name__)
            return
        told = excerpt(" ".join(answer.content[:1000].decode("utf-8", "replace").split()), 100)
        if answer.status_code >= 300 or told.startswith("OK ("):  # healthchecks says so: "not found", "rate limited"
            log.warning("the %s ping of %s was not taken: %d %s", name, self._job_id, answer.status_code, told)


@dataclass(frozen=True)
class Pings:
    """The addresses of jobs, from HEARTBEAT_URL_<JOB>."""

    addresses: Mapping[str, str]
    answer_seconds: float = ANSWER_SECONDS
    alive_seconds: float = ALIVE_SECONDS

    def of_run(self, job_id: str) -> RunPings:
        """Return what pings for one run."""
        return RunPings(job_id, self.addresses.get(job_id, ""), self.answer_seconds, self.alive_seconds)


def ping_url(address: str, ending: str, rid: str) -> str:
    """Return where to ping: *ending* is `start`, `log`, an exit code, or nothing for a success."""
    parts = urlsplit(address)
    path = parts.path.rstrip("/") + (f"/{ending}" if ending else "")
    query = "&".join(filter(None, (parts.query, f"rid={rid}")))
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _keep_nothing(call: ApiCall) -> None:
    """Pings come after the run is on record; their line in the log is enough."""
