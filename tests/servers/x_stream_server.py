"""X's filtered stream and its rules on 127.0.0.1, in front of an XServer, whose search has what the stream missed."""

from __future__ import annotations

import json
import queue
import re
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from .messages import JsonObject
from .x_server import XServer

STREAM, RULES = "/2/tweets/search/stream", "/2/tweets/search/stream/rules"
KEEP_ALIVE_SECONDS = 0.1  # X takes 20; a connection that has gone is noticed as soon
_POST_ID = re.compile(rb'"data": ?\{[^{}]*?"id": ?"(\d+)"')
END = object()  # put into the queue of a connection to close it


class XStreamServer:
    """The stream of one app. `publish` puts posts into search, and into the stream while somebody listens.

    - `refusals`: (status, body) for the next attempts to connect, one each
    - `attempts`: monotonic times of all attempts
    - `is_silent`: no keep-alives, as a dead connection has none
    - `piece_bytes`: how many bytes go out at a time; 7 cuts characters in two
    - `date_off`: seconds that the Date of a connection differs from this machine's clock
    """

    def __init__(self, search: XServer) -> None:
        self.search = search
        self.refusals: list[tuple[int, str]] = []
        self.attempts: list[float] = []
        self.is_silent = False
        self.piece_bytes = 65536
        self.date_off = 0.0
        self.rules: dict[str, JsonObject] = {}
        self.dry_runs = 0
        self._changes = 0
        self._lock = threading.RLock()
        self._listener: queue.Queue[Any] | None = None
        self._stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def is_connected(self) -> bool:
        """Whether somebody listens."""
        return self._listener is not None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping.set()
        self.disconnect()
        self._http.shutdown()
        self._http.server_close()

    def publish(self, posts: Sequence[JsonObject], *, times: int = 1) -> None:
        """Publish posts; the stream sends each so many times."""
        self.search.add(posts)
        self.send_lines([json.dumps({"data": post, "matching_rules": [{"id": "1"}]}) for post in posts] * times)

    def send_lines(self, lines: Sequence[str]) -> None:
        """Send lines to whoever listens."""
        with self._lock:
            if self._listener is not None:
                self._listener.put("".join(f"{line}\r\n" for line in lines).encode())

    def bill(self, content: bytes) -> None:
        """Charge the posts of what was sent, as search does."""
        if ids := [found.decode() for found in _POST_ID.findall(content)]:
            with self.search.lock:
                self.search.billing.deliver(ids, self.search.clock())

    def disconnect(self) -> None:
        """Close the connection, as X does now and then."""
        with self._lock:
            if self._listener is not None:
                self._listener.put(END)

    def add_rule(self, value: str, tag: str) -> None:
        """Add a rule as another program of the same app would."""
        with self._lock:
            self._changes += 1
            rule_id = str(1_700_000_000_000_000_000 + self._changes)
            self.rules[rule_id] = {"id": rule_id, "value": value, "tag": tag}

    def change_rules(self, body: JsonObject, *, is_dry: bool) -> JsonObject:
        """Answer a POST to the rules."""
        with self._lock:
            known = {rule["value"] for rule in self.rules.values()}
            errors: list[JsonObject] = []
            added: list[JsonObject] = []
            before = dict(self.rules)
            for rule in body.get("add", ()):
                if rule["value"] in known:
                    errors.append({"title": "DuplicateRule", "value": rule["value"]})
                elif "lang:klingon" in rule["value"]:
                    details = ["'klingon' is no language of X"]
                    errors.append({"title": "UnprocessableEntity", "value": rule["value"], "details": details})
                else:
                    self.add_rule(rule["value"], rule.get("tag", ""))
                    added.append(list(self.rules.values())[-1])
            for rule_id in body.get("delete", {}).get("ids", ()):
                self.rules.pop(rule_id, None)
            if is_dry:
                self.rules, self.dry_runs = before, self.dry_runs + 1
            summary = {"created": len(added), "not_created": len(errors)}
            answer: JsonObject = {"data": added, "errors": errors, "meta": {"summary": summary}}
            return {name: value for name, value in answer.items() if value}

    def listen(self) -> tuple[int, str] | queue.Queue[Any]:
        """Take an attempt to connect: a queue of bytes, or how it is refused."""
        with self._lock:
            self.attempts.append(time.monotonic())
            if self.refusals:
                return self.refusals.pop(0)
            if self._listener is not None:
                return 429, '{"title":"ConnectionException","connection_issue":"TooManyConnections"}'
            if not self.rules:
                return 409, '{"title":"RuleConfigurationIssue","detail":"You must define rules"}'
            self._listener = queue.Queue()
            return self._listener

    def hang_up(self) -> None:
        """Forget the connection."""
        with self._lock:
            self._listener = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if path == RULES:
                    self._answer({"data": list(server.rules.values()), "meta": {"sent": "now"}})
                elif path == STREAM:
                    self._stream()
                else:
                    self._forward()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(server.change_rules(body, is_dry="dry_run=true" in self.path.lower()))

            def _stream(self) -> None:
                if self.headers.get("Authorization") != f"Bearer {server.search.bearer_token}":
                    return self._answer({"title": "Unauthorized"}, 401)
                listener = server.listen()
                if isinstance(listener, tuple):
                    return self._answer(listener[1], listener[0])
                try:
                    self.send_response_only(200)
                    self.send_header("Date", self.date_time_string(time.time() + server.date_off))
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    self._send(b"\r\n")
                    self._send_all(listener)
                finally:
                    server.hang_up()
                    self.close_connection = True

            def _send_all(self, listener: queue.Queue[Any]) -> None:
                while not server._stopping.is_set():
                    try:
                        content = listener.get(timeout=KEEP_ALIVE_SECONDS)
                    except queue.Empty:
                        content = b"" if server.is_silent else b"\r\n"
                    if content is END:
                        with suppress(OSError):
                            self.wfile.write(b"0\r\n\r\n")
                        return
                    if not self._is_read() or (content and not self._send(content)):
                        return
                    server.bill(content)

            def _is_read(self) -> bool:
                """Notice that the other side has gone, as X does."""
                self.connection.settimeout(0)
                try:
                    return bool(self.connection.recv(1, socket.MSG_PEEK))
                except (BlockingIOError, TimeoutError):
                    return True
                except OSError:
                    return False
                finally:
                    self.connection.settimeout(30)

            def _send(self, content: bytes) -> bool:
                try:
                    for start in range(0, len(content), server.piece_bytes):
                        piece = content[start : start + server.piece_bytes]
                        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                    self.wfile.flush()
                except OSError:
                    return False
                return True

            def _forward(self) -> None:
                authorization = {"Authorization": self.headers["Authorization"]}
                asked = urllib.request.Request(server.search.url + self.path, headers=authorization)
                try:
                    with urllib.request.urlopen(asked, timeout=10) as answer:
                        self._answer(answer.read().decode(), answer.status, dict(answer.headers))
                except urllib.error.HTTPError as refusal:
                    self._answer(refusal.read().decode(), refusal.code, dict(refusal.headers))

            def _answer(self, body: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
                content = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response_only(status)
                for name, value in (headers or {}).items():
                    if name.lower().startswith("x-"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
