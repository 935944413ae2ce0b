"""A mail server that says what makes no sense, or goes on: nothing is believed, and the run ends in little memory."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.alerts.channel_desk import ChannelDesk
from tests.tools.memory import measured
from tests.tools.processes import COMMAND

SAYS = {"greeting": b"220 here", "EHLO": b"250 here", "MAIL": b"250 ok", "RCPT": b"250 ok", "DATA": b"354 go on"}
NONSENSE = {"no status": b"fine", "go on, again": b"354 more", "it is to follow": b"100 wait", "nothing": b""}
MOST_MIB = 100


@contextmanager
def mail_server(says: Mapping[str, bytes], *, again: str = "") -> Iterator[str]:
    """Run a mail server that says this, and one of its lines *again* without end; yield the address of a channel."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self._say("greeting")
                while word := self.rfile.readline()[:4].decode("ascii", "replace").upper():
                    self._say(word)
                    if word == "DATA":
                        while self.rfile.readline() not in (b".\r\n", b""):
                            pass
                        self._say("mail")

        def _say(self, what: str) -> None:
            line = says.get(what, b"250 ok")
            while what == again:
                self.wfile.write(line.replace(b" ", b"-") + b"\r\n")
            self.wfile.write(line + b"\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"smtp://127.0.0.1:{server.server_address[1]}/?from=a@example.org&to=b@example.org&tls=none"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("again", ["greeting", "EHLO"])
def test_an_answer_of_a_mail_server_that_goes_on_ends_in_little_memory(tmp_path: Path, again: str) -> None:
    with mail_server(SAYS, again=again) as address:
        desk = ChannelDesk(tmp_path / "home", address, HTTP_TIMEOUT="5s")
        found = measured((*COMMAND, "alert-test", "hello"), desk.surroundings(), tmp_path)

    assert (found.exit_code, found.mebibytes < MOST_MIB, found.seconds < 10) == (69, True, True), found


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE.keys())
def test_a_mail_that_is_answered_with_nonsense_is_uncertain(tmp_path: Path, said: bytes) -> None:
    with mail_server({**SAYS, "mail": said}) as address:
        desk = ChannelDesk(tmp_path / "home", address)
        desk.queue("a")
        result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], desk.counted("uncertain")) == (69, "pending", 1)
