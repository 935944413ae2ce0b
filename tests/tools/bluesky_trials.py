"""Bluesky at length: hours of its stream caught up with in one ingest, and a stream as fast as the network writes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.ingest.operator import Operator
from tests.servers import JetstreamServer, post_event
from tests.tools.memory import measured
from tests.tools.processes import COMMAND, cron_environment, wait_for

SPAN = timedelta(hours=8)
WANTED_EVERY = 100  # posts: one has a keyword
WORDS = ("the", "and", "quay", "tide", "crew", "rope", "deck", "mast", "sail", "port", "fog", "wind", "rain", "buoy")


@dataclass(frozen=True)
class CaughtUp:
    """What one ingest brought, and what it took."""

    exit_code: int
    wanted: int
    stored: int
    seconds: float
    cpu_seconds: float
    mebibytes: float
    connections: int


@dataclass(frozen=True)
class Live:
    """What became of the posts of a stream."""

    sent: int
    stored: int
    seconds: float
    cpu_seconds: float
    mib_early: float
    mib_late: float


def keywords_of(count: int) -> str:
    """So many keywords, the first of which posts hold."""
    return ",".join(["ferry", *(f"harbour{n} tunnel" if n % 3 == 0 else f"keyword{n}" for n in range(1, count))])


class _Replay:
    """A host that holds posts of the last hours, made while they are sent: there may be more than fit into memory."""

    def __init__(self, posts: int) -> None:
        self._posts = posts
        self._end = datetime.now(UTC)
        self.connections = 0
        self._server = serve(self._serve, "127.0.0.1", 0, compression=None, close_timeout=0.2, ping_timeout=None)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *what: object) -> None:
        self._server.shutdown()
        self._thread.join(5)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        asked = parse_qs(urlsplit(connection.request.path).query).get("cursor", ["0"])
        self.connections += 1
        with suppress(ConnectionClosed):
            for frame in self._frames(int(asked[0]) / 1e6):
                connection.send(frame)
            while True:
                time.sleep(1)
                connection.send(_quiet(datetime.now(UTC)))

    def _frames(self, since: float) -> Iterator[str]:
        end = self._end
        first, step = (end - SPAN).timestamp() + 30, (SPAN.total_seconds() - 60) / self._posts
        for number in range(max(0, int((since - first) / step)), self._posts):
            at = first + step * number
            subject = "ferry" if number % WANTED_EVERY == 0 else WORDS[number % len(WORDS)]
            others = " ".join(WORDS[(number * 7 + n * n) % len(WORDS)] for n in range(12))
            created = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
            yield (
                f'{{"did":"did:plc:a{number % 50_000}","time_us":{round(at * 1e6)},"kind":"commit","commit":{{"rev":'
                f'"r","operation":"create","collection":"app.bsky.feed.post","rkey":"k{number}","record":{{"$type":'
                f'"app.bsky.feed.post","createdAt":"{created}","langs":["en"],"text":"{subject} {number} {others}"}},'
                f'"cid":"c"}}}}'
            )
        yield _quiet(datetime.now(UTC))


def _quiet(at: datetime) -> str:
    return f'{{"did":"did:plc:o","time_us":{round(at.timestamp() * 1e6)},"kind":"identity","identity":{{}}}}'


def _settings(url: str, keywords: int, mode: str = "keywords") -> dict[str, str]:
    return {
        "BLUESKY_INGEST_ENABLED": "true",
        "BLUESKY_HOSTS": url,
        "BLUESKY_API_BASE_URL": "http://127.0.0.1:9",
        "BLUESKY_MODE": mode,
        "BLUESKY_FIRST_RUN_LOOKBACK": "8h",
        "KEYWORDS": keywords_of(keywords),
        "JOB_TIMEOUT_INGEST": "2h",
    }


def caught_up(folder: Path, *, posts: int, mode: str, keywords: int) -> CaughtUp:
    """Read eight hours with so many posts in one `ingest`, a process of its own."""
    folder.mkdir(parents=True)
    with _Replay(posts) as host:
        operator = Operator(folder / "home", _settings(host.url, keywords, mode))
        environment = cron_environment(operator.home, operator.environment)
        done = measured([*COMMAND, "ingest", "--source", "bluesky", "--json"], environment, folder)
    wanted = posts if mode == "all" else -(-posts // WANTED_EVERY)
    stored = len(operator.stored_ids("bluesky"))
    return CaughtUp(done.exit_code, wanted, stored, done.seconds, done.cpu_seconds, done.mebibytes, host.connections)


def live(folder: Path, *, rate: int, seconds: int, keywords: int) -> Live:
    """Stream *rate* posts a second for so long, each of which some profile wants."""
    folder.mkdir(parents=True)
    with JetstreamServer() as host:
        operator = Operator(folder / "home", _settings(host.url, keywords))
        process = operator.start("stream")
        try:
            wait_for("connected", lambda: host.connected > 0, seconds=60)
            early, began = 0.0, time.monotonic()
            for tick in range(seconds):
                now = datetime.now(UTC)
                host.publish(post_event(now, f"ferry {tick} {n}", did=f"did:plc:{n}") for n in range(rate))
                if tick == seconds // 4:
                    early = _resident_mib(process.pid)
                time.sleep(max(0.0, began + tick + 1 - time.monotonic()))
            taken, sent = time.monotonic() - began, seconds * rate
            with suppress(TimeoutError, AssertionError):
                wait_for("all is stored", lambda: len(operator.stored_ids("bluesky")) >= sent, seconds=60)
            late, used = _resident_mib(process.pid), _cpu_seconds(process.pid)
        finally:
            process.terminate()
            process.communicate(timeout=60)
        return Live(sent, len(operator.stored_ids("bluesky")), taken, used, early, late)


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
