"""Job runs: two processes want one job, files of locks vanish, processes die, jobs are paused, clocks jump."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.machines.handling import Process
from tests.machines.machine import FIRST_STEPS, MOST_PROCESSES, Machine

JOBS = ("ingest", "vacuum")
IN_THE_BODY = "in the body"
DEFECTS = {
    "a run that lives is marked as killed": """
        CREATE TRIGGER defect AFTER INSERT ON job_runs WHEN NEW.status = 'skipped'
        BEGIN UPDATE job_runs SET status = 'abandoned' WHERE job_id = NEW.job_id AND status = 'running'; END""",
    "what died is never marked": """
        CREATE TRIGGER defect BEFORE UPDATE OF status ON job_runs WHEN NEW.status = 'abandoned'
        BEGIN SELECT RAISE(IGNORE); END""",
    "the fence is open": """
        CREATE TRIGGER defect AFTER INSERT ON run_processes
        BEGIN
            UPDATE job_runs SET heartbeat_at = '2001-01-01T00:00:00Z' WHERE id = NEW.run_id;
            DELETE FROM run_processes WHERE run_id = NEW.run_id;
        END""",
}


def a_lock_vanishes_under_a_run(machine: RunsMachine) -> Iterator[None]:
    """Begin a run while another one is at work whose lock's file was removed."""
    first = machine.start("ingest", "linger", stops=9)
    machine.go_on_until(first, lambda: first.where == IN_THE_BODY)
    machine.the_file_of_a_lock_vanishes("ingest")
    machine.start("ingest", "linger", stops=9)
    for _ in range(20):
        yield
        if len(machine.processes) > 1:
            machine.take_steps(machine.processes[1], 1)


STORIES = {"the fence is open": a_lock_vanishes_under_a_run}  # random examples seldom meet it


class RunsMachine(Machine):
    """A job has one living run at most, and each run comes to an end in the books."""

    @precondition(lambda self: len(self.processes) < MOST_PROCESSES)
    @rule(job=st.sampled_from(JOBS), steps=FIRST_STEPS, stops=st.integers(1, 9))
    def a_run_begins(self, job: str, steps: int, stops: int) -> None:
        self.start(job, "linger", steps, stops=stops)

    @precondition(lambda self: self.processes)
    @rule(steps=FIRST_STEPS, stops=st.integers(1, 9))
    def another_run_of_the_same_job_begins(self, steps: int, stops: int) -> None:
        if len(self.processes) < MOST_PROCESSES:
            self.start(self.processes[0].job_id, "linger", steps, stops=stops)

    @rule(job=st.sampled_from(JOBS))
    def the_file_of_a_lock_vanishes(self, job: str) -> None:
        (self.here.home / "locks" / f"{job}.lock").unlink(missing_ok=True)

    @rule()
    def the_folder_of_locks_is_made_anew(self) -> None:
        shutil.rmtree(self.here.home / "locks")
        (self.here.home / "locks").mkdir(mode=0o700)

    @rule(job=st.sampled_from(JOBS), is_paused=st.booleans())
    def a_job_is_paused_or_resumed(self, job: str, is_paused: bool) -> None:
        with closing(self.here.store()) as store, store.transaction():
            store.job_states.save(store.job_states.get(job)._replace(paused=is_paused))

    def at_work(self) -> list[Process]:
        """Return the processes that stand in their bodies."""
        return [process for process in self.processes if process.where == IN_THE_BODY]

    @invariant()
    def a_job_has_one_living_run_at_most(self) -> None:
        jobs = Counter(process.job_id for process in self.at_work())
        assert all(count == 1 for count in jobs.values()), f"{jobs} at once"

    @invariant()
    def a_run_that_lives_is_on_record_as_running(self) -> None:
        for process in self.at_work():
            rows = self.rows("SELECT status FROM job_runs WHERE pid = ?", process.pid)
            assert [row["status"] for row in rows] == ["running"], f"{process.job_id} is at work, on record as {rows}"

    @invariant()
    def a_job_has_one_running_row_at_most(self) -> None:
        rows = self.rows("SELECT job_id FROM job_runs WHERE status = 'running' GROUP BY job_id HAVING count(*) > 1")
        assert not rows, f"{rows} have more than one running row"

    def after_the_end_of(self, process: Process) -> None:
        """See that a run is on record as it ended, and that one that died is not on record as done."""
        rows = self.rows("SELECT status, exit_code FROM job_runs WHERE pid = ?", process.pid)
        if process.end is not None:
            found = [(row["status"], row["exit_code"]) for row in rows]
            assert found == [(process.end.status, process.end.exit_code)], f"{process.end} is on record as {found}"
        elif process.where == IN_THE_BODY:
            assert [row["status"] for row in rows] == ["running"], f"a run killed in its body is on record as {rows}"

    def counted(self) -> Counter[tuple[str, str]]:
        """Return how many runs the metrics have, by job and status."""
        sql = """SELECT json_extract(labels, '$.job') AS job, json_extract(labels, '$.status') AS status, value
                 FROM metric_totals WHERE name = 'trendspark_job_runs_total' AND value > 0"""
        return Counter({(row["job"], row["status"]): int(row["value"]) for row in self.rows(sql)})

    @invariant()
    def each_run_that_ended_is_counted_once(self) -> None:
        rows = self.rows(
            "SELECT job_id, status, count(*) AS runs FROM job_runs WHERE status <> 'running' GROUP BY 1, 2"
        )
        ended = Counter({(row["job_id"], row["status"]): row["runs"] for row in rows})
        assert ended == self.counted(), f"on record: {ended}, counted: {self.counted()}"

    def come_to_rest(self) -> None:
        for job in JOBS:
            self.a_job_is_paused_or_resumed(job, False)
            process = self.run_to_its_end(job, "linger")
            assert process.exit_code == 0, process.end
        left = self.rows("SELECT * FROM job_runs WHERE status = 'running' OR finished_at IS NULL")
        assert not left, f"runs without an end: {left}"
        self.each_run_that_ended_is_counted_once()
