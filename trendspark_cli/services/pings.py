"""Tell a service outside, such as healthchecks.io, how runs go: it notices when nothing comes any more.

`URL/start`, then `URL` for a success, `URL/<exit code>` for a failure, or `URL/log` for a run that says nothing about
its job. A run that is killed sends no end, a paused job nothing at all. Pings never fail a run: they are in the log,
and the last one that was not taken stands beside the locks, where `doctor` finds it.

An address with `status=` in it is one that takes GET and nothing behind its path, as Uptime Kuma's do: it gets no
start, and at the end `status=up` or `status=down` with a word in `msg=`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import uuid4

from trendspark_cli.alerts.failure_streaks import NEUTRAL
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.clock import to_text, utc_now
from trendspark_cli.base.durable_files import replacing
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
    """The pings of one run, all with one run id. Without an address it does nothing.

    `refused` is the file that says why the last ping was not taken.
    """

    def __init__(
        self, job_id: str, address: str, answer_seconds: float, alive_seconds: float, refused: Path | None = None
    ) -> None:
        self._job_id = job_id
        self._address = address
        self._takes_states = takes_states(address)
        self._refused = refused
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
            if not self._takes_states:
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
        if self._takes_states and status in NEUTRAL:
            return
        self._send("log" if status in NEUTRAL else failed, self._tail.text())
        if self._is_sending(LONGEST_SECONDS):
            log.warning("the ping of %s did not get out in %.0f s", self._job_id, LONGEST_SECONDS)
            self._note(f"the last ping did not get out in {LONGEST_SECONDS:.0f} s")

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
        headers = {"User-Agent": "trendspark", "Content-Type": "text/plain; charset=utf-8"}
        try:
            with session(adapter) as opened:
                # A redirect is not followed: neither the address nor the log is for anybody else.
                if self._takes_states:
                    answer = opened.get(state_url(self._address, ending), headers=headers, allow_redirects=False)
                else:
                    url = ping_url(self._address, ending, self._rid)
                    answer = opened.post(url, data=body, headers=headers, allow_redirects=False)
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as error:
            log.warning("the %s ping of %s did not get out (%s)", name, self._job_id, type(error).__name__)
            self._note(f"the {name} ping did not get out ({type(error).__name__})")
            return
        told = excerpt(" ".join(answer.content[:1000].decode("utf-8", "replace").split()), 100)
        # healthchecks says so in its text: "not found", "rate limited"; Uptime Kuma in its JSON.
        if answer.status_code >= 300 or told.startswith(("OK (", '{"ok":false')):
            log.warning("the %s ping of %s was not taken: %d %s", name, self._job_id, answer.status_code, told)
            self._note(f"the {name} ping was not taken: {answer.status_code} {told}")
        else:
            self._note("")

    def _note(self, trouble: str) -> None:
        """Keep what is wrong with pings where `doctor` looks, or that nothing is; a disk that is full keeps nothing."""
        if self._refused is None:
            return
        with suppress(OSError):
            if not trouble:
                self._refused.unlink(missing_ok=True)
                return
            with replacing(self._refused, 0o600) as stream:
                stream.write(f"{to_text(utc_now())} {trouble}\n".encode())


@dataclass(frozen=True)
class Pings:
    """The addresses of jobs, from HEARTBEAT_URL_<JOB>."""

    addresses: Mapping[str, str]
    answer_seconds: float = ANSWER_SECONDS
    alive_seconds: float = ALIVE_SECONDS
    folder: Path | None = None  # where a ping that was not taken is noted

    def of_run(self, job_id: str) -> RunPings:
        """Return what pings for one run."""
        refused = None if self.folder is None else refused_file(self.folder, job_id)
        return RunPings(job_id, self.addresses.get(job_id, ""), self.answer_seconds, self.alive_seconds, refused)


def refused_file(folder: Path, job_id: str) -> Path:
    """Return the file that says why the last ping of a job was not taken; it is not there when it was."""
    return folder / f"{job_id}.ping"


def takes_states(address: str) -> bool:
    """Tell whether an address wants a state in its query, and nothing behind its path."""
    return any(name == "status" for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True))


def state_url(address: str, ending: str) -> str:
    """Return where to GET: *ending* is an exit code, or nothing for a success; the rest of the query stays as it is."""
    said = {"status": "down", "msg": f"exit code {ending}"} if ending else {"status": "up", "msg": "OK"}
    parts = urlsplit(address)
    query = [(name, said.get(name, value)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    query += [("msg", said["msg"])] if ending and "msg" not in dict(query) else []
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))


def ping_url(address: str, ending: str, rid: str) -> str:
    """Return where to ping: *ending* is `start`, `log`, an exit code, or nothing for a success."""
    parts = urlsplit(address)
    path = parts.path.rstrip("/") + (f"/{ending}" if ending else "")
    query = "&".join(filter(None, (parts.query, f"rid={rid}")))
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _keep_nothing(call: ApiCall) -> None:
    """Pings come after the run is on record; their line in the log is enough."""
