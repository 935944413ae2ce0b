"""Services: each is asked at once, by calls that cost nothing, and says what its credentials are worth."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.builders import fingerprint
from tests.installation import Installation
from tests.servers import Fault, LocalServer, OpenAIServer, RedditServer, TelegramServer, XServer, faults
from trendspark_cli.app.adapters.archives import archive_destinations
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.screens.doctor.examining import examine_services
from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding
from trendspark_cli.screens.doctor.services import check_clock

TOKEN = "AAAAAAAAAAAAAAAAAAAAAbearer-of-the-test-app"
NAMES = ["x", "reddit", "telegram", "openai", "archive"]


@dataclass
class Connected:
    """An installation that uses every service."""

    workplace: Installation
    x: XServer
    reddit: RedditServer
    telegram: TelegramServer
    openai: OpenAIServer

    @property
    def servers(self) -> tuple[LocalServer, ...]:
        """All that are asked over the network."""
        return (self.x, self.reddit, self.telegram, self.openai)

    def ask(self) -> dict[str, Finding]:
        """What is found, by service."""
        found = examine_services(self.workplace.installation().settings, archive_destinations)
        return {finding.check: finding for finding in found}


@pytest.fixture
def connected(workplace: Installation) -> Iterator[Connected]:
    """All services are there and take our credentials."""
    archive = workplace.home / "archive"
    archive.mkdir()
    with ExitStack() as stack:
        x = stack.enter_context(XServer(bearer_token=TOKEN))
        reddit = stack.enter_context(RedditServer())
        telegram = stack.enter_context(TelegramServer())
        openai = stack.enter_context(OpenAIServer())
        workplace.environment |= {
            "X_BEARER_TOKEN": TOKEN,
            "X_API_BASE_URL": x.url,
            "REDDIT_CLIENT_ID": reddit.client_id,
            "REDDIT_CLIENT_SECRET": reddit.client_secret,
            "REDDIT_USER_AGENT": "linux:trendspark-tests:1 (by /u/nobody)",
            "REDDIT_BASE_URL": reddit.url,
            "REDDIT_OAUTH_URL": reddit.url,
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "TELEGRAM_CHAT_ID": str(telegram.chat_id),
            "TELEGRAM_API_BASE_URL": telegram.url,
            "OPENAI_API_KEY": openai.api_key,
            "OPENAI_BASE_URL": openai.base_url,
            "ARCHIVE_URL": f"file://{archive}",
            "HTTP_TIMEOUT": "1s",
        }
        yield Connected(workplace, x, reddit, telegram, openai)


def test_each_service_says_what_its_credentials_are_worth(connected: Connected) -> None:
    found = connected.ask()

    assert [(name, found[name].state) for name in [*NAMES, "clock"]] == [(name, OK) for name in [*NAMES, "clock"]]
    assert "the token is good" in found["x"].what
    assert "@" in found["telegram"].what
    assert "gpt-5-mini" in found["openai"].what


def test_asking_costs_nothing_and_sends_nothing(connected: Connected) -> None:
    connected.ask()

    assert connected.x.billing.cost_usd == 0
    assert connected.telegram.messages == []
    assert (connected.openai.input_tokens, connected.openai.output_tokens) == (0, 0)


@pytest.mark.parametrize(
    ("setting", "value", "name", "told"),
    [
        ("X_BEARER_TOKEN", "wrong-bearer-token", "x", "X_BEARER_TOKEN"),
        ("REDDIT_CLIENT_SECRET", "wrong-secret", "reddit", "REDDIT_CLIENT_SECRET"),
        ("TELEGRAM_BOT_TOKEN", "123456789:AAwrongwrongwrongwrongwrongwrongwrong", "telegram", "TELEGRAM_BOT_TOKEN"),
        ("TELEGRAM_CHAT_ID", "-100999", "telegram", "TELEGRAM_CHAT_ID"),
        ("OPENAI_API_KEY", "sk-wrong", "openai", "OPENAI_API_KEY"),
        ("OPENAI_MODEL", "gpt-9", "openai", "OPENAI_MODEL"),
        ("ARCHIVE_URL", "file:///nowhere/at/all", "archive", ""),
    ],
)
def test_what_is_refused_names_the_setting_to_mend_and_the_others_are_well(
    connected: Connected, setting: str, value: str, name: str, told: str
) -> None:
    connected.workplace.environment[setting] = value

    found = connected.ask()

    assert [other for other in NAMES if found[other].state != OK] == [name]
    assert told in found[name].fix
    assert found[name].fix


FAULTS = [faults.server_error(503), faults.connection_reset(), faults.html_page(), faults.broken_json()]


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_services_in_trouble_are_each_told_with_a_fix(connected: Connected, fault: Fault) -> None:
    for server in connected.servers:
        server.faults.add(fault, times=None)

    found = connected.ask()

    assert {name: found[name].state for name in NAMES[:4]} == dict.fromkeys(NAMES[:4], FAIL)
    assert all(found[name].fix for name in NAMES[:4])


def test_services_that_hang_are_waited_for_side_by_side(connected: Connected) -> None:
    connected.ask()  # what is imported for the first time takes time of its own
    connected.workplace.environment["HTTP_TIMEOUT"] = "2s"
    for server in connected.servers:
        server.faults.add(faults.hang(), times=None)
    began = time.monotonic()

    found = connected.ask()

    assert time.monotonic() - began < 6  # one after another, they would take 8
    assert {name: found[name].state for name in NAMES[:4]} == dict.fromkeys(NAMES[:4], FAIL)


def test_a_rate_limit_is_no_failure(connected: Connected) -> None:
    connected.x.faults.add(faults.rate_limited())

    assert connected.ask()["x"].state == WARN


def test_what_is_not_configured_says_what_it_needs(workplace: Installation) -> None:
    found = {
        finding.check: finding for finding in examine_services(workplace.installation().settings, archive_destinations)
    }

    assert [found[name].state for name in NAMES] == [OK] * 5
    assert "X_BEARER_TOKEN" in found["x"].what


@pytest.mark.parametrize(("seconds", "state"), [(0, OK), (20, OK), (-90, WARN), (3600, FAIL), (-3600, FAIL)])
def test_the_clock_is_held_against_those_of_services(seconds: int, state: str) -> None:
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    date = format_datetime(now - timedelta(seconds=seconds), usegmt=True)

    found = list(check_clock([ApiCall(now, "x", "usage", 200, 0.0, answered_at=date)]))

    assert [finding.state for finding in found] == [state]


def test_one_service_with_a_wrong_clock_is_not_believed_against_another() -> None:
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    dates = [format_datetime(now + timedelta(days=days), usegmt=True) for days in (0, 400)]

    found = list(
        check_clock([ApiCall(now, name, "any", 200, 0.0, answered_at=d) for name, d in zip("ab", dates, strict=True)])
    )

    assert [finding.state for finding in found] == [OK]


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Foo 2026 99:99:99 GMT"])
def test_a_date_that_is_none_says_nothing(date: str) -> None:
    call = ApiCall(datetime(2026, 11, 1, tzinfo=UTC), "x", "usage", 200, 0.0, answered_at=date)

    assert list(check_clock([call])) == []


def test_doctor_shows_each_finding_with_its_fix_and_changes_nothing(connected: Connected) -> None:
    workplace = connected.workplace
    workplace.environment["X_BEARER_TOKEN"] = "wrong-bearer-token"
    workplace.command("metrics")
    workplace.log_file.unlink(missing_ok=True)
    before = fingerprint(workplace.home)

    done = workplace.command("doctor")

    after = fingerprint(workplace.home)
    del after["trendspark.log"], after["archive/_doctor/can-be-written.txt"]
    assert done.exit_code == 1
    assert any(
        line.startswith("fail") and "the bearer token was refused (401)" in line for line in done.stdout.splitlines()
    )
    assert "fail: x: " in done.stdout
    assert after == before


def test_doctor_asks_nobody_when_it_is_told_not_to(connected: Connected) -> None:
    done = connected.workplace.command("doctor", "--offline", "--json")

    assert [server.log for server in connected.servers] == [[], [], [], []]
    assert {finding["check"] for finding in done.json["findings"]} >= {"settings", "disk", "integrity", "crontab"}
    assert all(finding["fix"] for finding in done.json["findings"] if finding["state"] != "ok")


def test_doctor_looks_at_an_installation_that_is_on_a_read_only_disk(workplace: Installation, tmp_path: Path) -> None:
    workplace.database.chmod(0o400)
    workplace.home.chmod(0o500)
    try:
        done = workplace.command("doctor", "--offline", "--json")
    finally:
        workplace.home.chmod(0o700)

    assert {finding["check"] for finding in done.json["findings"]} >= {"integrity", "disk"}
