"""Bluesky's stream on 127.0.0.1: replay from a cursor, a floor, and all that can be wrong with a connection."""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from .certificates import Certificate
from .messages import JsonObject

COLLECTION = "app.bsky.feed.post"
QUIET_SECONDS = 20  # the network is never silent for longer: handles change, accounts open and close
Sent = str | bytes | JsonObject


def microseconds(moment: datetime) -> int:
    """A time as the stream tells it."""
    return round(moment.timestamp() * 1_000_000)


def tid(at: datetime, clock: int = 0) -> str:
    """A key as the network's software makes it: microseconds and a number of the clock, in 13 letters of base 32."""
    number = microseconds(at) << 10 | clock
    return "".join("234567abcdefghijklmnopqrstuvwxyz"[number >> shift & 31] for shift in range(60, -1, -5))


def post_event(
    at: datetime,
    text: str,
    *,
    did: str = "did:plc:somebody",
    key: str = "",
    operation: str = "create",
    **record: Any,
) -> JsonObject:
    """An event of a post; without a key the same call always makes the same one."""
    key = key or f"3k{zlib.crc32(f'{at} {text}'.encode()):011d}"
    made = {"$type": COLLECTION, "createdAt": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z", "langs": ["en"], "text": text, **record}
    commit = {"rev": "r", "operation": operation, "collection": COLLECTION, "rkey": key, "record": made, "cid": "c"}
    return {"did": did, "time_us": microseconds(at), "kind": "commit", "commit": commit}


def delete_event(at: datetime, post: JsonObject) -> JsonObject:
    """The event of a post's deletion: without a record."""
    commit = {"rev": "r", "operation": "delete", "collection": COLLECTION, "rkey": post["commit"]["rkey"]}
    return {"did": post["did"], "time_us": microseconds(at), "kind": "commit", "commit": commit}


def account_event(at: datetime, did: str, status: str | None) -> JsonObject:
    """The event of an account's state; without a status it is active."""
    account = {"active": status is None, "did": did, "seq": 1, **({"status": status} if status else {})}
    return {"did": did, "time_us": microseconds(at), "kind": "account", "account": account}


def id_of(post: JsonObject) -> str:
    """The id of an event's post."""
    return f"at://{post['did']}/{COLLECTION}/{post['commit']['rkey']}"


class JetstreamServer:
    """One host. What may be set, each for the next connections, one entry each:

    - `refusals`: statuses instead of a stream; 0 is a stream
    - `ends`: (events, close code) after which a connection ends; None as a code is a connection that breaks
    - `silent`: how many connections get nothing
    - `sent_first`: frames before all others, of every connection
    `publish` sends to those that are connected. `floor` is the oldest time that is replayed, and `early` how long
    before a cursor a replay begins (microseconds); `queries` are those of all connections.
    """

    def __init__(
        self,
        events: Iterable[JsonObject] = (),
        *,
        clock: Callable[[], float] = time.time,
        certificate: Certificate | None = None,
    ) -> None:
        self.clock = clock
        self.events = list(events)
        self.floor = 0
        self.early = 0
        self.refusals: list[int] = []
        self.ends: list[tuple[int, int | None]] = []
        self.silent = 0
        self.sent_first: list[Sent] = []
        self.queries: list[dict[str, str]] = []
        self.connected = 0
        self._live: list[JsonObject] = []
        self._stopping = threading.Event()
        self._server = serve(
            self._serve,
            "127.0.0.1",
            0,
            compression=None,
            ssl=certificate.server_context() if certificate is not None else None,
            process_request=self._refuse,
            process_response=self._without_date,
            close_timeout=0.2,
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._scheme = "ws" if certificate is None else "wss"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def start(self) -> Self:
        """Answer in the background."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close every connection."""
        self._stopping.set()
        self._server.shutdown()
        self._thread.join(5)

    def heal(self) -> None:
        """End all that is wrong with connections."""
        self.refusals, self.ends, self.silent, self.sent_first, self.early = [], [], 0, [], 0

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def publish(self, events: Iterable[JsonObject]) -> None:
        """Send events to whoever is connected, and keep them for who connects later."""
        made = list(events)
        self.events += made
        self._live += made

    def _refuse(self, connection: ServerConnection, request: Request) -> Response | None:
        status = self.refusals.pop(0) if self.refusals else 0
        return connection.respond(status, "no\n") if status else None

    def _without_date(self, connection: ServerConnection, request: Request, response: Response) -> None:
        """Such a host names no time."""
        with suppress(KeyError):
            del response.headers["Date"]

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        parts = urlsplit(connection.request.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.queries.append({"path": parts.path, **query})
        with suppress(ConnectionClosed):
            if self.silent:
                self.silent -= 1
            else:
                most, code = self.ends.pop(0) if self.ends else (None, 1000)
                sent = len(self._live)
                for frame in islice(self._frames(query.get("cursor")), most):
                    connection.send(frame)
                if most is not None:
                    self._end(connection, code)
                    return
                self._stay(connection, sent)
            while not self._stopping.is_set():
                with suppress(TimeoutError):
                    connection.recv(0.05)

    def _stay(self, connection: ServerConnection, sent: int) -> None:
        """Send what is made from now on, and now and then an event that is no post."""
        self.connected += 1
        quiet = time.monotonic()
        try:
            while not self._stopping.is_set():
                while sent < len(self._live):
                    connection.send(json.dumps(self._live[sent]))
                    sent += 1
                if time.monotonic() >= quiet + 1:
                    quiet = time.monotonic()
                    connection.send(json.dumps(_quiet(round(self.clock() * 1_000_000))))
                with suppress(TimeoutError):
                    connection.recv(0.02)
        finally:
            self.connected -= 1

    def _end(self, connection: ServerConnection, code: int | None) -> None:
        if code is None:
            connection.socket.shutdown(2)
        elif code == 1009:  # libraries send it by themselves only
            connection.protocol.fail(code)
            connection.socket.sendall(b"\x88\x02" + Close(code, "").code.to_bytes(2, "big"))
            connection.socket.shutdown(1)
        else:
            connection.close(code)

    def _frames(self, cursor: str | None) -> Iterator[str | bytes]:
        now = round(self.clock() * 1_000_000)
        start = max(int(cursor) - self.early if cursor else now, self.floor)
        start = min(start, now)  # a cursor in the future is "what is made from now on"
        quiet = [_quiet(at) for at in (*range(start, now, QUIET_SECONDS * 1_000_000), now)]
        kept = [event for event in self.events if start <= event["time_us"]]
        ordered = sorted([*kept, *quiet], key=lambda event: event["time_us"])
        sent: list[Sent] = [*self.sent_first, *ordered]
        return (json.dumps(frame) if isinstance(frame, dict) else frame for frame in sent)


def _quiet(at: int) -> JsonObject:
    """An event that is no post."""
    return {"did": "did:plc:other", "time_us": at, "kind": "identity", "identity": {"did": "did:plc:other"}}
