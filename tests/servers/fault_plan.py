"""Which request of a server meets which fault."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from .messages import Fault, Request

Decider = Callable[[Request], Fault | None]


@dataclass
class _Step:
    fault: Fault | None
    endpoint: str | None
    left: int | None  # how many requests it still answers; None for ever

    def takes(self, request: Request) -> bool:
        return self.left != 0 and self.endpoint in (None, request.endpoint)


class FaultPlan:
    """A queue of faults, and one optional function asked when the queue has nothing to say."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: list[_Step] = []
        self._decide: Decider | None = None

    def add(
        self,
        fault: Fault | None,
        *,
        times: int | None = 1,
        endpoint: str | None = None,
    ) -> FaultPlan:
        """Queue *fault* for the next *times* requests (None: for ever) and return the plan.

        A fault of None is a healthy answer, so `add(None, times=2).add(hang())` breaks the third
        request. Without *endpoint* every request counts, token requests included.
        """
        with self._lock:
            self._steps.append(_Step(fault, endpoint, times))
        return self

    def decide_with(self, decide: Decider) -> None:
        """Ask *decide* about each request no queued step takes; None means a healthy answer."""
        with self._lock:
            self._decide = decide

    def clear(self) -> None:
        """Be healthy again."""
        with self._lock:
            self._steps.clear()
            self._decide = None

    def pick(self, request: Request) -> Fault | None:
        """Return what happens to *request*, using up one turn of the step that takes it."""
        with self._lock:
            for step in self._steps:
                if step.takes(request):
                    if step.left is not None:
                        step.left -= 1
                    return step.fault
            return self._decide(request) if self._decide else None
