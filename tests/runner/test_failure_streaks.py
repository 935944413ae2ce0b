"""Failures in a row: one alert, one recovery message, whatever process each run was in."""

from __future__ import annotations

import pytest

from tests.installation import Installation
from tests.runner.conftest import Start
from trendspark_cli.app import installation as app
from trendspark_cli.base import errors
from trendspark_cli.running.job_context import JobContext

TELEGRAM = {"TELEGRAM_BOT_TOKEN": "123456:a-bot-token-of-the-test", "TELEGRAM_CHAT_ID": "-100"}


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


def failing(job: JobContext) -> None:
    """Fail as a service that is down."""
    raise errors.UpstreamError("x", "it is down")


def skipped(job: JobContext) -> None:
    """Find the ceiling reached."""
    raise errors.CeilingReachedError("x: the ceiling is reached", key="k")


def interrupted(job: JobContext) -> None:
    """Be stopped."""
    raise errors.StopRequest(errors.ExitCode.TERMINATED, "stopped by SIGTERM")


def buggy(job: JobContext) -> None:
    """Have a bug."""
    raise AssertionError


def partial(job: JobContext) -> None:
    """Lose one source of two."""
    raise errors.SourcesFailedError([errors.UpstreamError("x", "it is down")], tried=2)


@pytest.fixture(autouse=True)
def _telegram(workplace: Installation) -> None:
    workplace.environment.update(TELEGRAM)


def alerts(workplace: Installation) -> list[dict[str, object]]:
    """Return the outbox."""
    return workplace.rows("SELECT dedupe_key, category, status, body FROM notifications ORDER BY id")


def run(workplace: Installation, *bodies: object) -> None:
    """Run these bodies one after the other, a quarter of an hour apart."""
    for body in bodies:
        assert callable(body)
        workplace.run("ingest", body)
        workplace.clock.advance(minutes=15)


def test_three_failures_in_a_row_queue_one_alert(workplace: Installation) -> None:
    run(workplace, failing, failing, failing, failing, failing)

    queued = alerts(workplace)
    assert [(row["category"], row["status"]) for row in queued] == [("job_alert", "pending")]
    assert queued[0]["dedupe_key"] == "job_alert:ingest:2026-11-01T12:00:00.000Z"
    assert all(part in str(queued[0]["body"]) for part in ("ingest failed 3 times in a row", "run 3", "x: it is down"))


def test_two_failures_are_no_alert(workplace: Installation) -> None:
    run(workplace, failing, failing, nothing, failing, failing)

    assert alerts(workplace) == []


@pytest.mark.parametrize("body", [failing, buggy, partial])
def test_every_kind_of_failure_counts(workplace: Installation, body: object) -> None:
    run(workplace, body, body, body)

    assert len(alerts(workplace)) == 1


@pytest.mark.parametrize("neutral", [skipped, interrupted])
def test_skipped_and_interrupted_runs_neither_count_nor_end_a_streak(workplace: Installation, neutral: object) -> None:
    run(workplace, failing, neutral, failing, neutral)
    before = len(alerts(workplace))

    run(workplace, failing)

    assert (before, len(alerts(workplace))) == (0, 1)


def test_recovery_is_told_once_with_how_long_it_lasted(workplace: Installation) -> None:
    run(workplace, failing, failing, failing, nothing, nothing)

    told = [str(row["body"]) for row in alerts(workplace)[1:]]
    assert ["resolved after 45 min" in body for body in told] == [True]


def test_a_streak_nobody_was_told_of_ends_without_a_word(workplace: Installation) -> None:
    run(workplace, failing, failing, nothing)

    assert alerts(workplace) == []


def test_a_second_streak_is_told_again(workplace: Installation) -> None:
    run(workplace, *[failing] * 3, nothing, *[failing] * 3, nothing)

    keys = [row["dedupe_key"] for row in alerts(workplace)]
    assert len(keys) == len(set(keys)) == 4


def test_a_streak_is_remembered_across_processes(workplace: Installation) -> None:
    for _ in range(3):
        workplace.command("ingest", "--from", "/nowhere/posts.ndjson")

    assert [row["category"] for row in alerts(workplace)] == ["job_alert"]


def test_killed_runs_count_as_failures(workplace: Installation, start: Start) -> None:
    run(workplace, failing, failing)
    process = start("idle")
    process.kill()
    process.wait()

    run(workplace, failing)

    assert "3 times" in str(alerts(workplace)[0]["body"])


@pytest.mark.only_sqlite  # its trigger
def test_the_alert_and_the_row_of_the_run_are_one_transaction(workplace: Installation) -> None:
    run(workplace, failing, failing)
    store = workplace.store()
    store.connection.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON notifications BEGIN SELECT RAISE(ABORT, 'no alerts'); END"
    )
    store.close()

    run(workplace, failing)

    assert workplace.values("SELECT status FROM job_runs ORDER BY id")[-1] == "running"
    assert workplace.values("SELECT failures FROM job_states") == [2]


@pytest.mark.parametrize("setting", [{"TELEGRAM_BOT_TOKEN": ""}, {"ENABLE_REALTIME_ALERTS": "false"}])
def test_without_a_channel_alerts_are_recorded_as_muted(workplace: Installation, setting: dict[str, str]) -> None:
    workplace.environment.update(setting)

    run(workplace, failing, failing, failing)

    assert [row["status"] for row in alerts(workplace)] == ["muted"]


def test_the_number_of_failures_is_a_setting(workplace: Installation) -> None:
    workplace.environment["JOB_FAILURE_THRESHOLD"] = "1"

    run(workplace, failing)

    assert len(alerts(workplace)) == 1


def test_each_job_has_a_streak_of_its_own(workplace: Installation) -> None:
    for job_id in ("ingest", "rank", "ingest", "rank"):
        workplace.run(job_id, failing)

    assert alerts(workplace) == []


def test_a_secret_in_an_error_reaches_no_alert(workplace: Installation) -> None:
    def leaking(job: JobContext) -> None:
        raise errors.UpstreamError("x", f"no such bot {TELEGRAM['TELEGRAM_BOT_TOKEN']}")

    run(workplace, leaking, leaking, leaking)

    assert TELEGRAM["TELEGRAM_BOT_TOKEN"] not in str(alerts(workplace))


def test_an_installation_with_telegram_is_not_muted(workplace: Installation) -> None:
    installed: app.Installation = workplace.installation()

    assert installed.runner().alert_rules.are_muted is False
