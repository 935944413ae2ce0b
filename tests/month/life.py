"""A month of an installation: real processes, one after the other, at simulated times."""

from __future__ import annotations

import json
import random
import select
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from tests.installation import read_series
from tests.month.faults import KILLED_OF_A_HUNDRED, WRONG, Surroundings, wrong
from tests.month.schedule import BadHour, Plan, zone_at
from tests.month.world import World
from tests.tools import books
from tests.tools.processes import PROJECT, cron_environment

LONGEST_RUN_SECONDS = 120.0
LOOK_SECONDS = 0.02
NEW_ALERTS = "SELECT id, dedupe_key FROM notifications WHERE id > {}"
NEW_ROWS = "SELECT id, job_id FROM job_runs WHERE id > {}"
KILLED_ANYWAY_OF_A_HUNDRED = 2  # of the runs of any hour


@dataclass(frozen=True)
class Run:
    """How one process ended. `read_at_x`: ids X delivered to it."""

    moment: datetime
    job_id: str
    wrong: str  # what was wrong at that time; empty for nothing
    code: int
    seconds: float
    stdout: str
    stderr: str
    read_at_x: frozenset[str] = frozenset()

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL


@dataclass
class Found:
    """What was seen while the month went by."""

    runs: list[Run] = field(default_factory=list)
    largest_wal: int = 0
    series: dict[str, float] = field(default_factory=dict)
    fallen: list[str] = field(default_factory=list)  # counters that went back
    alerts: dict[int, str] = field(default_factory=dict)  # each that was ever seen, by id: its key
    rows: dict[int, str] = field(default_factory=dict)  # each row of a run that was ever seen, by id: its job
    seconds: float = 0.0

    def codes(self) -> Counter[int]:
        """How many runs ended with which exit code."""
        return Counter(run.code for run in self.runs)


class Warm:
    """The process that forks the runs."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.month.warm"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(work / "warm.err").open("wb"),
            bufsize=0,
        )
        self._answer(LONGEST_RUN_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def run(
        self,
        arguments: list[str],
        environment: Mapping[str, str],
        off: timedelta,
        kill_at: int | None = None,
        counts: Path | None = None,
    ) -> tuple[int, str, str]:
        """Run a command to its end; return exit code, stdout and stderr. A killed one has -9."""
        asked = {
            "arguments": arguments,
            "environment": dict(environment),
            "folder": str(self._work),
            "off": off.total_seconds(),
            "kill_at": kill_at,
            "counts": str(counts) if counts else None,
            "stdout": str(self._work / "stdout"),
            "stderr": str(self._work / "stderr"),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._answer(10)  # its pid
        code = self._answer(LONGEST_RUN_SECONDS)["code"]
        said = [(self._work / name).read_text(errors="replace") for name in ("stdout", "stderr")]
        return code, said[0], said[1]

    def _answer(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            self._process.kill()
            raise TimeoutError(f"a run did not end within {seconds:g} s")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError((self._work / "warm.err").read_text(errors="replace"))
        answer: dict[str, Any] = json.loads(line)
        return answer


class Life:
    """Goes through a plan, minute by minute."""

    def __init__(self, plan: Plan, here: Surroundings, settings: Mapping[str, str], warm: Warm, work: Path) -> None:
        self._plan = plan
        self._here = here
        self._world: World = here.world
        self._environment = cron_environment(work, settings)
        self._warm = warm
        self._work = work
        self._dice = random.Random(f"{plan.seed} kills")
        self._calls: dict[str, int] = {}  # of a whole run of each job
        self._has_no_room = False  # then even readers fail
        self.found = Found()

    def live(self) -> Found:
        """Live it all."""
        began = time.monotonic()
        now: BadHour | None = None
        with self._watched_wal(), ExitStack() as stack:
            for moment in self._plan.minutes():
                bad = self._plan.bad_hour(moment)
                if bad != now:
                    stack.close()
                    if bad is not None:
                        stack.enter_context(wrong(bad.kind, self._here))
                    now = bad
                    self._has_no_room = bad is not None and bad.kind == "disk full"
                for job_id in self._plan.due(moment):
                    self._world.reach(moment)
                    self.found.runs.append(self._run(job_id, moment, bad.kind if bad else ""))
                    self._look()
        self.found.seconds = time.monotonic() - began
        return self.found

    def command(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command now, with nothing wrong."""
        self._world.tell_time()
        return self._warm.run(list(arguments), self._environment, self._off(""))

    def _run(self, job_id: str, moment: datetime, kind: str) -> Run:
        environment = {**self._environment, "TZ": zone_at(moment)}
        chance = 0 if self._plan.is_calm else KILLED_OF_A_HUNDRED.get(kind, KILLED_ANYWAY_OF_A_HUNDRED)
        calls, is_killed = self._calls.get(job_id), self._dice.randrange(100) < chance
        kill_at = self._dice.randrange(calls) if calls and is_killed else None
        counts = self._work / "calls" if calls is None and not kind else None
        self._world.x.bill.handed_out.clear()
        began = time.monotonic()
        code, stdout, stderr = self._warm.run([job_id], environment, self._off(kind), kill_at, counts)
        seconds = time.monotonic() - began
        if counts is not None and code == 0:
            self._calls[job_id] = int(counts.read_text())
        read = frozenset(self._world.x.bill.handed_out)
        return Run(moment, job_id, kind, code, seconds, stdout, stderr, read)

    def _off(self, kind: str) -> timedelta:
        """Return how far a process's clock is from this machine's."""
        return timedelta(seconds=self._world.time.seconds() - time.time()) + WRONG.get(kind, timedelta())

    @contextmanager
    def _watched_wal(self) -> Iterator[None]:
        """Look at the size of the WAL all the time, since the last one to close the database removes it."""
        wal, ended = self._here.database.with_name("trendspark.db-wal"), threading.Event()

        def watch() -> None:
            while not ended.wait(LOOK_SECONDS):
                with suppress(FileNotFoundError):
                    self.found.largest_wal = max(self.found.largest_wal, wal.stat().st_size)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _look(self) -> None:
        """Take in what the run left: rows and counters."""
        for sql, seen in () if self._has_no_room else ((NEW_ALERTS, self.found.alerts), (NEW_ROWS, self.found.rows)):
            seen.update(books.ask(self._here.database, sql.format(max(seen, default=0))))
        for series, value in read_series(self._here.home / "textfile_collector").items():
            if not series.partition("{")[0].endswith(("_total", "_bucket", "_count", "_sum")):
                continue
            before = self.found.series.get(series, 0.0)
            if value < before:
                self.found.fallen.append(f"{series} fell from {before:g} to {value:g} at {self._world.time.now()}")
            self.found.series[series] = max(value, before)
