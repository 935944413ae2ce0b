"""End a run on SIGTERM, SIGINT or its deadline: at once, but never inside a group of writes."""

from __future__ import annotations

import signal
import threading
from datetime import timedelta
from types import FrameType, TracebackType
from typing import Any

from trendspark_cli.base.clock import duration_text
from trendspark_cli.base.errors import ExitCode, StopRequest
from trendspark_cli.store.protocol import Store

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


class StopSignals:
    """Between `listen` and `ignore` these signals raise StopRequest in the main thread; before and after, they wait.

    Nested ones leave the outer's deadline alone.
    """

    _is_open = False  # signal handlers belong to the process

    def __init__(self, store: Store, timeout: timedelta | None) -> None:
        self._store = store
        self._timeout = timeout
        self._pending: StopRequest | None = None
        self._is_outermost = False
        self._is_listening = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if StopSignals._is_open or threading.current_thread() is not threading.main_thread():
            return self
        self._is_outermost = StopSignals._is_open = True
        for number in _SIGNALS:
            self._previous[number] = signal.signal(number, self._on_signal)
        if self._timeout is not None and self._timeout > timedelta(0):
            signal.setitimer(signal.ITIMER_REAL, self._timeout.total_seconds())
        return self

    def listen(self) -> None:
        """From now on a signal ends the body; one that came before ends it at once."""
        if self._is_outermost:
            self._is_listening = True
            self._store.set_after_commit(self._raise_pending)
            self._raise_pending()

    def ignore(self) -> None:
        """From now on let everything run to its end: the steps after a body must not be cut short."""
        if self._is_outermost:
            self._is_listening, self._pending = False, None
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._store.set_after_commit(lambda: None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_outermost:
            self.ignore()
            StopSignals._is_open = False
            for number, previous in self._previous.items():
                signal.signal(number, previous)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._pending is None:
            self._pending = self._request(number)
        if self._is_listening and not self._store.in_transaction:
            self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending is not None:
            pending, self._pending = self._pending, None
            raise pending

    def _request(self, number: int) -> StopRequest:
        if number == signal.SIGALRM and self._timeout is not None:
            return StopRequest(ExitCode.DEADLINE, f"the time limit of {duration_text(self._timeout)} passed")
        if number == signal.SIGINT:
            return StopRequest(ExitCode.INTERRUPTED, "interrupted by SIGINT")
        return StopRequest(ExitCode.TERMINATED, f"stopped by {signal.Signals(number).name}")
