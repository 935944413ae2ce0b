"""Forks a process for each job from one that has imported everything: `python -m tests.month.warm`.

Like `tests.tools.warm`, but the clock of each run is moved, and it can be killed at one of its calls. A line of JSON on
stdin asks for a run, lines on stdout say which process it is and how it ended. The clock is moved here, where the
package reads it: the product itself has no such hook. Beats and time-outs of a process go by the true clock.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any, NoReturn

from tests.tools.warm import ending, import_everything, take_over
from trendspark_cli.base import clock

COUNTED = ("call", "c_call")  # of what Python tells a profiler

_off = timedelta()
_time = time.time


def moved_now() -> datetime:
    """Return the time that this process believes it is."""
    return datetime.now(UTC) + _off


def moved_time() -> float:
    """Return that in seconds since 1970."""
    return _time() + _off.total_seconds()


class Calls:
    """Counts the calls of a process, and kills it at one of them: the same moment each time, as no timer can."""

    def __init__(self, kill_at: int | None) -> None:
        self.number = 0
        self._kill_at = kill_at

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event in COUNTED:
            self.number += 1
            if self.number == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


def become(asked: dict[str, Any]) -> NoReturn:
    """Be the asked-for command, in the child. It ends as the real one does."""
    global _off
    _off = timedelta(seconds=asked["off"])
    streams = [
        os.open(path, flags, 0o600)
        for path, flags in (
            (os.devnull, os.O_RDONLY),
            (asked["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            (asked["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        )
    ]
    take_over(streams, asked["environment"], asked["folder"], asked["arguments"])
    calls = Calls(asked["kill_at"])
    if asked["counts"] or asked["kill_at"]:
        sys.setprofile(calls)
    from trendspark_cli.__main__ import main

    code = ending(main)
    sys.setprofile(None)
    if asked["counts"]:
        with open(asked["counts"], "w") as file:
            file.write(str(calls.number))
    os._exit(code)


def serve() -> None:
    """Fork a process for each line, one after the other, and say how it ended."""
    clock.utc_now, time.time = moved_now, moved_time  # the second for the log, and for libraries
    import_everything()
    print(json.dumps({"ready": os.getpid()}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(asked)
        print(json.dumps({"pid": pid}), flush=True)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    serve()
