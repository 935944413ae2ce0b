"""The outside of processes under test: start them, let them go on by steps, kill them."""

from __future__ import annotations

import atexit
import os
import select
import signal
import socket
import subprocess
import sys
from datetime import datetime
from functools import cache
from multiprocessing.connection import Connection
from typing import Any

from tests.installation import Installation
from tests.machines.stepping import PLAIN, WITH_MODEL, Ended, GoOn, Stopped, Task
from tests.tools.processes import PROJECT

LONGEST_STEP_SECONDS = 60.0  # of a machine that many share; a step takes milliseconds


@cache
def _mother() -> socket.socket:
    """Return where to ask for processes; the mother ends when this end is closed."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "tests.machines.stepping", str(theirs.fileno())]
    mother = subprocess.Popen(command, cwd=PROJECT, pass_fds=[theirs.fileno()])
    theirs.close()

    def end() -> None:
        ours.close()
        mother.wait(10)

    atexit.register(end)
    return ours


class Process:
    """A run of a job in a process of its own, which stands still until it is told to go on."""

    def __init__(self, here: Installation, job_id: str, body: str, **options: Any) -> None:
        ours, theirs = socket.socketpair()
        socket.send_fds(_mother(), [WITH_MODEL if body == "brief" else PLAIN], [theirs.fileno()])
        theirs.close()
        self._pipe = Connection(ours.detach())
        self.pid: int = self._receive()
        self._pidfd = os.pidfd_open(self.pid)
        self._pipe.send(Task(here.home, dict(here.environment), job_id, body, options))
        self.job_id = job_id
        self.began_at = here.now
        self.where = "at its beginning"
        self.end: Ended | None = None
        self.was_killed = False

    @property
    def lives(self) -> bool:
        """Whether it can go on."""
        return self.end is None and not self.was_killed

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it lives, and when it was killed."""
        return None if self.end is None else self.end.exit_code

    def go_on(self, now: datetime, die_after: int | None = None) -> datetime:
        """Let it go on to its next stop, its end or its death; return what time it is then."""
        self._pipe.send(GoOn(now, die_after))
        try:
            word: Stopped | Ended = self._receive()
        except (EOFError, ConnectionResetError):
            self._bury()
            return now
        if isinstance(word, Ended):
            self.end = word
            self._close()
        else:
            self.where = word.where
        return word.now

    def kill(self) -> None:
        """End it where it stands, as `kill -9` does."""
        os.kill(self.pid, signal.SIGKILL)
        self._bury()

    def _receive(self) -> Any:
        if not self._pipe.poll(LONGEST_STEP_SECONDS):
            raise TimeoutError("a step did not end")
        return self._pipe.recv()

    def _bury(self) -> None:
        """Wait until it is gone from the list of processes, not only silent."""
        self.was_killed = True
        self._close()

    def _close(self) -> None:
        if not select.select([self._pidfd], [], [], LONGEST_STEP_SECONDS)[0]:
            raise TimeoutError("a process did not end")
        self._pipe.close()
        os.close(self._pidfd)
