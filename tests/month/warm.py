"""Forks a process for each job from one that has imported everything: `python -m tests.month.warm`.

A line of JSON on stdin asks for a run, lines on stdout say which process it is and how it ended. Each run is a process
of its own, with its own exit code, environment, output and clock; only the imports are shared. The clock is moved here,
where the package reads it: the product itself has no such hook. Beats and time-outs of a process go by the true clock.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any, NoReturn

import trendspark_cli
from trendspark_cli.base import clock

LIBRARIES = ("numpy", "requests", "tweepy", "praw", "sqlite_utils", "boto3", "pyarrow.parquet", "openai", "rich.table")
COUNTED = ("call", "c_call")  # of what Python tells a profiler

_off = timedelta()
_time = time.time


def moved_now() -> datetime:
    """Return the time that this process believes it is."""
    return datetime.now(UTC) + _off


def moved_time() -> float:
    """Return that in seconds since 1970."""
    return _time() + _off.total_seconds()


def import_everything() -> None:
    """Import the package and what its jobs load late; the clock must be moved before."""
    for module in pkgutil.walk_packages(trendspark_cli.__path__, "trendspark_cli."):
        if "duckdb" not in module.name and "demo" not in module.name:
            importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)


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
    os.setsid()
    for descriptor, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, asked["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, asked["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", errors="backslashreplace")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = ["trendspark", *asked["arguments"]]
    calls = Calls(asked["kill_at"])
    if asked["counts"] or asked["kill_at"]:
        sys.setprofile(calls)
    time.tzset()
    from trendspark_cli.__main__ import main

    code = ending(main)
    sys.setprofile(None)
    if asked["counts"]:
        with open(asked["counts"], "w") as file:
            file.write(str(calls.number))
    os._exit(code)


def ending(main: Callable[[], object]) -> int:
    """Run it and end as the interpreter does, but for taking apart a thousand modules; return the exit code."""
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    return code


def serve() -> None:
    """Fork a process for each line, one after the other, and say how it ended."""
    clock.utc_now, time.time = moved_now, moved_time  # the second for the log, and for libraries
    import_everything()
    gc.collect()
    gc.freeze()  # what is shared stays shared
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
