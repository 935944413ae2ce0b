"""Threads that keep nobody waiting: refused ones are an error of ours, unanswered ones are left behind."""

from __future__ import annotations

import errno
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Generic, TypeVar

from trendspark_cli.base.errors import MachineFullError

T = TypeVar("T")

_REFUSAL = "can't start new thread"
HEAD_START = 0.05  # seconds before the next one is begun


class Answer(Generic[T]):
    """What a piece of work in a thread of its own has come to: a value, an error, or nothing yet."""

    def __init__(self, work: Callable[[], T], name: str) -> None:
        """Begin the work. Raises MachineFullError."""
        self._work = work
        self._value: list[T] = []
        self._error: BaseException | None = None
        self._thread = start_thread(self._run, name)

    def is_there(self, until: float) -> bool:
        """Wait until that time (monotonic) at the latest, and tell whether the work is done."""
        self._thread.join(max(0.0, until - time.monotonic()))
        return not self._thread.is_alive()

    def value(self) -> T:
        """Return what the work returned, or raise what it raised; call once it is there."""
        if self._error is not None:
            raise self._error
        return self._value[0]

    def _run(self) -> None:
        with suppress(BaseException):  # it is raised in the thread that asks
            try:
                self._value.append(self._work())
            finally:
                self._error = sys.exception()


def ask_all(works: Mapping[str, Callable[[], T]], seconds: float) -> dict[str, Answer[T] | None]:
    """Do all of these side by side and return each one's answer; None for those that had none in *seconds*.

    While they answer at once, one is begun after another: two that compute would only take the interpreter from each
    other. What does not answer goes on in a daemon thread, which does not keep the process. Raises MachineFullError.
    """
    begin = time.monotonic()
    until, all_begun = begin + seconds, begin + seconds / 4
    begun: dict[str, Answer[T]] = {}
    for name, work in works.items():
        begun[name] = Answer(work, f"ask {name}")
        begun[name].is_there(min(all_begun, time.monotonic() + HEAD_START))
    return {name: answer if answer.is_there(until) else None for name, answer in begun.items()}


def start_thread(work: Callable[[], object], name: str) -> threading.Thread:
    """Return a daemon thread at work. Raises MachineFullError when this machine gives us none."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise refusal_of(error) or error from error
    return thread


def refusal_of(error: BaseException) -> MachineFullError | None:
    """Return what it means that a thread or a process was refused; None for any other error."""
    is_thread = isinstance(error, RuntimeError) and str(error) == _REFUSAL
    if is_thread or (isinstance(error, BlockingIOError) and error.errno == errno.EAGAIN and error.filename is None):
        return MachineFullError(
            f"this machine refused a new {'thread' if is_thread else 'process'}",
            hint="look at `ulimit -u`, TasksMax of the unit or container, and free memory; the next run tries again",
        )
    return None
