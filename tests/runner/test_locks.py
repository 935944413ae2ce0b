"""One run of a job at a time."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from tests.builders import NOW
from tests.installation import Installation
from tests.runner.conftest import Start
from trendspark_cli.base.locks import job_lock
from trendspark_cli.running.job_context import JobContext


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


def test_a_second_run_is_skipped_with_75_and_a_row(workplace: Installation, start: Start) -> None:
    start("idle")

    result = workplace.run("ingest", nothing)

    rows = workplace.rows("SELECT status, exit_code FROM job_runs ORDER BY id")
    assert (result.status, result.exit_code, result.run_id) == ("skipped", 75, 2)
    assert rows == [{"status": "running", "exit_code": None}, {"status": "skipped", "exit_code": 75}]


@pytest.mark.only_sqlite  # its locks are files
def test_a_second_run_names_who_is_at_work_and_since_when(workplace: Installation, start: Start) -> None:
    first = start("idle")

    done = workplace.command("ingest", "--from", "/dev/null")

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (75, "", 1)
    assert f"pid {first.pid} since 2026-11-01T12:00:00.000Z" in done.stderr


def test_a_skipped_run_leaves_the_metrics_to_the_one_at_work(workplace: Installation, start: Start) -> None:
    start("idle")

    workplace.run("ingest", nothing)

    assert list(workplace.metrics_folder.glob("*")) == []


@pytest.mark.parametrize("job_id", ["stream", "deliver"])
def test_a_watchdog_that_finds_its_job_at_work_says_and_records_nothing(
    workplace: Installation, start: Start, job_id: str
) -> None:
    start("idle", job_id)

    result = workplace.run(job_id, nothing)

    assert (result.exit_code, result.run_id, result.errors, result.cause) == (75, None, (), None)
    assert workplace.values("SELECT count(*) FROM job_runs") == [1]


def test_jobs_of_another_name_are_not_held_up(workplace: Installation, start: Start) -> None:
    start("idle", "ingest")

    assert workplace.run("rank", nothing).exit_code == 0


@pytest.mark.parametrize("busy", ["ingest", "rank"])
def test_the_pair_waits_for_either_of_its_jobs(workplace: Installation, start: Start, busy: str) -> None:
    start("idle", busy)

    done = workplace.command("jobs", "run", "ingest_rank")

    assert done.exit_code == 75
    assert f"{busy} is already running" in done.stderr


def test_a_lock_is_gone_when_its_process_is(workplace: Installation, start: Start) -> None:
    process = start("idle")
    process.kill()
    process.wait()

    assert workplace.run("ingest", nothing).exit_code == 0


def test_a_lock_file_left_behind_holds_nobody_up(workplace: Installation) -> None:
    (workplace.home / "locks" / "ingest.lock").write_text("pid 1 since 1999-01-01T00:00:00.000Z\n")

    assert workplace.run("ingest", nothing).exit_code == 0


def test_a_lock_is_not_inherited_by_programs_a_job_starts(workplace: Installation) -> None:
    with job_lock(workplace.home / "locks", "ingest", NOW):
        inherited = [fd for fd in os.listdir("/proc/self/fd") if _is_lock(fd) and os.get_inheritable(int(fd))]

    assert inherited == []


def test_a_lock_says_since_when_it_is_held(workplace: Installation) -> None:
    with job_lock(workplace.home / "locks", "ingest", NOW + timedelta(days=400)):
        text = (workplace.home / "locks" / "ingest.lock").read_text()

    assert text == f"pid {os.getpid()} since 2027-12-06T12:00:00.000Z\n"


def _is_lock(descriptor: str) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}").endswith(".lock")
    except OSError:
        return False
