"""Services that give one answer to everything, whatever it is, and the command that asks each of them."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.installation import Installation, x_settings
from tests.money.briefing import open_trend

TOKEN = b'{"access_token": "t", "token_type": "bearer", "expires_in": 3600, "scope": "*"}'


@dataclass(frozen=True)
class Service:
    """A service, the command that asks it, and the settings that lead to an address."""

    command: tuple[str, ...]
    settings: Callable[[str], Mapping[str, str]]
    signs_in: bool = False  # with a good token, so that the answer is that of what follows
    prepare: Callable[[Installation], object] = lambda workplace: None


def _reddit(url: str) -> Mapping[str, str]:
    own = {"REDDIT_CLIENT_ID": "app-of-a-test", "REDDIT_CLIENT_SECRET": "s" * 27, "REDDIT_SUBREDDITS": "ferries"}
    return {**own, "REDDIT_USER_AGENT": "linux:tests:1 (by /u/nobody)", "REDDIT_BASE_URL": url, "REDDIT_OAUTH_URL": url}


def _telegram(url: str) -> Mapping[str, str]:
    token = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    return {"TELEGRAM_BOT_TOKEN": token, "TELEGRAM_CHAT_ID": "-1", "TELEGRAM_API_BASE_URL": url}


def _bucket(url: str) -> Mapping[str, str]:
    key = {"AWS_ACCESS_KEY_ID": "AKIAAAAAAAAAAAAAAAAA", "AWS_SECRET_ACCESS_KEY": "s" * 40, "AWS_REGION": "us-east-1"}
    return {**key, "ARCHIVE_URL": "s3://bucket", "AWS_ENDPOINT_URL": url}


def _model(url: str) -> Mapping[str, str]:
    return {"OPENAI_API_KEY": "key-of-a-test", "OPENAI_BASE_URL": f"{url}/v1", "NICHE": "local transport"}


SERVICES: Mapping[str, Service] = {
    "x": Service(("ingest", "--source", "x"), x_settings),
    "x counts": Service(("ingest", "--source", "x"), lambda url: x_settings(url, X_COUNTS_FIRST="true")),
    "x rules": Service(("rules", "list"), lambda url: x_settings(url, X_STREAM_ENABLED="true")),
    "reddit": Service(("ingest", "--source", "reddit"), _reddit, signs_in=True),
    "reddit sign-in": Service(("ingest", "--source", "reddit"), _reddit),
    "telegram": Service(("alert-test", "hello"), _telegram),
    "openai": Service(("brief",), _model, prepare=lambda workplace: open_trend(workplace)),
    "s3": Service(("archives", "verify"), _bucket),
}


def _named(scheme: str, path: str) -> Callable[[str], Mapping[str, str]]:
    """Return the settings of a channel with a name."""
    return lambda url: {"ALERT_URL_DESK": f"{scheme}{url.partition('://')[2]}{path}"}


def _hackernews(url: str) -> Mapping[str, str]:
    return {"HACKERNEWS_INGEST_ENABLED": "true", "HACKERNEWS_MODE": "all", "HACKERNEWS_API_BASE_URL": f"{url}/api/v1"}


def _bluesky(url: str) -> Mapping[str, str]:
    return {"BLUESKY_INGEST_ENABLED": "true", "KEYWORDS": "bridge", "BLUESKY_HOSTS": url.replace("http", "ws")}


SEND = ("channels", "test", "desk")
MORE_SERVICES: Mapping[str, Service] = {
    "hackernews": Service(("ingest", "--source", "hackernews"), _hackernews),
    "bluesky": Service(("ingest", "--source", "bluesky"), _bluesky),
    "slack": Service(SEND, _named("slack+http://", "/services/T/B/secret")),
    "discord": Service(SEND, _named("discord+http://", "/api/webhooks/1/secret")),
    "ntfy": Service(SEND, _named("ntfy://", "/topic")),
    "webhook": Service(SEND, _named("http://", "/hook")),
}
ALL_SERVICES: Mapping[str, Service] = {**SERVICES, **MORE_SERVICES}


@contextmanager
def answering_raw(answer: bytes, *, signs_in: bool) -> Iterator[str]:
    """Run a server that says these bytes to whoever has asked something, but for a sign-in, and hangs up."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked, length = self.rfile.readline(), 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.rfile.read(length)
            signed_in = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(TOKEN), TOKEN)
            with suppress(OSError):
                self.wfile.write(signed_in if signs_in and b"access_token" in asked else answer)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def answering(
    body: bytes, *, signs_in: bool, status: int = 200, kind: str = "application/json", packing: str = ""
) -> Iterator[str]:
    """Run a server that gives this answer to every request, but for a sign-in."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            said = TOKEN if signs_in and self.path.endswith("access_token") else body
            self.send_response(status if said is body else 200)
            self.send_header("Content-Type", kind)
            if packing and said is body:
                self.send_header("Content-Encoding", packing)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815 - the names of http.server

        def log_message(self, *told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *told: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
