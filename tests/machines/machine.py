"""What all state machines share: an installation, processes that are stopped and killed, and a clock that jumps."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import INVARIANT_MARKER, RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.builders import NOW
from tests.installation import Installation
from tests.machines.handling import Process

MOST_PROCESSES = 2
LONGEST_RUN = 5_000  # steps; a run that takes more does not end
FIRST_STEPS = st.integers(0, 25)
JUMPS = {
    "a year ahead": timedelta(days=365),
    "a month ahead": timedelta(days=30),
    "a day ahead": timedelta(days=1),
    "a day back": timedelta(days=-1),
    "right": timedelta(),
}


class Machine(RuleBasedStateMachine):
    """An installation whose jobs run in processes. `defect`: SQL that makes its database break a promise."""

    defect: ClassVar[str] = ""
    steps_taken: ClassVar[int] = 0  # by all machines of this test process
    examples: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        Machine.examples += 1
        self.folder = Path(tempfile.mkdtemp(prefix="trendspark-machine-"))
        self.here = Installation(self.folder / "home", now=NOW)
        self.here.make_database()
        self.time = NOW  # as it is, whatever this machine's clock says
        self.off = timedelta()  # what its clock is off by
        self.clock_was_always_right = True
        self.processes: list[Process] = []
        self.ended: list[Process] = []
        self.stepping: Process | None = None
        self.set_up()
        if self.defect:
            with closing(sqlite3.connect(self.here.database)) as database:
                database.executescript(self.defect)

    def set_up(self) -> None:
        """Give the installation its settings, and the services that it speaks to."""

    def start(self, job_id: str, body: str, steps: int = 0, **options: Any) -> Process:
        """Start a run, and let it take its first steps."""
        self.here.now = self.time + self.off
        process = Process(self.here, job_id, body, **options)
        self.processes.append(process)
        self.after_the_start_of(process)
        if steps:
            self.take_steps(process, steps)
        return process

    def take_steps(self, process: Process, steps: int, die_after: int | None = None) -> None:
        """Let a process go on by so many steps, or to its end."""
        self.stepping = process
        for number in range(steps):
            if not process.lives:
                break
            Machine.steps_taken += 1
            self.before_a_step()
            now = process.go_on(self.time + self.off, die_after if number == 0 else None)
            self.time = max(self.time, now - self.off)  # it may have slept
        if not process.lives:
            self.processes.remove(process)
            self.ended.append(process)
            self.after_the_end_of(process)
            if process.end is not None:
                assert not process.end.error, process.end.error  # a bug, of the product or of this machine

    def go_on_until(self, process: Process, condition: Callable[[], object]) -> None:
        """Let a process go on step by step until something is so."""
        while not condition():
            assert process.lives, f"{process.job_id} ended before that"
            self.take_steps(process, 1)

    def check(self) -> None:
        """See that every promise is kept right now."""
        for name in dir(type(self)):
            if hasattr(getattr(type(self), name), INVARIANT_MARKER):
                getattr(self, name)()

    def run_to_its_end(self, job_id: str, body: str, **options: Any) -> Process:
        """Run a job that nothing disturbs."""
        process = self.start(job_id, body, **options)
        self.take_steps(process, LONGEST_RUN)
        assert process.end is not None, f"{job_id} did not end"
        return process

    def after_the_start_of(self, process: Process) -> None:
        """Note what a process can know of."""

    def before_a_step(self) -> None:
        """Prepare services for what a process may ask."""

    def after_the_end_of(self, process: Process) -> None:
        """Look at a process that has ended or died."""

    @precondition(lambda self: self.processes)
    @rule(which=st.integers(0, MOST_PROCESSES - 1), steps=st.integers(1, 12))
    def a_process_goes_on(self, which: int, steps: int) -> None:
        self.take_steps(self.processes[which % len(self.processes)], steps)

    @precondition(lambda self: self.processes)
    @rule(which=st.integers(0, MOST_PROCESSES - 1))
    def a_process_goes_on_to_its_end(self, which: int) -> None:
        self.take_steps(self.processes[which % len(self.processes)], LONGEST_RUN)

    @precondition(lambda self: self.processes)
    @rule(which=st.integers(0, MOST_PROCESSES - 1), steps=st.integers(0, 12))
    def a_process_is_killed_where_it_stands(self, which: int, steps: int) -> None:
        process = self.processes[which % len(self.processes)]
        self.take_steps(process, steps)
        if process.lives:
            process.kill()
            self.take_steps(process, 0)

    @precondition(lambda self: self.processes)
    @rule(which=st.integers(0, MOST_PROCESSES - 1), statements=st.integers(0, 12))
    def a_process_is_killed_before_a_statement(self, which: int, statements: int) -> None:
        self.take_steps(self.processes[which % len(self.processes)], 12, die_after=statements)

    @rule(seconds=st.sampled_from((5, 40, 70, 200, 1800, 5000)))
    def time_passes(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)

    @rule(how=st.sampled_from(sorted(JUMPS)))
    def the_clock_jumps(self, how: str) -> None:
        self.off = JUMPS[how]
        self.clock_was_always_right &= not self.off

    def teardown(self) -> None:
        """Let everything come to rest under a right clock, and look once more."""
        try:
            if sys.exception() is None:
                self.off = timedelta()
                for process in list(self.processes):
                    self.take_steps(process, LONGEST_RUN)
                self.come_to_rest()
        finally:
            for process in self.processes:
                process.kill()
            self.clean_up()
            shutil.rmtree(self.folder)

    def come_to_rest(self) -> None:
        """Let services be well, run jobs until nothing is left to do, and see that every promise was kept."""

    def clean_up(self) -> None:
        """End what `set_up` began."""

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Ask the database."""
        with closing(sqlite3.connect(self.here.database)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql, values)]

    def value(self, sql: str, *values: object) -> Any:
        """Ask the database for one value."""
        return next(iter(self.rows(sql, *values)[0].values()))

    @property
    def now(self) -> datetime:
        """What this machine's clock says."""
        return self.time + self.off


def examine(machine: type[Machine], *, examples: int = 12, steps: int = 25, seed: int | None = None) -> None:
    """Try a machine with so many examples; raise what the first one that breaks a promise shows.

    The same examples each time; with a *seed* those of that seed.
    """
    if seed is not None:
        machine = hypothesis.seed(seed)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=seed is None,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink) if "MACHINES_SHRINK" in os.environ else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )


def play(machine: type[Machine], story: Callable[[Any], Iterator[None]]) -> None:
    """Let a machine live through one story, looking at its promises wherever that yields, and come to rest."""
    played = machine()
    try:
        for _ in story(played):
            played.check()
    finally:
        played.teardown()


def with_defect(machine: type[Machine], sql: str) -> type[Machine]:
    """Return the machine on a database that breaks a promise."""
    return type(f"{machine.__name__}WithADefect", (machine,), {"defect": sql})
