"""The inside of a process under test: it stops before and after each transaction until it is told to go on.

Run as a program it is the mother of these processes: what is heavy is imported once, and each process is a fork of it,
with a pid, locks, signals and an end of its own.
"""

from __future__ import annotations

import gc
import logging
import os
import pkgutil
import re
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import trendspark_cli
from tests.installation import FixedClock, Installation
from tests.machines import work
from trendspark_cli.store.sqlite.connection import open_checked
from trendspark_cli.store.sqlite.database import SqliteDatabase
from trendspark_cli.store.sqlite.store import SqliteStore

Result = TypeVar("Result")

PLAIN, WITH_MODEL = b"+", b"m"  # what is asked for: a process, and one that may ask a language model
UNUSED = re.compile(r"trendspark_cli\.(__main__|backtests|briefs|cli|demo|screens|services\.openai|store\.duckdb)\b")


@dataclass(frozen=True)
class Task:
    """One run of a job: in which installation, and what of `work` is its body."""

    home: Path
    environment: Mapping[str, str]
    job_id: str
    body: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GoOn:
    """Go on to the next step, at this time; with a number, die by SIGKILL before the so-many-th statement from now."""

    now: datetime
    die_after: int | None = None


@dataclass(frozen=True)
class Stopped:
    """It stands before a step; sleeping may have moved its clock."""

    where: str
    now: datetime


@dataclass(frozen=True)
class Ended:
    """It has ended: as a run that says how, or by a bug of the test's own."""

    now: datetime
    status: str
    exit_code: int
    error: str = ""
    counts: Mapping[str, Any] = field(default_factory=dict)


class Steps:
    """Where the process stops, and when it dies."""

    def __init__(self, pipe: Connection, clock: FixedClock) -> None:
        self._pipe = pipe
        self._statements_left: int | None = None
        self.clock = clock

    def stop(self, where: str) -> None:
        """Say where we stand, and wait until we may go on."""
        self._pipe.send(Stopped(where, self.clock.now))
        self.wait()

    def wait(self) -> None:
        """Wait for a word; nobody left to give it is the end."""
        try:
            word: GoOn = self._pipe.recv()
        except EOFError:
            os._exit(0)
        self.clock.now = word.now
        if word.die_after is not None:
            self._statements_left = word.die_after

    def hear_statement(self, statement: str) -> None:
        """Die before this statement, if it is the one."""
        if self._statements_left is not None:
            if self._statements_left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._statements_left -= 1

    def sleep(self, seconds: float) -> None:
        """Let time pass in no time."""
        self.clock.advance(seconds=seconds)
        self.stop("after a sleep")


class SteppedStore(SqliteStore):
    """The real store, which stops before and after each transaction."""

    steps: Steps

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group writes, with a stop on both sides."""
        if self.in_transaction:
            yield
            return
        self.steps.stop("before a transaction")
        with super().transaction():
            yield
        self.steps.stop("after a transaction")

    def write(self, work: Callable[[], Result]) -> Result:
        """Do *work* in a transaction."""
        with self.transaction():
            return work()


@dataclass(frozen=True)
class SteppedDatabase(SqliteDatabase):
    """The database of an installation, whose store takes these steps."""

    steps: Steps

    def open(self, *, read_only: bool = False) -> SteppedStore:
        """Open the store."""
        store = SteppedStore(open_checked(self.path))
        store.steps = self.steps
        store.connection.raw.set_trace_callback(self.steps.hear_statement)
        return store


def database_in_steps(here: Installation, steps: Steps) -> SteppedDatabase:
    """Return the installation's database with these steps."""
    return SteppedDatabase(here.database, (), (), steps)


def live(pipe: Connection) -> None:
    """Run one task to its end, step by step."""
    task: Task = pipe.recv()
    here = Installation(task.home, task.environment)
    steps = Steps(pipe, here.clock)
    steps.wait()
    try:
        body = getattr(work, task.body)(here, steps, **task.options)
        runner = replace(here.installation().runner(), database=database_in_steps(here, steps))
        result = runner.run(task.job_id, body)
        bug = result.cause is not None and result.exit_code == 1
        error = "".join(traceback.format_exception(result.cause)) if bug and result.cause else ""
        end = Ended(here.now, result.status, result.exit_code, error, dict(result.counts))
    except Exception:  # noqa: BLE001 - whatever it was, it is told to those who look at this process
        end = Ended(here.now, "broken", -1, traceback.format_exc())
    with suppress(OSError):  # nobody wants to know
        pipe.send(end)


def import_what_jobs_use() -> None:
    """Import once for all processes what jobs import when they need it."""
    names = [module.name for module in pkgutil.walk_packages(trendspark_cli.__path__, "trendspark_cli.")]
    for name in [
        *(name for name in names if not UNUSED.match(name)),
        "dotenv.main",
        "prometheus_client",
        "pyarrow.parquet",
        "tweepy",
    ]:
        import_module(name)
    gc.freeze()


def import_what_a_model_needs() -> None:
    """Import what only `brief` uses, when its machine first asks: it takes as long as all the rest."""
    for name in ("openai", "trendspark_cli.jobs.brief", "trendspark_cli.services.openai.writing"):
        import_module(name)
    gc.freeze()


def main() -> None:
    """Fork a process for each connection that arrives, until there is nobody to send one."""
    logging.getLogger().addHandler(logging.NullHandler())
    import_what_jobs_use()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended: they leave no zombies
    with socket.socket(fileno=int(sys.argv[1])) as control:
        while True:
            word, descriptors, _, _ = socket.recv_fds(control, 1, 1)
            if not descriptors:
                return
            if word == WITH_MODEL:
                import_what_a_model_needs()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                pipe = Connection(descriptors[0])
                pipe.send(os.getpid())
                live(pipe)
                os._exit(0)
            os.close(descriptors[0])


if __name__ == "__main__":
    from tests.machines import stepping  # under the name that its records are pickled by

    stepping.main()
