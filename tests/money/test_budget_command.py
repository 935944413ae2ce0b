"""`budget`: used, reserved and forecast; `--reconcile` against X's own books."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.ingest.operator import Operator
from tests.servers import Answer, Fault, XServer, faults, x_post
from trendspark_cli.base.errors import BadAnswerError
from trendspark_cli.screens.budget_report import forecast, pace_per_day
from trendspark_cli.services.x.usage import read_answer

MIDDAY = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)  # half of the 16th day of 30


def read_20_posts_now(operator: Operator, x_server: XServer) -> None:
    """Have the real command read 20 posts of the last hour, by the clock of this machine."""
    now = datetime.now(UTC)
    x_server.clock = now.timestamp
    x_server.add([x_post(now - timedelta(minutes=2 + n), f"bridge today {n}") for n in range(20)])
    assert operator.command("ingest").exit_code == 0


def test_each_ceiling_has_a_row_in_units_and_usd(operator: Operator) -> None:
    operator.environment |= {"X_MAX_READS_PER_DAY": "1000", "OPENAI_MAX_USD_PER_MONTH": "5"}
    rows = operator.command("budget", "--json").json["budget"]

    limits = [(row["service"], row["period"], row["limit"], row["limit_usd"]) for row in rows]
    assert limits == [
        ("x", "day", 1000, 5.0),
        ("x", "month", 50000, 250.0),
        ("openai", "day", 100000, None),
        ("openai", "month", None, 5.0),
    ]


def test_what_was_read_today_is_used_in_units_and_usd(operator: Operator, x_server: XServer) -> None:
    read_20_posts_now(operator, x_server)

    row = operator.command("budget", "--json").json["budget"][0]

    assert x_server.billing.billed_posts == 20
    assert (row["used"], row["used_usd"], row["reserved"]) == (20, 0.1, 0)


@pytest.mark.parametrize(("period", "expected"), [("day", 105), ("month", 100 + 145)])
def test_the_forecast_adds_the_pace_of_the_last_week_to_what_is_used(period: str, expected: int) -> None:
    assert forecast(100, 10.0, MIDDAY, period) == expected


def test_the_pace_is_that_of_the_days_since_the_first_read() -> None:
    assert pace_per_day({"2026-11-14": 20, "2026-11-16": 5}, MIDDAY) == 10.0


def test_a_first_day_counts_whole() -> None:
    assert pace_per_day({"2026-11-16": 350}, MIDDAY) == 350.0


def test_books_that_agree_differ_by_nothing(operator: Operator, x_server: XServer) -> None:
    read_20_posts_now(operator, x_server)

    told = operator.command("budget", "--reconcile", "--json").json["reconcile"]

    assert (told["ours"], told["difference"]) == (x_server.billing.billed_posts, 0)
    assert told["days"][-1]["x"] == told["x_used_of_cap"] == x_server.billing.billed_posts


def test_reads_of_another_app_are_seen_as_the_difference(operator: Operator, x_server: XServer) -> None:
    now = datetime.now(UTC)
    x_server.clock = now.timestamp
    x_server.billing.deliver(["1", "2", "3"], now.timestamp())

    done = operator.command("budget", "--reconcile")

    assert done.exit_code == 0
    assert "0 reads in our books, 3 in those of X" in done.stdout


def test_asking_x_what_it_counted_is_in_the_books_of_calls(operator: Operator, x_server: XServer) -> None:
    operator.command("budget", "--reconcile")

    calls = operator.rows("SELECT service, endpoint, calls FROM api_calls")
    assert calls == [{"service": "x", "endpoint": "usage", "calls": 1}]
    assert x_server.billing.cost_usd == 0


@pytest.mark.parametrize(
    ("fault", "exit_code", "says"),
    [
        (faults.unauthorized(), 77, "set X_BEARER_TOKEN"),
        (faults.server_error(503), 69, "the usage endpoint is failing (503)"),
        (faults.html_page(), 76, "the answer tells no usage"),
        (Fault("empty", lambda request: Answer(body=b"{}")), 76, "the answer tells no usage"),
    ],
    ids=["401", "503", "HTML", "empty"],
)
def test_x_that_does_not_tell_is_an_error_in_one_line(
    operator: Operator, x_server: XServer, fault: Fault, exit_code: int, says: str
) -> None:
    x_server.faults.add(fault, times=None)

    done = operator.command("budget", "--reconcile")

    assert (done.exit_code, done.stdout) == (exit_code, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_token_there_is_nobody_to_ask(operator: Operator) -> None:
    done = operator.command("budget", "--reconcile", environment={"X_BEARER_TOKEN": ""})

    assert done.exit_code == 78
    assert "set X_BEARER_TOKEN" in done.stderr


@pytest.mark.parametrize(
    "usage",
    [
        {"project_id": 1, "usage": [{"date": "2026-11-01T00:00:00.000Z", "usage": "7"}]},
        [{"date": "2026-11-01", "usage": [{"app_id": "1", "tweets_consumed": 4}, {"tweets_consumed": 3}]}],
    ],
    ids=["by day", "by day and app"],
)
def test_both_documented_forms_of_daily_usage_are_read(usage: object) -> None:
    answer = json.dumps({"data": {"daily_project_usage": usage, "project_usage": "9", "project_cap": "100"}})

    assert read_answer(answer.encode()).by_day == {"2026-11-01": 7}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"data":null}', b'{"data":{"project_usage":"many"}}'])
def test_an_answer_without_usage_is_no_answer(content: bytes) -> None:
    with pytest.raises(BadAnswerError):
        read_answer(content)
