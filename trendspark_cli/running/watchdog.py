"""End the process when nothing else does: Python hears of a signal only between two of its own steps.

A thread reads the numbers of signals as they arrive. Should the main thread be somewhere it cannot be called back
from (a name server, a disk, a library), the process ends all the same: what is committed stays, and the next run marks
this one as abandoned.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import NoReturn

from trendspark_cli.base.errors import ExitCode, MachineFullError
from trendspark_cli.base.threads import start_thread

BEGIN_SECONDS = 120.0  # for all that comes before a body: locks, the database, the crontab
GRACE_SECONDS = 60.0  # for a body to end after its time limit or a signal: it may be in a group of writes
LAST_GRACE_SECONDS = 5.0  # the same once the run is on record
_LOG_SECONDS = 1.0
_CODES = {
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGALRM: ExitCode.DEADLINE,
}

log = logging.getLogger(__name__)


class Watchdog:
    """Between `with` and its end the process has a last moment, which `expect` moves. One at a time counts."""

    _current: Watchdog | None = None  # signals belong to the process

    def __init__(self, name: str) -> None:
        self._name = name
        self._until: float | None = time.monotonic() + BEGIN_SECONDS
        self._grace_seconds = GRACE_SECONDS
        self._code = ExitCode.DEADLINE
        self._is_ours = False
        self._reading = self._writing = -1
        self._previous = -1
        self._thread: threading.Thread | None = None

    @classmethod
    def expect(cls, seconds: float | None, grace_seconds: float = GRACE_SECONDS) -> None:
        """Say how long the next step may take at most, and how long after a signal; None: for ever."""
        if cls._current is not None:
            cls._current._expect(seconds, grace_seconds)

    def __enter__(self) -> Watchdog:
        if Watchdog._current is not None or threading.current_thread() is not threading.main_thread():
            return self
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._thread = start_thread(self._watch, "watchdog")
        except MachineFullError as error:  # the run itself will say so
            log.warning("nobody watches this run: %s", error)
            self._close()
            return self
        self._is_ours, Watchdog._current = True, self
        self._previous = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_ours and self._thread is not None:
            signal.set_wakeup_fd(self._previous)
            Watchdog._current = None
            self._tell(_END)
            self._thread.join()
            self._close()

    def _expect(self, seconds: float | None, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._code = ExitCode.DEADLINE
        self._until = None if seconds is None else time.monotonic() + seconds
        self._tell(_MOVED)

    def _tell(self, what: int) -> None:
        with suppress(BlockingIOError):  # so much has arrived that it is awake
            os.write(self._writing, bytes([what]))

    def _close(self) -> None:
        os.close(self._reading)
        os.close(self._writing)

    def _watch(self) -> None:
        while True:
            until = self._until
            left = None if until is None else max(0.0, until - time.monotonic())
            if select.select([self._reading], [], [], left)[0]:
                for number in os.read(self._reading, 1024):
                    if number == _END:
                        return
                    self._hear(number)
            elif until == self._until:
                self._end()

    def _hear(self, number: int) -> None:
        if number in _CODES:
            at = time.monotonic() + self._grace_seconds
            if self._until is None or at < self._until:
                self._until, self._code = at, _CODES[signal.Signals(number)]

    def _end(self) -> NoReturn:
        """Say so in one line and leave; neither a full pipe nor a lock of the log may keep us."""
        told = f"trendspark {self._name}: it did not end in time and was ended"
        with suppress(OSError, ValueError):
            if select.select([], [2], [], 0)[1]:
                os.write(2, f"{told} ({int(self._code)})\n".encode())
        with suppress(MachineFullError):
            start_thread(lambda: log.error("%s", told), "last words").join(_LOG_SECONDS)
        os._exit(self._code)


_END, _MOVED = 0, 255  # no signals
