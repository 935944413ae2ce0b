"""The part every test server shares: sockets, the request log, and delivering answers."""

from __future__ import annotations

import gzip
import secrets
import socket
import struct
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from .certificates import Certificate
from .fault_plan import FaultPlan
from .messages import Answer, Delivery, LoggedRequest, Request

Clock = Callable[[], float]

STOP_SECONDS = 5.0  # longest wait for one thread at stop; they end at once unless there is a bug
POLL_SECONDS = 0.02  # how soon the accepting thread notices that it shall stop
PORTAL_PATH = "/captive-portal/login"  # where the login page of a captive portal is served
LOGIN_PAGE = b"<!DOCTYPE html><html><title>Sign in</title><body>Accept the terms.</body></html>"


class LocalServer(ABC):
    """An HTTP server on 127.0.0.1 that remembers its requests and can be made to misbehave.

    Use it as a context manager. `faults` scripts what goes wrong, `log` says what was asked.
    Leaving the block closes every connection and raises RuntimeError when the server itself
    had a bug, so that no test passes on a broken server.
    """

    platform: str

    def __init__(self, *, clock: Clock = time.time, certificate: Certificate | None = None) -> None:
        self.clock = clock
        self.date_off = 0.0  # seconds: what its answers' Date differs from this machine's clock
        self.faults = FaultPlan()
        self.crashes: list[BaseException] = []
        self.lock = threading.RLock()  # guards the log and the subclass's own state
        self._log: list[LoggedRequest] = []
        self._numbers: Counter[str] = Counter()
        self._certificate = certificate
        self._stopping = threading.Event()
        self._http: _Sockets | None = None
        self._acceptor: threading.Thread | None = None

    @abstractmethod
    def endpoint_name(self, method: str, path: str) -> str:
        """Return the short name tests use for this path; "unknown" when there is none."""

    @abstractmethod
    def respond(self, request: Request) -> Answer:
        """Return the healthy answer to *request*."""

    @property
    def url(self) -> str:
        """Scheme, host and port, without a final slash."""
        if self._http is None:
            raise RuntimeError("the server is not running; use it as a context manager")
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://127.0.0.1:{self._http.server_port}"

    @property
    def log(self) -> list[LoggedRequest]:
        """Every request so far, oldest first."""
        with self.lock:
            return list(self._log)

    def requests_of(self, endpoint: str) -> list[LoggedRequest]:
        """The logged requests of one endpoint."""
        return [entry for entry in self.log if entry.endpoint == endpoint]

    def start(self) -> Self:
        """Listen on a free port and answer in the background."""
        self._http = _Sockets(self, self._stopping)
        if self._certificate:
            self._http.socket = self._certificate.server_context().wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        self._acceptor = threading.Thread(
            target=self._http.serve_forever,
            args=(POLL_SECONDS,),
            daemon=True,
        )
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Close every connection and wait for the threads; safe to call twice."""
        self._stopping.set()
        if self._http is None or self._acceptor is None:
            return
        self._http.shutdown()
        self._acceptor.join(STOP_SECONDS)
        self._http.close_connections()
        self._http.server_close()
        self._acceptor = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        if self.crashes and error is None:
            raise RuntimeError("the test server itself failed") from self.crashes[0]

    def receive(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> tuple[Request, Answer]:
        """Log one request and return it with its answer."""
        parts = urlsplit(target)
        endpoint = self.endpoint_name(method, parts.path)
        plain = {name.lower(): value for name, value in headers.items()}
        authorization = plain.pop("authorization", None)
        with self.lock:
            self._numbers[endpoint] += 1
            query: dict[str, str] = {}
            for name, value in parse_qsl(parts.query, keep_blank_values=True):
                query.setdefault(name, value)
            request = Request(
                method=method,
                path=parts.path,
                query=query,
                headers=plain,
                authorization=authorization,
                body=body,
                endpoint=endpoint,
                number=self._numbers[endpoint],
                serial=sum(self._numbers.values()),
                platform=self.platform,
                server_url=self.url,
                time=self.clock(),
                pairs=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            )
            answer, fault_name = self._decide(request)
            self._log.append(LoggedRequest(request, answer.logged_status, fault_name))
        return request, answer

    def _decide(self, request: Request) -> tuple[Answer, str | None]:
        if request.path == PORTAL_PATH:
            page = Answer(body=LOGIN_PAGE, headers={"content-type": "text/html"})
            return page, None
        fault = self.faults.pick(request)
        if fault is not None:
            return fault.answer(request), fault.name
        return self.respond(request), None


class _Sockets(ThreadingHTTPServer):
    """Accepts connections, and can cut all of them at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner: LocalServer, stopping: threading.Event) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner
        self.stopping = stopping
        self._guard = threading.Lock()
        self._open: dict[int, tuple[threading.Thread, socket.socket]] = {}
        self.cut: set[int] = set()  # ids of sockets to be reset instead of closed politely

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            daemon=True,
        )
        with self._guard:
            self._open[id(request)] = (thread, request)
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.pop(id(request), None)
            was_cut = id(request) in self.cut
            self.cut.discard(id(request))
        if was_cut:
            request.close()  # no polite shutdown first: SO_LINGER 0 turns this into a reset
        else:
            super().shutdown_request(request)

    def close_connections(self) -> None:
        """Cut what is still open and wait for its threads."""
        with self._guard:
            still_open = list(self._open.values())
        for _thread, connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client left first
        for thread, _connection in still_open:
            thread.join(STOP_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        # A client that hangs up, times out or refuses our certificate is what tests are about.
        if error is not None and not isinstance(error, OSError):
            self.owner.crashes.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Sockets

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # whoever asked died while asking
            self.close_connection = True
            return
        headers = dict(self.headers.items())
        try:
            request, answer = self.server.owner.receive(self.command, self.path, headers, body)
        except Exception:
            self._deliver_head(Answer(status=500), 0)
            raise
        self._deliver(request, answer)

    def _deliver(self, request: Request, answer: Answer) -> None:
        if answer.delivery is Delivery.NEVER:
            self.server.stopping.wait()
            self.close_connection = True
        elif answer.delivery is Delivery.RESET:
            self._reset()
        else:
            self._deliver_bytes(request, answer)

    def _deliver_bytes(self, request: Request, answer: Answer) -> None:
        body, extra = answer.body, {}
        accepts_gzip = "gzip" in request.headers.get("accept-encoding", "")
        if answer.delivery is Delivery.WHOLE and accepts_gzip and len(body) > 200:
            body, extra = gzip.compress(body, 1), {"content-encoding": "gzip"}
        promised = len(body)
        if answer.delivery is Delivery.TRUNCATED:
            body = body[: len(body) // 2]
            self.close_connection = True
        head = self._head(answer, promised, extra)
        if answer.delivery is Delivery.DRIPPED:
            self.wfile.write(head)
            self._drip(answer)
        else:
            self.wfile.write(head + (b"" if request.method == "HEAD" else body))

    def _drip(self, answer: Answer) -> None:
        for start in range(0, len(answer.body), answer.drip_bytes):
            self.wfile.write(answer.body[start : start + answer.drip_bytes])
            if self.server.stopping.wait(answer.drip_seconds):
                self.close_connection = True
                return

    def _reset(self) -> None:
        linger_zero = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
        self.server.cut.add(id(self.request))
        self.close_connection = True

    def _deliver_head(self, answer: Answer, length: int) -> None:
        self.wfile.write(self._head(answer, length, {}))
        self.close_connection = True

    def _head(self, answer: Answer, length: int, extra: Mapping[str, str]) -> bytes:
        try:
            reason = HTTPStatus(answer.status).phrase
        except ValueError:
            reason = "Unknown"
        headers = {
            "date": self.date_time_string(time.time() + self.server.owner.date_off),
            "content-type": "text/plain",
            "x-request-id": secrets.token_hex(8),
            **{name.lower(): value for name, value in answer.headers.items()},
            **extra,
            "content-length": str(length),
        }
        if self.close_connection:  # unannounced, a client would try the connection again
            headers["connection"] = "close"
        lines = [f"HTTP/1.1 {answer.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
