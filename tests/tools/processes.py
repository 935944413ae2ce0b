"""Processes that a test starts and stops by their own id; free ports; waits that end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "trendspark_cli")
STOP_SECONDS = 5.0  # between asking a process to stop and killing it
LONGEST_RUN_SECONDS = 60.0

T = TypeVar("T")


class NotInTimeError(AssertionError):
    """Something that had to happen did not happen while we waited."""


@dataclass(frozen=True)
class Ended:
    """How a process ended; killed by a signal it has that signal's negative number."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it; strace passes the signal on or answers 137."""
        return self.exit_code in (-signal.SIGKILL, 128 + signal.SIGKILL)


def cron_environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return what a job started by cron sees: a PATH, a HOME, its settings; our code is found, nothing is written."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "PYTHONPATH": str(PROJECT),
        "PYTHONDONTWRITEBYTECODE": "1",
        **settings,
    }


def run(
    argv: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    kill_when: Callable[[], bool] | None = None,
) -> Ended:
    """Run *argv* to its end, or kill -9 it and its children once something is true, or much too late."""
    process = subprocess.Popen(
        argv,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while kill_when is not None and process.poll() is None:
        if kill_when():
            kill_group(process)
            break
        time.sleep(0.005)
    try:
        stdout, stderr = process.communicate(timeout=LONGEST_RUN_SECONDS)
    except subprocess.TimeoutExpired:
        kill_group(process)
        stdout, stderr = process.communicate()
        raise NotInTimeError(f"{' '.join(argv)} did not end: {stderr.decode(errors='replace')}") from None
    return Ended(process.returncode, stdout, stderr)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 a process that was started as a session of its own, with its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def running(argv: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Keep *argv* running for the with-block; its output goes to *log*."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd=log.parent, start_new_session=True
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                kill_group(process)
                process.wait()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(url: str) -> str:
    """Return what *url* on this machine answers."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        text: str = answer.read().decode()
        return text


def wait_for(what: str, look: Callable[[], T], *, seconds: float, pause: float = 0.1) -> T:
    """Return the first true value of *look*; errors of a server that is not up yet count as "not yet"."""
    end = time.monotonic() + seconds
    trouble: object = None
    while time.monotonic() < end:
        try:
            if value := look():
                return value
        except (OSError, ValueError) as error:
            trouble = error
        time.sleep(pause)
    raise NotInTimeError(f"after {seconds:g} s still not: {what}" + (f" ({trouble})" if trouble else ""))
