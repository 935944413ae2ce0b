"""A real browser without a window, whose every request goes to a server of the test."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",  # tests run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
DARK = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")
ITS_MAKERS = re.compile(r"(https?://)?[\w.-]+\.(google|googleapis|gvt1)\.com[:/]")  # what it asks for by itself
SITE = "http://report.test"  # found by nobody: the server of the test is the proxy for all hosts


@contextmanager
def watched_site(page: bytes) -> Iterator[tuple[int, list[str]]]:
    """Serve a page at SITE; yield the port of the proxy, and what pages asked for, whichever host it is of."""
    asked: list[str] = []

    def note(path: str) -> None:
        if not ITS_MAKERS.match(path):
            asked.append(path)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            note(self.path)
            is_page = self.path == f"{SITE}/index.html"
            self.send_response(200 if is_page else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page if is_page else b"")

        def do_CONNECT(self) -> None:
            note(self.path)
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def browse(*options: str, seconds: float = 60.0) -> str:
    """Start the browser with a profile of its own, and return what it printed."""
    assert BROWSER is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [BROWSER, *QUIET, f"--user-data-dir={profile}", *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True).stdout


def picture(page: Path, target: Path, width: int, height: int, *, is_dark: bool = False) -> None:
    """Draw the top of a page as PNG."""
    browse(
        *(DARK if is_dark else ()),
        f"--window-size={width},{height}",
        f"--screenshot={target}",
        page.absolute().as_uri(),
    )
