"""What commands say, to people, to cron and to scripts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.builders import NOW, own_line
from tests.installation import Installation
from trendspark_cli import __version__
from trendspark_cli.base.console import Output, report
from trendspark_cli.base.errors import UpstreamError
from trendspark_cli.base.models import Alert, RunResult
from trendspark_cli.store.sqlite.store import SqliteStore


@pytest.fixture
def used(workplace: Installation) -> Installation:
    """An installation that has run once."""
    workplace.ingest_lines(own_line("1", likes=-1), own_line("2"))
    return workplace


def test_the_version_is_one_line(workplace: Installation) -> None:
    done = workplace.command("--version")

    assert (done.exit_code, done.stdout, done.stderr) == (0, f"trendspark {__version__}\n", "")


@pytest.mark.parametrize(("arguments", "nearest"), [(["ingst"], "ingest"), (["job", "list"], "jobs"), (["zzz"], None)])
def test_an_unknown_command_is_a_usage_error_with_a_suggestion(
    workplace: Installation, arguments: list[str], nearest: str | None
) -> None:
    done = workplace.command(*arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert f"No such command {arguments[0]!r}" in done.stderr
    assert (f"Did you mean {nearest!r}?" in done.stderr) is (nearest is not None)


@pytest.mark.parametrize(
    "arguments",
    [
        "ingest --limit 0",
        "ingest --no-such-flag",
        "rank --top none",
        "trends show",
        "trends show x",
        "db backup",
        "--wat",
    ],
)
def test_wrong_arguments_are_exit_code_2_and_no_run(workplace: Installation, arguments: str) -> None:
    done = workplace.command(*arguments.split())

    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert workplace.values("SELECT count(*) FROM job_runs") == [0]


@pytest.mark.parametrize("arguments", ["trends show 99999999999999999999", "audit --limit 99999999999999999999"])
def test_a_number_no_database_can_hold_is_no_traceback(workplace: Installation, arguments: str) -> None:
    done = workplace.command(*arguments.split())

    assert "Traceback" not in done.stderr
    assert done.exit_code in (0, 2)


@pytest.mark.parametrize(
    "arguments", ["ingest --from /dev/null", "rank", "jobs run ingest -q", "--quiet ingest --from /dev/null"]
)
def test_a_success_under_cron_says_nothing(workplace: Installation, arguments: str) -> None:
    environment = {} if "run" not in arguments else {"X_BEARER_TOKEN": "", "KEYWORDS": ""}
    if "run" in arguments:
        workplace.command("jobs", "pause", "ingest")
    done = workplace.command(*arguments.split(), environment=environment)

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def test_a_failure_under_cron_is_one_line_with_what_why_what_to_do_and_the_run(workplace: Installation) -> None:
    done = workplace.command("ingest")

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (78, "", 1)
    assert re.fullmatch(r"trendspark ingest: no source is configured; set .+ \(run 1\)\n", done.stderr)


def test_a_traceback_of_a_failure_is_shown_on_request_only(workplace: Installation) -> None:
    plain, verbose = workplace.command("ingest"), workplace.command("ingest", "-v")

    assert ("Traceback" in plain.stderr, "Traceback" in verbose.stderr) == (False, True)


def test_a_failure_in_json_is_one_object_on_stderr_and_the_run_on_stdout(workplace: Installation) -> None:
    done = workplace.command("ingest", "--json")

    error = json.loads(done.stderr)["error"]
    assert (done.exit_code, error["code"], set(error)) == (78, 78, {"code", "message", "hint"})
    assert (done.json["status"], done.json["errors"][0]["message"]) == ("error", error["message"])


@pytest.mark.parametrize("arguments", ["trends list", "jobs list", "jobs history", "audit", "db stats", "gaps list"])
def test_a_missing_database_in_json_is_an_error_object(workplace: Installation, arguments: str) -> None:
    workplace.database.unlink()

    done = workplace.command(*arguments.split(), "--json")

    assert (done.exit_code, done.stdout, json.loads(done.stderr)["error"]["code"]) == (78, "", 78)


RUN = {"job", "run_id", "status", "exit_code", "started_at", "duration_seconds", "counts", "errors"}
JOB = {"id", "paused", "schedule", "next_run", "last_run", "last_status", "last_success", "lateness_seconds"}
RUN_ROW = {"id", "job_id", "status", "started_at", "heartbeat_at", "finished_at", "duration", "scheduled_for"}
RUN_ROW |= {"lateness", "pid", "host", "exit_code", "error", "counts", "version"}
AUDIT_ROW = {"cycle_id", "source", "query", "fetched", "new", "updated", "rejected", "oldest", "newest", "cost"}
AUDIT_ROW |= {"request_id"}
SHAPES: list[tuple[str, str, set[str]]] = [
    ("ingest --from /dev/null", "", RUN),
    ("rank", "", RUN | {"trends"}),
    ("jobs list", "jobs", JOB),
    ("jobs history", "history", RUN_ROW),
    ("audit", "audit", AUDIT_ROW),
    ("budget", "budget", {"service", "period", "used", "reserved", "limit"}),
    ("profiles list", "profiles", {"name", "keywords", "share", "is_enabled", "x_queries"}),
    ("config show", "settings", {"name", "value", "origin"}),
    ("config check", "", {"ok", "problems", "unknown", "x_queries", "first_run"}),
    ("db stats", "", {"path", "bytes", "free_bytes", "schema", "rows"}),
    ("metrics", "", {"files"}),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "noun", "keys"), SHAPES, ids=[row[0] for row in SHAPES])
def test_json_has_the_promised_keys(used: Installation, arguments: str, noun: str, keys: set[str]) -> None:
    done = used.command(*arguments.split(), "--json", environment={"X_BEARER_TOKEN": "t", "KEYWORDS": "bridge"})

    found: Any = done.json[noun][0] if noun else done.json
    assert (done.exit_code, keys - set(found)) == (0, set())


@pytest.mark.parametrize(("arguments", "expected"), [("trends list", {"trends": []}), ("gaps list", {"gaps": []})])
def test_nothing_in_json_is_an_empty_list(workplace: Installation, arguments: str, expected: dict[str, Any]) -> None:
    assert workplace.command(*arguments.split(), "--json").json == expected


def test_health_answers_with_the_keys_of_the_runbook(used: Installation) -> None:
    done = used.command("health", "--json")

    services = done.json["services"]
    assert [services[name]["ok"] for name in ("worker", "telegram", "database")] == [True, True, True]
    assert (done.json["ok"], done.exit_code) == (True, 0)


def test_health_is_not_well_when_the_last_run_failed(workplace: Installation) -> None:
    workplace.command("ingest")

    done = workplace.command("health", "--json")

    assert (done.exit_code, done.json["ok"], done.json["services"]["worker"]["ok"]) == (1, False, False)


def test_health_without_a_database_says_so_and_does_not_fail_itself(workplace: Installation) -> None:
    workplace.database.unlink()

    done = workplace.command("health", "--json")

    assert (done.exit_code, done.json["services"]["database"]["ok"], done.stderr) == (1, False, "")


def test_times_in_json_end_with_z(used: Installation) -> None:
    times = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]+)"', used.command("jobs", "history", "--json").stdout)

    assert [time for time in times if not time.endswith("Z")] == []
    assert len(times) >= 3


def test_settings_are_shown_with_secrets_masked_and_their_origin(workplace: Installation) -> None:
    planted = {"X_BEARER_TOKEN": "planted-secret-value", "KEYWORDS": "bridge"}

    done = workplace.command("config", "show", "--json", environment=planted)

    rows = {row["name"]: row for row in done.json["settings"]}
    assert (rows["X_BEARER_TOKEN"]["value"], rows["KEYWORDS"]["origin"]) == ("***", "environment")
    assert "planted" not in done.stdout + done.stderr


def test_a_bad_setting_makes_config_check_fail_and_names_it(workplace: Installation) -> None:
    done = workplace.command("config", "check", environment={"X_MAX_READS_PER_DAY": "many", "X_BEARER_TOKN": "t"})

    assert done.exit_code == 78
    assert "X_MAX_READS_PER_DAY='many'" in done.stdout
    assert "did you mean X_BEARER_TOKEN?" in done.stdout


def test_an_unknown_setting_is_in_the_log_and_never_on_a_jobs_stderr(workplace: Installation) -> None:
    done = workplace.command("ingest", "--from", "/dev/null", environment={"X_BEARER_TOKN": "t"})

    assert (done.exit_code, done.stderr) == (0, "")
    assert "did you mean X_BEARER_TOKEN?" in workplace.log_file.read_text()


def test_a_missing_env_file_is_one_line_and_78(workplace: Installation) -> None:
    done = workplace.command("--env-file", "/nowhere/.env", "health")

    assert (done.exit_code, done.stderr.count("\n"), "/nowhere/.env" in done.stderr) == (78, 1, True)


def test_a_huge_time_limit_is_a_bad_setting_and_no_traceback(workplace: Installation) -> None:
    done = workplace.command("config", "check", environment={"JOB_TIMEOUT_INGEST": "999999999999d"})

    assert (done.exit_code, "Traceback" in done.stderr) == (78, False)


def test_output_that_cannot_be_written_is_no_traceback(workplace: Installation) -> None:
    done = workplace.command("config", "show", wrapped_in=["/bin/sh", "-c", 'exec "$@" > /dev/full', "sh"])

    assert (done.exit_code, done.stderr) == (74, "trendspark: the output cannot be written: the disk is full\n")


def test_ingest_and_rank_as_one_job_are_one_row_and_one_for_each_step(workplace: Installation) -> None:
    done = workplace.command("jobs", "run", "ingest_rank", "--json")

    rows = workplace.rows("SELECT job_id, status, exit_code FROM job_runs ORDER BY id")
    assert [(row["job_id"], row["status"]) for row in rows] == [
        ("ingest_rank", "error"),
        ("ingest", "error"),
        ("rank", "success"),
    ]
    assert (done.exit_code, done.json["job"], done.json["rank"]["status"]) == (78, "ingest_rank", "success")


def test_an_unknown_job_is_a_usage_error(workplace: Installation) -> None:
    done = workplace.command("jobs", "run", "ingst")

    assert (done.exit_code, "ingest_rank" in done.stderr) == (2, True)


def test_a_profile_that_does_not_exist_is_a_wrong_argument(workplace: Installation) -> None:
    done = workplace.command("ingest", "--from", "/dev/null", "--profile", "ships")

    assert (done.exit_code, "'ships'" in done.stderr) == (2, True)


def test_health_says_off_for_what_is_not_configured(workplace: Installation) -> None:
    lines = [line.split() for line in workplace.command("health").stdout.splitlines()]

    states = {line[0]: line[1] for line in lines}
    assert [states[name] for name in ("x", "reddit", "telegram", "archive", "database")] == ["off"] * 4 + ["ok"]


def test_the_list_of_alerts_says_what_became_of_a_trend(workplace: Installation, store: SqliteStore) -> None:
    with store.transaction():
        for number, event in enumerate(("open", "grown:9", "closed:x"), 1):
            alert = Alert(f"trend:{number}:{event}", "trending_alert", f"title {number}", "text")
            store.notifications.queue(alert, NOW, muted=True)

    lines = workplace.command("alerts", "list").stdout.splitlines()

    assert [word for line in lines[:0:-1] for word in ("opened", "grown", "over") if word in line] == [
        "opened",
        "grown",
        "over",
    ]


def test_a_message_that_was_tried_and_refused_is_no_job_that_fails(workplace: Installation) -> None:
    around = {"TELEGRAM_BOT_TOKEN": "1:a", "TELEGRAM_CHAT_ID": "-1", "TELEGRAM_API_BASE_URL": "http://127.0.0.1:9"}

    codes = [workplace.command("alert-test", environment=around).exit_code for _ in range(3)]

    assert 0 not in codes
    assert workplace.values("SELECT count(*) FROM notifications WHERE category = 'job_alert'") == [0]
    health = workplace.command("health", "--json").json["services"]
    assert health["worker"]["ok"] is True


def test_a_run_says_how_many_posts_were_known_so_that_its_counts_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"pages": 5, "fetched": 500, "new": 90, "updated": 5, "rejected": 0}

    report(RunResult("ingest", 1, "success", 0, NOW, 1.0, counts=counts), Output(is_terminal=True))

    assert "known already 405" in " ".join(capsys.readouterr().out.split())


LATER = "the next run goes on where this one stopped"


@pytest.mark.parametrize(
    ("hint", "of_a_run", "of_a_command"),
    [
        (f"check the proxy; {LATER}", f"check the proxy; {LATER}", "check the proxy"),
        (f"nothing to do: {LATER}", f"nothing to do: {LATER}", "try again later"),
        ("set KEYWORDS", "set KEYWORDS", "set KEYWORDS"),
    ],
)
def test_a_command_that_is_no_run_does_not_speak_of_the_next_one(
    hint: str, of_a_run: str, of_a_command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = UpstreamError("bluesky", "it is down", hint=hint)

    report(RunResult("ingest", 7, "error", 69, NOW, 1.0, cause=error), Output())
    Output().failure(error, where="demo", exit_code=69)

    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"trendspark ingest: bluesky: it is down; {of_a_run} (run 7)",
        f"trendspark demo: bluesky: it is down; {of_a_command}",
    ]
