"""Say "still alive" in job_runs while a body is at work."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType

from trendspark_cli.base.clock import Clock
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.threads import start_thread
from trendspark_cli.store.protocol import Store

BEAT_SECONDS = 15.0
LAST_BEAT_SECONDS = 5.0  # for one that is being written; it may wait for the database longer than we for it

log = logging.getLogger(__name__)


class Heartbeat:
    """Beats from a thread with a store of its own, so that a body stuck in a call still shows as alive."""

    def __init__(
        self, open_store: Callable[[], Store], run_id: int, clock: Clock, *, beat_seconds: float = BEAT_SECONDS
    ) -> None:
        self._open_store = open_store
        self._run_id = run_id
        self._clock = clock
        self._beat_seconds = beat_seconds
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Heartbeat:
        """Begin to beat. Raises MachineFullError."""
        self._thread = start_thread(self._beat, "heartbeat")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=LAST_BEAT_SECONDS)

    def _beat(self) -> None:
        while not self._ended.wait(self._beat_seconds):
            try:
                store = self._open_store()
                try:
                    store.job_runs.beat(self._run_id, self._clock())
                finally:
                    store.close()
            except TrendSparkError as error:
                log.warning("heartbeat missed: %s", error)
