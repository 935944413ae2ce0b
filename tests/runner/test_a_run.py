"""The life of a run: what is recorded, in which order, and what never hides what."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import NOW, post
from tests.installation import FixedClock, Installation
from trendspark_cli.base import errors
from trendspark_cli.running.heartbeat import Heartbeat
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.sqlite.store import SqliteStore


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


def failing(error: Exception) -> Callable[[JobContext], None]:
    """Return a body that raises."""

    def body(job: JobContext) -> None:
        raise error

    return body


def test_a_run_is_on_record_before_its_work_begins(workplace: Installation) -> None:
    seen: list[object] = []

    workplace.run("ingest", lambda job: seen.extend(workplace.rows("SELECT id, status, pid, exit_code FROM job_runs")))

    assert seen == [{"id": 1, "status": "running", "pid": os.getpid(), "exit_code": None}]


def test_the_log_of_a_run_names_the_run(workplace: Installation) -> None:
    workplace.command("ingest", "--from", "/dev/null")

    lines = workplace.log_file.read_text().splitlines()
    assert ["run=1" in line for line in lines] == [True, True]


def test_a_good_run_is_recorded_with_what_it_counted(workplace: Installation) -> None:
    def body(job: JobContext) -> None:
        job.count("new", 3)
        workplace.clock.advance(seconds=2)

    result = workplace.run("ingest", body)

    row = workplace.rows("SELECT * FROM job_runs")[0]
    assert (result.status, result.exit_code, result.run_id, result.started_at) == ("success", 0, 1, NOW)
    assert (row["status"], row["exit_code"], row["error"], json.loads(row["counts"])) == (
        "success",
        0,
        None,
        {"new": 3},
    )
    assert (row["started_at"], row["finished_at"]) == ("2026-11-01T12:00:00.000Z", "2026-11-01T12:00:02.000Z")


def test_a_run_under_cron_records_how_late_it_began(workplace: Installation) -> None:
    workplace.clock.advance(seconds=95)

    workplace.run("ingest", nothing)

    row = workplace.rows("SELECT scheduled_for, lateness FROM job_runs")[0]
    assert row == {"scheduled_for": "2026-11-01T12:00:00.000Z", "lateness": 95.0}


ERRORS = [
    (errors.UsageError("x"), 2, "error"),
    (errors.SourcesFailedError([errors.UpstreamError("x", "down")], tried=2), 3, "partial"),
    (errors.IntegrityError("x"), 65, "error"),
    (errors.UpstreamError("x", "down"), 69, "error"),
    (errors.OutputError("x"), 73, "error"),
    (errors.StoreError("x"), 74, "error"),
    (errors.RateLimitedError("x", "later"), 75, "error"),
    (errors.BadAnswerError("x", "html"), 76, "error"),
    (errors.CredentialsRefusedError("x", "no"), 77, "error"),
    (errors.ConfigError("x"), 78, "error"),
    (ZeroDivisionError("x"), 1, "error"),
]


@pytest.mark.parametrize(("error", "exit_code", "status"), ERRORS, ids=[type(error).__name__ for error, _, _ in ERRORS])
def test_an_error_ends_the_run_with_its_own_exit_code(
    workplace: Installation, error: Exception, exit_code: int, status: str
) -> None:
    result = workplace.run("ingest", failing(error))

    row = workplace.rows("SELECT status, exit_code, error FROM job_runs")[0]
    assert (result.exit_code, result.status, result.cause) == (exit_code, status, error)
    assert (row["exit_code"], row["status"]) == (exit_code, status)
    assert str(error) in row["error"]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((75, 69), 69), ((69, 76), 76), ((76, 77), 77), ((77, 78), 78), ((75, 75), 75)],
)
def test_when_every_source_failed_the_worst_reason_is_told(codes: tuple[int, int], expected: int) -> None:
    by_code = {
        75: errors.RateLimitedError("x", "later"),
        69: errors.UpstreamError("x", "down"),
        76: errors.BadAnswerError("x", "html"),
        77: errors.CredentialsRefusedError("x", "no"),
        78: errors.ConfigError("missing"),
    }

    failed = errors.SourcesFailedError([by_code[code] for code in codes], tried=2)

    assert failed.exit_code == expected


def test_a_bug_is_logged_with_its_traceback(workplace: Installation, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    workplace.run("ingest", failing(KeyError("no such thing")))

    record = next(record for record in caplog.records if record.levelname == "ERROR")
    assert record.exc_info is not None
    assert "bug" in record.message


def test_a_ceiling_that_stopped_everything_is_a_skipped_run(workplace: Installation) -> None:
    reached = errors.CeilingReachedError("x: the ceiling is reached", key="k")

    result = workplace.run("ingest", failing(reached))

    assert (result.status, result.exit_code) == ("skipped", 75)


def test_a_secret_in_an_error_reaches_no_row(workplace: Installation) -> None:
    workplace.environment["X_BEARER_TOKEN"] = "planted-secret-value"

    result = workplace.run("ingest", failing(errors.UpstreamError("x", "refused planted-secret-value")))

    assert "planted" not in workplace.values("SELECT error FROM job_runs")[0]
    assert "planted" not in str(result.errors)


def test_metrics_that_cannot_be_written_are_73(workplace: Installation) -> None:
    workplace.metrics_folder.write_text("a file where the folder should be")

    result = workplace.run("ingest", nothing)

    row = workplace.rows("SELECT exit_code, error FROM job_runs")[0]
    assert (result.exit_code, row["exit_code"]) == (73, 73)
    assert "textfile_collector" in row["error"]


def test_metrics_that_cannot_be_written_do_not_hide_the_jobs_own_error(workplace: Installation) -> None:
    workplace.metrics_folder.write_text("a file where the folder should be")
    own = errors.UpstreamError("x", "down")

    result = workplace.run("ingest", failing(own))

    assert (result.exit_code, result.cause) == (69, own)
    assert workplace.values("SELECT exit_code FROM job_runs") == [69]


def test_a_job_whose_metrics_fail_is_no_success_to_whoever_watches(workplace: Installation) -> None:
    workplace.run("ingest", nothing)
    succeeded = workplace.series()['trendspark_job_last_success_timestamp_seconds{job="ingest"}']
    workplace.metrics_folder.rename(workplace.home / "aside")
    workplace.metrics_folder.write_text("a file where the folder should be")
    workplace.clock.advance(minutes=15)
    workplace.run("ingest", nothing)
    workplace.metrics_folder.unlink()
    (workplace.home / "aside").rename(workplace.metrics_folder)

    workplace.command("metrics")

    assert workplace.series()['trendspark_job_last_success_timestamp_seconds{job="ingest"}'] == succeeded


def break_job_runs(job: JobContext) -> None:
    """Make the database refuse the end of this run."""
    assert isinstance(job.store, SqliteStore)
    job.store.connection.execute(
        "CREATE TRIGGER refuse BEFORE UPDATE ON job_runs BEGIN SELECT RAISE(ABORT, 'broken'); END"
    )


@pytest.mark.only_sqlite  # its trigger
def test_a_store_that_breaks_at_the_end_does_not_hide_the_jobs_own_error(workplace: Installation) -> None:
    own = errors.CredentialsRefusedError("x", "refused")

    def body(job: JobContext) -> None:
        break_job_runs(job)
        raise own

    result = workplace.run("ingest", body)

    assert (result.exit_code, result.cause) == (77, own)


@pytest.mark.only_sqlite  # its trigger
def test_a_store_that_breaks_at_the_end_of_a_good_run_is_74(workplace: Installation) -> None:
    result = workplace.run("ingest", break_job_runs)

    assert (result.exit_code, result.status) == (74, "error")


def test_counts_that_cannot_be_stored_do_not_hide_the_jobs_own_error(workplace: Installation) -> None:
    own = errors.UpstreamError("x", "down")

    def body(job: JobContext) -> None:
        job.counts["odd"] = object()
        raise own

    result = workplace.run("ingest", body)

    assert (result.exit_code, result.cause) == (69, own)


@pytest.mark.only_sqlite
def test_a_disk_that_fills_up_during_a_run_is_74(workplace: Installation) -> None:
    def body(job: JobContext) -> None:
        assert isinstance(job.store, SqliteStore)
        job.store.connection.execute(f"PRAGMA max_page_count = {job.store.connection.value('PRAGMA page_count')}")
        job.write(lambda: job.store.posts.save([post(text="x" * 100_000)], job.now))

    result = workplace.run("ingest", body)

    assert result.exit_code == 74
    assert "disk is full" in str(result.cause)


@pytest.mark.only_sqlite  # its file
def test_without_a_database_no_run_begins(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match=r"missing|no database"):
        Installation(tmp_path / "home").run("ingest", nothing)


def test_a_bad_setting_is_a_recorded_failure_of_the_job(workplace: Installation) -> None:
    done = workplace.command("ingest", "--from", "/dev/null", environment={"X_MAX_READS_PER_DAY": "many"})

    assert done.exit_code == 78
    assert [row["status"] for row in workplace.rows("SELECT status FROM job_runs")] == ["error"]


def test_a_run_at_work_shows_that_it_is_alive(workplace: Installation, clock: FixedClock, store: SqliteStore) -> None:
    with store.transaction():
        run_id = store.job_runs.start("ingest", NOW, 1, "host", "0")
    clock.advance(minutes=3)
    later = "2026-11-01T12:03:00.000Z"

    with Heartbeat(workplace.store, run_id, clock, beat_seconds=0.01):
        while workplace.values("SELECT heartbeat_at FROM job_runs") != [later]:
            pass  # bounded by the test's own time-out

    assert workplace.values("SELECT status FROM job_runs") == ["running"]


def test_the_runners_time_is_the_clock_it_was_given(workplace: Installation) -> None:
    workplace.clock.advance(days=1)

    result = workplace.run("ingest", nothing)

    assert result.started_at == NOW + timedelta(days=1)
