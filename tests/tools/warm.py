"""Forks a process for each command from one that has imported everything: `python -m tests.tools.warm DESCRIPTOR`.

A message on that socket asks for a command, with its stdin, stdout, stderr and a pipe that hears which process it is
and how it ended. Each command is a process of its own, with its own exit code, environment and output; only the
imports are shared, which are most of a start. Where the start itself is the matter, tests start Python anew.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import trendspark_cli
from tests.tools.processes import COMMAND, LONGEST_RUN_SECONDS, PROJECT, Ended, cron_environment

LIBRARIES = ("numpy", "requests", "tweepy", "praw", "sqlite_utils", "boto3", "pyarrow.parquet", "openai", "rich.table")
AT_A_TIME = (sys.executable, "-m", "tests.tools.job_at")
LONGEST_MESSAGE = 100_000  # bytes
LONGEST_STDIN = 60_000  # bytes: a pipe holds them while nobody reads
OTHERS = (3, 4096)  # descriptors that are not the asked-for process's business
# Variables that Python, the C library and libraries read when they are started or imported.
READ_AT_START = ("PYTHON", "LC_", "LD_", "TYPER_", "TERMINAL_", "OPENBLAS_", "OMP_")
READ_AT_START_AS_WELL = frozenset({"LANG", "LANGUAGE", "FORCE_COLOR", "PY_COLORS"})


def import_everything() -> None:
    """Import the package and what its jobs load late."""
    for module in pkgutil.walk_packages(trendspark_cli.__path__, "trendspark_cli."):
        if "duckdb" not in module.name and "demo" not in module.name:
            importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is shared stays shared


def take_over(streams: Sequence[int], environment: Mapping[str, str], folder: str, arguments: Sequence[str]) -> None:
    """Be a process with these streams, this environment, folder and arguments, in a session of its own."""
    os.setsid()
    for descriptor, opened in enumerate(streams):
        os.dup2(opened, descriptor)
    os.closerange(*OTHERS)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", errors="backslashreplace")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["trendspark", *arguments]
    tempfile.tempdir = None
    time.tzset()


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


def become(asked: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    """Be the asked-for command, in the child."""
    from tests.tools import job_at
    from trendspark_cli.__main__ import main

    os.umask(asked["umask"])
    take_over(streams, asked["environment"], asked["folder"], asked["arguments"])
    told = asked["time"]
    os._exit(ending(main if told is None else lambda: job_at.main(told, *asked["arguments"])) & 0xFF)


def serve(channel: socket.socket) -> None:
    """Fork a process for each message until nobody can ask any more, and say how each ended."""
    import_everything()
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not channel:
                    pid, hears = key.data
                    selector.unregister(key.fileobj)
                    os.close(key.fd)
                    _, status = os.waitpid(pid, 0)
                    _tell(hears, os.waitstatus_to_exitcode(status))
                    os.close(hears)
                    continue
                message, descriptors, _, _ = socket.recv_fds(channel, LONGEST_MESSAGE, 4)
                if not message:
                    return
                *streams, hears = descriptors
                pid = os.fork()
                if pid == 0:
                    become(json.loads(message), streams)
                for descriptor in streams:
                    os.close(descriptor)
                _tell(hears, pid)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, hears))


def _tell(hears: int, number: int) -> None:
    with suppress(BrokenPipeError):  # whoever asked has given up
        os.write(hears, number.to_bytes(4, "big", signed=True))


def _hear(answers: int) -> int:
    told = os.read(answers, 4)
    if len(told) < 4:
        raise RuntimeError("the process that forks the commands is gone; its stderr says why")
    return int.from_bytes(told, "big", signed=True)


@cache
def _channel() -> socket.socket:
    """Return the socket of this process's server, which ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.tools.warm", str(theirs.fileno())],
            env=cron_environment(PROJECT, {"OPENBLAS_NUM_THREADS": "1"}),  # threads do not outlive a fork
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        ).returncode = 0  # nobody waits for it
    return ours


def run_command(
    argv: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    stdin: bytes = b"",
    *,
    seconds: float = LONGEST_RUN_SECONDS,
) -> Ended:
    """Run *argv* to its end: forked when it is ours and would see what a new Python sees, else as it stands.

    Raises subprocess.TimeoutExpired when it takes longer, and kills it.
    """
    if _sees_the_same(environment, stdin):
        if tuple(argv[:3]) == COMMAND:
            return _fork(argv[3:], None, environment, folder, stdin, seconds)
        if tuple(argv[:3]) == AT_A_TIME:
            return _fork(argv[4:], argv[3], environment, folder, stdin, seconds)
    done = subprocess.run(
        argv,
        env=dict(environment),
        cwd=folder,
        input=stdin,
        capture_output=True,
        start_new_session=True,  # no terminal to be found at /dev/tty, wherever the tests were started
        timeout=seconds,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def _sees_the_same(environment: Mapping[str, str], stdin: bytes) -> bool:
    usual = cron_environment(PROJECT, {})
    other = {name for name in usual.keys() | environment.keys() if usual.get(name) != environment.get(name)}
    return (
        hasattr(os, "pidfd_open")
        and len(stdin) <= LONGEST_STDIN
        and len(json.dumps(dict(environment))) <= LONGEST_MESSAGE // 2
        and not any(name.startswith(READ_AT_START) or name in READ_AT_START_AS_WELL for name in other)
    )


def _fork(
    arguments: Sequence[str],
    time: str | None,
    environment: Mapping[str, str],
    folder: Path,
    stdin: bytes,
    seconds: float,
) -> Ended:
    os.umask(umask := os.umask(0))
    asked = {
        "arguments": list(arguments),
        "environment": dict(environment),
        "folder": str(folder),
        "time": time,
        "umask": umask,
    }
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        reading, writing = os.pipe()
        os.write(writing, stdin)
        os.close(writing)
        heard, hears = os.pipe()
        streams = [reading, stdout.fileno(), stderr.fileno()]
        socket.send_fds(_channel(), [json.dumps(asked).encode()], [*streams, hears])
        os.close(reading)
        os.close(hears)
        try:
            pid = _hear(heard)
            is_late = not select.select([heard], [], [], seconds)[0]
            if is_late:
                os.killpg(pid, signal.SIGKILL)
            code = _hear(heard)
        finally:
            os.close(heard)
        stdout.seek(0)
        stderr.seek(0)
        ended = Ended(code, stdout.read(), stderr.read())
    if is_late:
        raise subprocess.TimeoutExpired(list(arguments), seconds, ended.stdout, ended.stderr)
    return ended


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
