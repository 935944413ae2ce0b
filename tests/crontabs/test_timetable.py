"""Next run, lateness and missed runs go by the crontab that is installed."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOW
from tests.crontabs.desk import install
from tests.installation import FixedClock, Installation
from tests.tools.processes import COMMAND
from trendspark_cli.app import installation as app
from trendspark_cli.app.run import run_steps
from trendspark_cli.base.models import RunResult
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.running.missed_runs import NO_RUN, STILL_RUNNING, missed_runs
from trendspark_cli.screens.job_overview import job_overview

Body = Callable[[JobContext], None]


def nothing(job: JobContext) -> None:
    """Do nothing."""


def here(workplace: Installation) -> app.Installation:
    """Return the installation, which looks for its crontab as the real one does."""
    return replace(workplace.installation(), example_times=False)


def run(workplace: Installation, job_id: str = "ingest", body: Body = nothing, **options: Any) -> RunResult:
    """Run a job in this process, as cron would start it."""
    return here(workplace).runner(**options).run(job_id, body)


def jobs(workplace: Installation) -> dict[str, Any]:
    """Return what `jobs list` says, by job."""
    return {job["id"]: job for job in workplace.command("jobs", "list", "--json").json["jobs"]}


def scheduled(workplace: Installation) -> list[tuple[str | None, float | None]]:
    """Return when each run was due and how late it began, in the order of the runs."""
    rows = workplace.rows("SELECT scheduled_for, lateness FROM job_runs ORDER BY id")
    return [(row["scheduled_for"] and row["scheduled_for"][11:16], row["lateness"]) for row in rows]


def test_jobs_list_shows_the_times_that_are_installed_and_where(with_crontab: Installation) -> None:
    install(with_crontab, "7-59/20 * * * * trendspark ingest")

    done = with_crontab.command("jobs", "list", "--json")

    schedules = {job["id"]: job["schedule"] for job in done.json["jobs"] if job["schedule"]}
    assert (schedules, done.json["schedule_from"]) == ({"ingest": "7-59/20 * * * *"}, "crontab")


def test_without_a_crontab_no_times_are_made_up_and_that_is_said(with_crontab: Installation) -> None:
    run(with_crontab)

    done = with_crontab.command("jobs", "list")

    assert "*/15 * * * *" not in done.stdout
    assert "schedule: unknown: nothing installed here starts jobs" in done.stdout.splitlines()[-1]
    assert 'trendspark_job_expected_interval_seconds{job="ingest"}' not in with_crontab.series()


def test_nothing_is_overdue_that_nobody_here_starts(with_crontab: Installation, clock: FixedClock) -> None:
    run(with_crontab)
    clock.advance(days=2)

    with closing(with_crontab.store()) as store:
        [found] = [job for job in job_overview(store, clock(), here(with_crontab).timetable) if job.id == "ingest"]

    assert (found.lateness_seconds, found.next_run, found.expected_interval_seconds) == (None, None, None)


def test_an_interval_that_is_told_says_when_a_job_is_overdue(with_crontab: Installation, clock: FixedClock) -> None:
    with_crontab.environment["JOB_INTERVAL_INGEST"] = "1h"
    run(with_crontab)
    clock.advance(minutes=90)

    with closing(with_crontab.store()) as store:
        overview = {job.id: job for job in job_overview(store, clock(), here(with_crontab).timetable)}

    assert (overview["ingest"].schedule, overview["ingest"].lateness_seconds) == ("every 1h", 1800)
    assert overview["rank"].expected_interval_seconds is None
    assert with_crontab.series()['trendspark_job_expected_interval_seconds{job="ingest"}'] == 3600


def test_an_interval_that_is_told_counts_for_more_than_a_crontab(with_crontab: Installation) -> None:
    install(with_crontab, "*/5 * * * * trendspark ingest", "*/10 * * * * trendspark rank")
    with_crontab.environment["JOB_INTERVAL_INGEST"] = "6h"

    done = with_crontab.command("jobs", "list", "--json")

    found = {job["id"]: job["expected_interval_seconds"] for job in done.json["jobs"]}
    assert (found["ingest"], found["rank"]) == (21600, 600)


def test_a_run_that_was_late_by_a_crontab_is_forgotten_when_an_interval_is_told(
    with_crontab: Installation, clock: FixedClock
) -> None:
    install(with_crontab, "7-59/20 * * * * trendspark ingest")
    clock.advance(minutes=20)
    run(with_crontab)
    with_crontab.environment["JOB_INTERVAL_INGEST"] = "1h"

    run(with_crontab)

    assert with_crontab.series()['trendspark_job_lateness_seconds{job="ingest"}'] == 0


@pytest.mark.parametrize("value", ["often", "0", "30s", "-1h", "400d", "*/15 * * * *"])
def test_an_interval_that_is_none_is_refused(with_crontab: Installation, value: str) -> None:
    with_crontab.environment["JOB_INTERVAL_INGEST"] = value

    done = with_crontab.command("config", "check")

    assert done.exit_code == 78
    assert "JOB_INTERVAL_INGEST=" in done.stdout
    assert "at least 1m" in done.stdout


def test_lines_of_another_installation_are_not_ours(with_crontab: Installation) -> None:
    install(with_crontab, "TRENDSPARK_HOME=/srv/other", "*/5 * * * * trendspark ingest")

    assert with_crontab.command("jobs", "list", "--json").json["schedule_from"] == "unknown"


def test_a_commented_line_starts_nothing(with_crontab: Installation) -> None:
    install(with_crontab, "#*/5 * * * * trendspark ingest", "*/5 * * * * trendspark rank")

    assert (jobs(with_crontab)["ingest"]["schedule"], jobs(with_crontab)["ingest"]["next_run"]) == (None, None)


def test_the_metric_of_the_expected_interval_goes_by_the_crontab(with_crontab: Installation) -> None:
    install(with_crontab, "*/5 7-21 * * * trendspark ingest")

    run(with_crontab)

    series = with_crontab.series()
    assert series['trendspark_job_expected_interval_seconds{job="ingest"}'] == 9 * 3600 + 300


def test_the_steps_of_the_pair_are_due_when_it_is(with_crontab: Installation) -> None:
    install(with_crontab, "*/20 * * * * trendspark jobs run ingest_rank")

    found = jobs(with_crontab)

    assert {found[job]["expected_interval_seconds"] for job in ("ingest", "rank", "ingest_rank")} == {1200}


def test_a_stream_that_runs_for_days_is_not_late(with_crontab: Installation, clock: FixedClock) -> None:
    install(with_crontab, "* * * * * trendspark stream")
    run(with_crontab, "stream")

    clock.advance(days=3)

    assert (jobs(with_crontab)["stream"]["lateness_seconds"], scheduled(with_crontab)) == (None, [(None, None)])


def test_lateness_goes_by_the_crontab(with_crontab: Installation, clock: FixedClock) -> None:
    install(with_crontab, "7-59/20 * * * * trendspark ingest")
    clock.advance(minutes=8, seconds=5)

    run(with_crontab)

    assert scheduled(with_crontab) == [("12:07", 65.0)]
    assert with_crontab.series()['trendspark_job_lateness_seconds{job="ingest"}'] == 65


def test_a_run_is_noted_as_due_before_its_work_begins(with_crontab: Installation) -> None:
    install(with_crontab, "*/15 * * * * trendspark ingest")
    seen: list[Any] = []

    run(with_crontab, body=lambda job: seen.extend(scheduled(with_crontab)))

    assert seen == [("12:00", 0.0)]


def test_a_run_by_hand_is_none_that_was_due(with_crontab: Installation) -> None:
    install(with_crontab, "*/15 * * * * trendspark ingest")

    replace(here(with_crontab), is_by_hand=True).runner().run("ingest", nothing)

    assert scheduled(with_crontab) == [(None, None)]
    assert 'trendspark_job_lateness_seconds{job="ingest"}' not in with_crontab.series()


def test_a_process_with_a_terminal_is_by_hand_wherever_its_output_goes(with_crontab: Installation) -> None:
    install(with_crontab, "* * * * * trendspark ingest")
    command = f"{' '.join(COMMAND)} ingest --from /dev/null > {with_crontab.home}/out 2>&1 </dev/null"
    on_a_terminal = [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", "sh", "-c", command]

    subprocess.run(on_a_terminal, env=with_crontab.surroundings(), timeout=60, check=True, stdin=subprocess.DEVNULL)
    with_crontab.command("ingest", "--from", "/dev/null")

    assert [due is None for due, _ in scheduled(with_crontab)] == [True, False]


def test_only_the_first_run_after_a_moment_was_due_then(with_crontab: Installation, clock: FixedClock) -> None:
    install(with_crontab, "*/15 * * * * trendspark ingest")

    for _ in range(3):
        run(with_crontab)
        clock.advance(minutes=10)

    assert scheduled(with_crontab) == [("12:00", 0.0), (None, None), ("12:15", 300.0)]


def test_a_step_is_as_late_as_the_pair_it_belongs_to(with_crontab: Installation, clock: FixedClock) -> None:
    install(with_crontab, "*/20 * * * * trendspark jobs run ingest_rank")
    clock.advance(seconds=3)

    run_steps(
        here(with_crontab),
        "ingest_rank",
        {"ingest": lambda wired: clock.advance(minutes=8), "rank": lambda wired: None},
    )

    assert scheduled(with_crontab) == [("12:00", 3.0)] * 3


def test_a_delivery_that_a_job_starts_at_its_end_is_none_that_was_due(with_crontab: Installation) -> None:
    install(with_crontab, "* * * * * trendspark deliver")

    run(with_crontab, "deliver", is_extra=True)

    assert scheduled(with_crontab) == [(None, None)]


# Missed and overlapping runs


def missed(workplace: Installation, *arguments: str) -> list[tuple[str, str, str, int]]:
    """Return job, first, last and number of missed runs."""
    wiring = ["-m", "tests.tools.job_at", workplace.clock.now.isoformat()]
    done = subprocess.run(
        [sys.executable, *wiring, "jobs", "history", "--missed", "--json", *arguments],
        env=workplace.surroundings(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    rows = json.loads(done.stdout)["missed"]
    return [(row["job_id"], row["first"][11:16], row["last"][11:16], row["runs"]) for row in rows]


@pytest.fixture
def watched(with_crontab: Installation, clock: FixedClock) -> Installation:
    """A job that ran at 12:00 by its crontab; it is 12:02."""
    install(with_crontab, "*/15 * * * * trendspark ingest")
    run(with_crontab)
    clock.advance(minutes=2)
    return with_crontab


def test_moments_without_a_run_are_missed_and_those_in_a_row_are_one(watched: Installation, clock: FixedClock) -> None:
    clock.advance(minutes=43)
    run(watched)
    clock.advance(minutes=62)

    assert missed(watched) == [("ingest", "13:00", "13:45", 4), ("ingest", "12:15", "12:30", 2)][:2]


def test_a_run_that_is_due_just_now_is_not_missed_yet(watched: Installation, clock: FixedClock) -> None:
    clock.advance(minutes=14)
    at_once = missed(watched)
    clock.advance(minutes=2)

    assert (at_once, missed(watched)) == ([], [("ingest", "12:15", "12:15", 1)])


def test_runs_that_failed_were_paused_or_found_a_lock_are_not_missed(watched: Installation, clock: FixedClock) -> None:
    def failing(job: JobContext) -> None:
        raise ZeroDivisionError

    clock.advance(minutes=13)
    run(watched, body=failing)
    clock.advance(minutes=15)
    with (watched.home / "locks" / "ingest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run(watched)
    watched.command("jobs", "pause", "ingest")
    clock.advance(minutes=15)
    run(watched)
    clock.advance(minutes=5)

    assert missed(watched) == []


def test_times_that_were_not_installed_yet_are_not_missed(watched: Installation, clock: FixedClock) -> None:
    clock.advance(minutes=28)
    install(watched, "*/5 * * * * trendspark ingest")
    before = missed(watched)
    run(watched)
    clock.advance(minutes=8)

    assert (before, missed(watched)) == ([], [("ingest", "12:35", "12:35", 1)])


def test_missed_runs_can_be_asked_for_by_job_and_time(watched: Installation, clock: FixedClock) -> None:
    clock.advance(minutes=60)

    assert missed(watched, "--since", "30m", "--job", "ingest") == [("ingest", "12:45", "13:00", 2)]
    assert missed(watched, "--until", "2026-11-01T12:40") == [("ingest", "12:15", "12:30", 2)]
    assert missed(watched, "--job", "rank") == []


def test_a_delivery_that_would_have_met_another_at_work_is_said_so(
    with_crontab: Installation, clock: FixedClock
) -> None:
    install(with_crontab, "* * * * * trendspark deliver")
    run(with_crontab, "deliver", body=lambda job: clock.advance(minutes=3, seconds=30))
    clock.advance(minutes=4)

    with closing(with_crontab.store(read_only=True)) as store:
        found = missed_runs(store, here(with_crontab).timetable, ["deliver"], NOW - timedelta(hours=1), clock.now)

    assert [(each.first[11:16], each.last[11:16], each.why) for each in found] == [
        ("12:01", "12:03", STILL_RUNNING),
        ("12:04", "12:05", NO_RUN),
    ]


def test_jobs_list_counts_missed_and_overlapping_runs_of_a_day(with_crontab: Installation, clock: FixedClock) -> None:
    install(with_crontab, "*/15 * * * * trendspark ingest")
    run(with_crontab)
    clock.advance(minutes=15)
    with (with_crontab.home / "locks" / "ingest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run(with_crontab)
        here(with_crontab).runner().run("ingest_rank", nothing, locks=("ingest_rank", "ingest", "rank"))
    clock.advance(hours=1)
    with closing(with_crontab.store(read_only=True)) as store:
        found = {job.id: job for job in job_overview(store, clock.now, here(with_crontab).timetable)}

    assert (found["ingest"].missed, found["ingest"].overlapping) == (3, 1)
    assert found["ingest_rank"].overlapping == 1


def test_nothing_is_missed_where_nothing_is_installed(workplace: Installation) -> None:
    workplace.run("ingest", nothing)
    workplace.clock.advance(hours=3)

    done = workplace.command("jobs", "history", "--missed")

    assert done.stdout.splitlines()[-1] == "nothing that is installed here starts jobs, so none can be missed"


# Filters of the history


@pytest.fixture
def with_runs(workplace: Installation) -> Installation:
    """Three hourly runs: a success, a failure, a success of another job."""

    def failing(job: JobContext) -> None:
        raise ZeroDivisionError

    for job_id, body in (("ingest", nothing), ("ingest", failing), ("rank", nothing)):
        workplace.run(job_id, body)
        workplace.clock.advance(hours=1)
    return workplace


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        ("", [3, 2, 1]),
        ("--job ingest", [2, 1]),
        ("--status error", [2]),
        ("--failed", [2]),
        ("--since 2026-11-01T13:00", [3, 2]),
        ("--until 2026-11-01T13:00Z", [1]),
        ("--since 2026-11-01T13:00 --until 2026-11-01T14:00", [2]),
        ("--limit 1", [3]),
    ],
)
def test_runs_can_be_asked_for_by_job_status_and_time(with_runs: Installation, arguments: str, runs: list[int]) -> None:
    done = with_runs.command("jobs", "history", "--json", *arguments.split())

    assert [run["id"] for run in done.json["history"]] == runs


@pytest.mark.parametrize("arguments", ["--job ingst", "--status bad", "--since yesterday", "--missed --failed"])
def test_a_filter_that_does_not_exist_is_a_usage_error(workplace: Installation, arguments: str) -> None:
    done = workplace.command("jobs", "history", *arguments.split())

    assert (done.exit_code, done.stdout) == (2, "")


def test_who_paused_a_job_and_why_is_shown_by_list_and_health(workplace: Installation) -> None:
    workplace.command("jobs", "pause", "ingest", "--reason", "moving", environment={"SUDO_USER": "ada"})

    listed = workplace.command("jobs", "list").stdout.splitlines()[-2]
    services = workplace.command("health", "--json").json["services"]

    assert listed.startswith("ingest is paused by ada: moving, since ")
    assert services["worker"]["paused"] == {"ingest": "paused by ada: moving"}


def test_a_pause_without_a_name_in_the_environment_is_that_of_the_account(workplace: Installation) -> None:
    workplace.command("jobs", "pause", "ingest")

    assert workplace.values('SELECT "by" FROM job_states') == [pwd.getpwuid(os.getuid()).pw_name]
