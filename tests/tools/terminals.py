"""A command on a terminal of its own, and somebody who types there."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.tools.processes import NotInTimeError

CTRL_C = "\x03"
LONGEST_SECONDS = 30.0


class Terminal:
    """One command whose terminal this is: what it shows, and what is typed."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        self.shown = ""
        self._seen = 0
        self._process = subprocess.Popen(
            argv,
            env={**environment, "TERM": "dumb", "COLUMNS": "200"},
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_as_a_terminal_does,
        )
        os.close(theirs)

    def waits_for(self, question: str) -> None:
        """Wait until a question is shown that was not there before."""
        until = time.monotonic() + LONGEST_SECONDS
        while question not in self.shown[self._seen :]:
            if time.monotonic() > until or not self._reads(until):
                self._end()
                raise NotInTimeError(f"{question!r} is not asked; shown: {self.shown[self._seen :]!r}")
        self._seen = self.shown.index(question, self._seen) + len(question)

    def types(self, text: str) -> None:
        """Type a line, or a control character without one."""
        os.write(self._ours, text.encode() if text == CTRL_C else f"{text}\n".encode())

    def answers(self, *answers: tuple[str, str | None]) -> None:
        """Wait for each of these questions and answer it; None waits only."""
        for question, answer in answers:
            self.waits_for(question)
            if answer is not None:
                self.types(answer)

    def ends(self) -> int:
        """Wait for the end, and return the exit code."""
        until = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < until and self._reads(until):
            pass
        return self._end()

    def _reads(self, until: float) -> bool:
        if not select.select([self._ours], [], [], max(0.0, until - time.monotonic()))[0]:
            return False
        try:
            part = os.read(self._ours, 65536)
        except OSError:  # the last process on that terminal has ended
            return False
        self.shown += part.decode("utf-8", "replace")
        return bool(part)

    def _end(self) -> int:
        try:
            return self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            os.close(self._ours)


def _as_a_terminal_does() -> None:
    """Have Ctrl-C reach the command, also where the tests were started in the background."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
