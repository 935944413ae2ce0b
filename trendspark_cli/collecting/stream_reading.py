"""Read one connection in a thread of its own, so that a slow disk does not look like a slow reader to the service."""

from __future__ import annotations

import queue
import threading
import time
from typing import NamedTuple

from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.threads import start_thread
from trendspark_cli.collecting.stream_source import StreamConnection, StreamEndedError

LONGEST_LINE = 2**20  # bytes
MOST_WAITING = 512  # chunks of at most 64 KiB: what a slow disk may leave in memory


class Lines(NamedTuple):
    """Complete lines that arrived together, perhaps none (a keep-alive). `at` is monotonic."""

    lines: list[bytes]
    at: float


class LineSplitter:
    """Cuts bytes into lines; characters cut in two by a chunk are whole again. Blank lines are keep-alives."""

    def __init__(self, service: str = "") -> None:
        self._service = service
        self._rest = b""

    def lines(self, chunk: bytes) -> list[bytes]:
        """Return the lines that are complete now; raise StreamEndedError when one does not end."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise StreamEndedError(self._service, "too_long", f"a line is longer than {LONGEST_LINE} bytes")
        return [line for line in lines if line.strip()]


class StreamReader:
    """Takes what arrives into a bounded queue. When it is full, reading waits, and so does the service.

    A service that waits too long closes the connection: what it had is then a gap, as with every other end.
    What arrives is paid for, whatever becomes of it, so when `most` lines have come the connection is closed: who takes
    them moves that number on.
    """

    def __init__(self, connection: StreamConnection, service: str = "", most: int | None = None) -> None:
        self._connection = connection
        self._service = service
        self._splitter = LineSplitter(service)
        self._queue: queue.Queue[Lines] = queue.Queue(MOST_WAITING)
        self.most = most  # lines in all; the taker alone writes it, as the reader does `received`
        self.received = 0
        self._is_stopped = threading.Event()
        self._ended: TrendSparkError | None = None
        self._failure: BaseException | None = None
        self._thread = start_thread(self._read, "stream")

    def take(self, seconds: float) -> Lines | None:
        """Return what arrived next, or None when nothing did for so long."""
        try:
            return self._queue.get(timeout=seconds) if seconds > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None

    @property
    def end(self) -> TrendSparkError | None:
        """Return why reading has ended, once it has and all that arrived was taken."""
        if self._thread.is_alive() or not self._queue.empty():
            return None
        if self._failure is not None:
            raise self._failure
        return self._ended

    def stop(self) -> None:
        """End the connection; what has arrived can still be taken. A second time does nothing."""
        self._is_stopped.set()
        self._connection.stop()
        self._thread.join()
        self._connection.close()

    def _read(self) -> None:
        try:
            for chunk in self._connection.chunks():
                lines = self._splitter.lines(chunk)
                self.received += len(lines)
                if is_too_much := self.most is not None and self.received >= self.most:
                    self._connection.close()  # before anything else, which may have to wait
                self._put(Lines(lines, time.monotonic()))
                if is_too_much:
                    raise StreamEndedError(self._service, "behind", "more came than was paid for")
                if self._is_stopped.is_set():
                    break
        except StreamEndedError as ended:
            self._ended = ended
        except BaseException as failure:  # raised in the thread that takes
            self._failure = failure
            raise

    def _put(self, lines: Lines) -> None:
        while True:
            try:
                return self._queue.put(lines, timeout=0.5)
            except queue.Full:
                if self._is_stopped.is_set():  # nobody takes while it is being stopped: keep it anyway
                    self._queue.maxsize = 0
