"""Failing jobs and services are told once, and told when they work again; across processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.alerts.desk import Desk
from tests.ingest.operator import TOKEN as X_TOKEN
from tests.servers import Fault, TelegramServer, XServer, faults
from tests.servers.telegram_server import TOKEN, refusal, too_many_requests


@pytest.fixture
def x_desk(desk: Desk) -> Desk:
    """A desk that also reads X."""
    desk.environment |= {"X_BEARER_TOKEN": X_TOKEN, "KEYWORDS": "bridge"}
    return desk


def test_three_failures_are_one_alert_and_a_success_one_recovery(x_desk: Desk, telegram: TelegramServer) -> None:
    with XServer(clock=lambda: x_desk.now.timestamp(), bearer_token=X_TOKEN) as x:
        x_desk.environment["X_API_BASE_URL"] = x.url
        x.faults.add(faults.unauthorized(), times=4)
        for _ in range(5):
            x_desk.ingest()
            x_desk.later(minutes=14)

        x_desk.deliver()

    assert [text.split("\n")[0] for text in telegram.texts] == [
        "🔴 ingest failed 3 times in a row",
        "🟢 ingest: resolved after 56 min, 4 failures",
    ]


def test_two_failures_are_no_alert(x_desk: Desk, telegram: TelegramServer) -> None:
    with XServer(clock=lambda: x_desk.now.timestamp(), bearer_token=X_TOKEN) as x:
        x_desk.environment["X_API_BASE_URL"] = x.url
        x.faults.add(faults.unauthorized(), times=2)
        for _ in range(3):
            x_desk.ingest()

    assert x_desk.statuses() == {}


def test_five_server_errors_name_the_endpoint_and_resolve_by_themselves(x_desk: Desk, telegram: TelegramServer) -> None:
    with XServer(bearer_token=X_TOKEN) as x:
        x_desk.environment["X_API_BASE_URL"] = x.url
        x.faults.add(faults.server_error(503), times=None)
        real = x_desk
        for _ in range(2):
            assert real.command("ingest").exit_code == 69
        alerts = real.rows("SELECT category, body FROM notifications")

    assert [row["category"] for row in alerts] == ["api_alert"]
    assert "search_recent" in alerts[0]["body"]
    assert "503" in alerts[0]["body"]

    real.now = datetime.now(UTC) + timedelta(minutes=10)
    x_desk.deliver()
    x_desk.deliver()

    assert [text.split("\n")[0].split(":")[0] for text in telegram.texts] == ["🔴 x fails", "🟢 x answers again"]


@pytest.mark.only_sqlite
def test_a_broken_store_is_told_directly_and_once(desk: Desk, telegram: TelegramServer) -> None:
    desk.database.write_bytes(b"this is no database at all" * 100)

    codes = [desk.command("rank").exit_code for _ in range(3)]

    assert codes == [65, 65, 65]
    assert [text.split("\n")[0] for text in telegram.texts] == ["🔴 rank cannot use its database"]


def test_a_test_alert_says_what_telegram_answered(desk: Desk, telegram: TelegramServer) -> None:
    done = desk.command("alert-test", "--json")

    assert done.exit_code == 0
    assert '"message_id": "1"' in done.stdout
    assert telegram.texts == ["TrendSpark test alert"]


@pytest.mark.parametrize(
    ("name", "value", "code", "told"),
    [
        ("TELEGRAM_BOT_TOKEN", "987654321:AAwrongwrongwrongwrongwrongwrong", 77, "TELEGRAM_BOT_TOKEN"),
        ("TELEGRAM_CHAT_ID", "-1", 78, "TELEGRAM_CHAT_ID"),
        ("TELEGRAM_BOT_TOKEN", "", 78, "no alert channel is configured"),
        ("TELEGRAM_API_BASE_URL", "http://127.0.0.1:9", 69, "cannot be reached"),
    ],
)
def test_a_refused_test_alert_says_what_to_do(
    desk: Desk, telegram: TelegramServer, name: str, value: str, code: int, told: str
) -> None:
    desk.environment[name] = value

    done = desk.command("alert-test")

    assert done.exit_code == code
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert TOKEN not in done.stdout + done.stderr


def test_health_asks_telegram_rarely(desk: Desk, telegram: TelegramServer) -> None:
    for _ in range(3):
        desk.command("health", "--json")

    assert [entry.endpoint for entry in telegram.log] == ["getMe", "getChat"]


def test_health_takes_a_message_that_was_taken_for_an_answer(desk: Desk, telegram: TelegramServer) -> None:
    desk.command("alert-test")

    done = desk.command("health", "--json")

    assert [entry.endpoint for entry in telegram.log] == ["sendMessage"]
    assert done.json["services"]["telegram"]["ok"]


def test_health_asks_again_when_a_message_was_refused_since_the_last_good_one(
    desk: Desk, telegram: TelegramServer
) -> None:
    desk.command("alert-test")
    telegram.is_blocked = True
    desk.command("alert-test")

    done = desk.command("health", "--json")

    assert not done.json["services"]["telegram"]["ok"]


def test_health_says_when_the_chat_is_closed(desk: Desk, telegram: TelegramServer) -> None:
    telegram.is_blocked = True

    done = desk.command("health")

    assert done.exit_code == 1
    assert "the bot may not write to the chat" in done.stdout


def test_dead_alerts_can_be_sent_again_or_dropped(desk: Desk, telegram: TelegramServer) -> None:
    odd = Fault("400", lambda request: refusal(400, "Bad Request: message text is odd"))
    telegram.faults.add(odd, times=2)
    desk.queue("a", "b")
    desk.deliver()

    retried = desk.command("alerts", "retry", "1")
    dropped = desk.command("alerts", "drop", "2")
    desk.now = datetime.now(UTC)
    desk.deliver()

    assert (retried.exit_code, dropped.exit_code) == (0, 0)
    assert telegram.texts == ["text of a"]
    assert desk.statuses() == {"a": "sent", "b": "expired"}


def test_a_test_alert_does_not_wait_for_our_own_back_off(desk: Desk, telegram: TelegramServer) -> None:
    desk.now = datetime.now(UTC)
    telegram.faults.add(faults.server_error(502), times=1)
    desk.queue("a")
    assert desk.deliver().exit_code == 69

    done = desk.command("alert-test")

    assert (done.exit_code, telegram.texts) == (0, ["TrendSpark test alert"])


def test_a_test_alert_keeps_a_pause_that_telegram_asked_for(desk: Desk, telegram: TelegramServer) -> None:
    desk.now = datetime.now(UTC)
    telegram.faults.add(Fault("429", lambda request: too_many_requests(300)), times=1)
    desk.queue("a")
    desk.deliver()

    done = desk.command("alert-test")

    assert (done.exit_code, telegram.texts) == (75, [])
    assert "asked us to wait until" in done.stderr
