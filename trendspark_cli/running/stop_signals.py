"""End a run on SIGTERM, SIGINT or its deadline: at once, but never inside a group of writes.

What follows the body has a deadline of its own, and after a signal a few seconds.
"""

from __future__ import annotations

import signal
import threading
from datetime import timedelta
from types import FrameType, TracebackType
from typing import Any

from trendspark_cli.base.clock import duration_text
from trendspark_cli.base.errors import ExitCode, StopRequest
from trendspark_cli.running.watchdog import GRACE_SECONDS, LAST_GRACE_SECONDS, Watchdog
from trendspark_cli.store.protocol import Store

REST_SECONDS = 60.0  # for what follows once a run is on record: metrics and pings
STOPPED_SECONDS = 5.0  # the same for a run that a signal has ended: enough for what does not hang
LATE_STOP_SECONDS = 2.0  # the same after a signal that comes only then
AGAIN_SECONDS = 5.0  # what was raised inside a callback of the interpreter is lost, and raised again
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


class StopSignals:
    """Between `listen` and `ignore` these signals raise StopRequest in the main thread; before and after, they wait.

    From `limit` on, one that ended the body or comes now leaves the rest a few seconds.

    Nested ones leave the outer's deadline alone.
    """

    _is_open = False  # signal handlers belong to the process

    def __init__(self, store: Store, timeout: timedelta | None) -> None:
        self._store = store
        self._timeout = timeout
        self._pending: StopRequest | None = None
        self._is_outermost = False
        self._is_listening = False
        self._is_closing = False
        self._stop: StopRequest | None = None  # the first signal that was no deadline
        self._raised: StopRequest | None = None  # and the body has not ended yet
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if StopSignals._is_open or threading.current_thread() is not threading.main_thread():
            return self
        self._is_outermost = StopSignals._is_open = True
        for number in _SIGNALS:
            self._previous[number] = signal.signal(number, self._on_signal)
        if self._timeout is not None and self._timeout > timedelta(0):
            signal.setitimer(signal.ITIMER_REAL, self._timeout.total_seconds())
            Watchdog.expect(self._timeout.total_seconds() + GRACE_SECONDS)
        else:
            Watchdog.expect(None)
        return self

    @property
    def has_come(self) -> bool:
        """Tell whether somebody wants this process to end: a signal that was no deadline."""
        return self._stop is not None

    def listen(self) -> None:
        """From now on a signal ends the body; one that came before ends it at once."""
        if self._is_outermost:
            self._is_listening = True
            self._store.set_after_commit(self._raise_pending)
            self._raise_pending()

    def ignore(self) -> None:
        """From now on let everything run to its end: the record of a run must not be cut short."""
        if self._is_outermost:
            self._is_listening, self._is_closing, self._pending, self._raised = False, False, None, None
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._store.set_after_commit(lambda: None)
            Watchdog.expect(REST_SECONDS + GRACE_SECONDS)

    def limit(self, seconds: float = REST_SECONDS) -> None:
        """From now on StopRequest ends what takes longer than that, and soon after a signal has come."""
        if self._is_outermost:
            self._is_listening = self._is_closing = True
            self._pending = self._raised = None
            self._store.set_after_commit(self._raise_pending)
            seconds = min(seconds, STOPPED_SECONDS) if self._stop is not None else seconds
            signal.setitimer(signal.ITIMER_REAL, seconds)
            Watchdog.expect(seconds + LAST_GRACE_SECONDS, LATE_STOP_SECONDS + LAST_GRACE_SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_outermost:
            self.ignore()
            StopSignals._is_open = False
            for number, previous in self._previous.items():
                signal.signal(number, previous)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGALRM and self._stop is None:
            self._stop = self._request(number)
            if self._is_closing:
                signal.setitimer(signal.ITIMER_REAL, LATE_STOP_SECONDS)
        if self._is_closing and number != signal.SIGALRM:
            return
        if self._pending is None:
            self._pending = self._raised or self._request(number)
        if self._is_listening and not self._store.in_transaction:
            self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending is not None:
            pending, self._pending = self._pending, None
            if not self._is_closing:
                self._raised = pending
                signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
            raise pending

    def _request(self, number: int) -> StopRequest:
        if self._is_closing and number == signal.SIGALRM:
            return self._stop or StopRequest(ExitCode.DEADLINE, f"what follows the run took {REST_SECONDS:.0f} s")
        if number == signal.SIGALRM and self._timeout is not None:
            return StopRequest(ExitCode.DEADLINE, f"the time limit of {duration_text(self._timeout)} passed")
        if number == signal.SIGINT:
            return StopRequest(ExitCode.INTERRUPTED, "interrupted by SIGINT")
        return StopRequest(ExitCode.TERMINATED, f"stopped by {signal.Signals(number).name}")
