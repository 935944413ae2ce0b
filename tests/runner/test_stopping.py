"""Killed, interrupted, out of time: what is on record, and that nothing is left half written."""

from __future__ import annotations

import signal
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.runner.conftest import Start
from tests.tools.processes import COMMAND
from trendspark_cli.running.job_context import JobContext


def tell(process: subprocess.Popen[str], text: str = "\n") -> None:
    """Let a worker go on."""
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()


def runs(workplace: Installation) -> list[tuple[str, int | None]]:
    """Return status and exit code of every run."""
    return [(row["status"], row["exit_code"]) for row in workplace.rows("SELECT * FROM job_runs ORDER BY id")]


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


def test_a_signal_in_a_callback_of_the_interpreter_ends_the_run_too(workplace: Installation, start: Start) -> None:
    process = start("in_a_callback")

    process.send_signal(signal.SIGTERM)

    assert (process.wait(timeout=30), runs(workplace)) == (143, [("interrupted", 143)])


def test_a_killed_run_is_marked_abandoned_by_the_next(workplace: Installation, start: Start) -> None:
    process = start("uncommitted")
    process.kill()
    process.wait()
    before = runs(workplace)

    workplace.run("ingest", nothing)

    assert (before, runs(workplace)) == ([("running", None)], [("abandoned", None), ("success", 0)])


def test_a_killed_run_leaves_no_half_of_a_group(workplace: Installation, start: Start) -> None:
    process = start("uncommitted")
    process.kill()
    process.wait()

    workplace.run("ingest", nothing)

    with closing(workplace.store()) as store:
        assert (store.posts.count(), store.upkeep.problems()) == (0, [])


def test_a_killed_run_is_counted(workplace: Installation, start: Start) -> None:
    process = start("idle")
    process.kill()
    process.wait()

    workplace.run("ingest", nothing)

    assert workplace.series()['trendspark_job_runs_total{job="ingest",status="abandoned"}'] == 1


def test_a_killed_run_of_one_job_is_none_of_anothers_business(workplace: Installation, start: Start) -> None:
    process = start("idle")
    process.kill()
    process.wait()

    workplace.run("rank", nothing)

    assert runs(workplace) == [("running", None), ("success", 0)]


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_run_at_once_as_interrupted(
    workplace: Installation, start: Start, number: signal.Signals, exit_code: int
) -> None:
    process = start("idle")

    process.send_signal(number)

    assert process.wait(timeout=10) == exit_code
    assert runs(workplace) == [("interrupted", exit_code)]


def test_what_was_committed_before_a_signal_stays(workplace: Installation, start: Start) -> None:
    process = start("idle")

    process.terminate()
    process.wait(timeout=10)

    assert workplace.values("SELECT source_id FROM posts") == ["1"]


def test_a_signal_inside_a_group_of_writes_waits_for_its_end(workplace: Installation, start: Start) -> None:
    process = start("in_transaction")

    process.terminate()
    tell(process)

    assert process.wait(timeout=10) == 143
    assert workplace.values("SELECT source_id FROM posts ORDER BY id") == ["0-first", "0-second"]
    assert runs(workplace) == [("interrupted", 143)]


def test_an_interrupted_run_still_writes_its_metrics(workplace: Installation, start: Start) -> None:
    process = start("idle")

    process.terminate()
    process.wait(timeout=10)

    assert workplace.series()['trendspark_job_runs_total{job="ingest",status="interrupted"}'] == 1


def test_a_run_that_passes_its_time_limit_is_a_timeout(workplace: Installation, start: Start) -> None:
    process = start("idle", "ingest", "0.3s")

    assert process.wait(timeout=10) == 124
    assert runs(workplace) == [("timeout", 124)]
    assert "time limit" in workplace.values("SELECT error FROM job_runs")[0]


def test_an_alarm_ends_a_run_without_a_time_limit_as_interrupted(workplace: Installation, start: Start) -> None:
    process = start("idle", "stream")

    process.send_signal(signal.SIGALRM)

    assert process.wait(timeout=10) == 143
    assert workplace.values("SELECT error FROM job_runs") == ["stopped by SIGALRM"]


def test_a_signal_to_the_real_command_ends_it_with_one_line(workplace: Installation) -> None:
    process = subprocess.Popen(
        [*COMMAND, "ingest", "--from", "-"],
        env=workplace.surroundings(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not is_reading_stdin(process.pid):
        assert process.poll() is None  # bounded by the test's own time-out

    process.terminate()
    _, told = process.communicate(timeout=10)

    assert (process.returncode, told) == (143, "trendspark ingest: stopped by SIGTERM (run 1)\n")


def is_reading_stdin(pid: int) -> bool:
    """Tell whether a process waits in read(0, ...)."""
    return Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 ")
