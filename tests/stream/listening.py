"""An installation that streams from a loopback X, as a real process or in this one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.ingest.operator import TOKEN, Operator
from tests.installation import x_settings
from tests.servers import XServer, x_post
from tests.servers.x_stream_server import XStreamServer
from tests.tools.processes import wait_for

QUERY = "(bridge) -is:retweet"


def now() -> datetime:
    """The present: streams are listened to in real time."""
    return datetime.now(UTC)


def posts(count: int, text: str = "the bridge", *, first: int = 0, before: timedelta = timedelta(0)) -> list[Any]:
    """Posts of now, each with an id of its own."""
    moment = now() - before
    return [
        x_post(moment + timedelta(milliseconds=n), f"{text} {first + n}", author_id=str(first + n + 1))
        for n in range(count)
    ]


class Listener:
    """An operator, the stream of X, and the process that listens."""

    def __init__(self, home: Path, server: XStreamServer, **settings: str) -> None:
        self.server = server
        streaming = {"X_STREAM_ENABLED": "true", "HTTP_TIMEOUT": "5s"}
        self.operator = Operator(home, x_settings(server.url, **{**streaming, **settings}))

    def stored(self) -> set[str]:
        """Ids of stored posts."""
        return self.operator.stored_ids()

    def gaps(self) -> list[dict[str, Any]]:
        """All gaps, oldest first."""
        return self.operator.rows("SELECT * FROM gaps ORDER BY id")

    def sync(self) -> None:
        """Give X our rules."""
        done = self.operator.command("rules", "sync")
        assert done.exit_code == 0, done.stderr

    @contextmanager
    def listening(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Keep `stream` running; it is stopped by SIGTERM at the end, if it still runs."""
        process = self.operator.start("stream", *arguments)
        try:
            wait_for("the stream is connected", lambda: self.server.is_connected, seconds=20, pause=0.02)
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)
            # Or the next one would be taken for connected, and what is published then would go to this one.
            wait_for("X has noticed", lambda: not self.server.is_connected, seconds=5, pause=0.01)

    def wait_stored(self, wanted: set[str]) -> None:
        """Wait until these posts are stored."""
        wait_for("all posts are stored", lambda: wanted <= self.stored(), seconds=20, pause=0.05)


@contextmanager
def x_stream(home: Path, **settings: str) -> Iterator[Listener]:
    """An operator with rules at a loopback X."""
    with XServer(bearer_token=TOKEN, match_everything=True) as search, XStreamServer(search) as server:
        listener = Listener(home, server, **settings)
        listener.sync()
        yield listener
