"""Quiet hours: nobody is woken by a trend, and in the morning each channel tells of all of them once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.alerts.channel_desk import ChannelDesk
from tests.alerts.desk import Desk
from tests.servers import TelegramServer
from tests.servers.hook_servers import WebhookServer

EVENING = datetime(2026, 10, 24, 19, 50, tzinfo=UTC)  # 21:50 in Berlin; the night has an hour more
MORNING = "2026-10-25T06:00"
QUIET = {"QUIET_HOURS": "22:00-07:00", "TIMEZONE": "Europe/Berlin"}


@pytest.fixture
def night(tmp_path: Path, telegram: TelegramServer) -> Desk:
    """A Telegram whose people sleep."""
    desk = Desk(tmp_path / "home", telegram, QUIET)
    desk.now = EVENING
    return desk


@pytest.fixture
def server() -> Iterator[WebhookServer]:
    """A program of one's own."""
    with WebhookServer() as started:
        yield started


def decide(desk: Desk | ChannelDesk, trend: int) -> None:
    """Decide that a trend has opened."""
    desk.queue(f"trend:{trend}:open", category="trending_alert")


def until(desk: Desk | ChannelDesk, moment: str) -> None:
    """Run `deliver` each hour until a time (UTC), and then."""
    end = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    while desk.now < end:
        assert desk.deliver().exit_code == 0
        desk.later(seconds=min(3600, (end - desk.now).total_seconds()))
    assert desk.deliver().exit_code == 0


def test_trends_of_the_night_are_told_in_one_message_when_it_is_over(night: Desk, telegram: TelegramServer) -> None:
    decide(night, 1)
    until(night, "2026-10-24T20:30")
    decide(night, 2)
    until(night, "2026-10-25T02:00")
    decide(night, 3)
    until(night, "2026-10-25T05:59:59")
    asleep = list(telegram.texts)

    until(night, MORNING)

    assert asleep == ["text of trend:1:open"]
    assert telegram.texts[1:] == ["🌙 2 trends in the quiet hours\n• title of trend:2:open\n• title of trend:3:open"]
    assert list(night.statuses().values()) == ["sent", "digested", "digested", "sent"]


def test_alerts_on_jobs_pass_at_night(night: Desk, telegram: TelegramServer) -> None:
    night.later(hours=3)
    night.queue("broken")
    decide(night, 1)

    night.deliver()

    assert telegram.texts == ["text of broken"]


def test_ideas_of_the_night_come_whole_in_the_morning(night: Desk, telegram: TelegramServer) -> None:
    night.later(hours=3)
    night.queue("daily_ideas:2026-10-25", category="daily_ideas")
    night.deliver()
    asleep = list(telegram.texts)

    until(night, MORNING)

    assert (asleep, telegram.texts) == ([], ["text of daily_ideas:2026-10-25"])


def test_how_a_trend_went_on_at_night_is_one_line(night: Desk, telegram: TelegramServer) -> None:
    night.later(hours=3)
    decide(night, 1)
    night.queue("trend:1:grown:20", category="trending_alert", reply_to="trend:1:open")
    night.queue("trend:1:closed:1", category="trending_alert", reply_to="trend:1:open", action="edit")

    until(night, MORNING)

    assert telegram.texts == ["🌙 1 trend in the quiet hours\n• title of trend:1:closed:1, over"]


def test_the_end_of_an_earlier_trend_changes_its_message_in_the_morning(night: Desk, telegram: TelegramServer) -> None:
    decide(night, 1)
    night.deliver()
    night.later(hours=3)
    night.queue("trend:1:closed:1", category="trending_alert", reply_to="trend:1:open", action="edit")
    until(night, "2026-10-25T05:59:59")
    asleep = list(telegram.texts)

    until(night, MORNING)

    assert (asleep, telegram.texts) == (["text of trend:1:open"], ["text of trend:1:closed:1"])


def test_where_nothing_can_be_changed_the_end_of_a_trend_is_a_line(tmp_path: Path, server: WebhookServer) -> None:
    desk = ChannelDesk(tmp_path / "home", server.address, **QUIET)
    desk.now = EVENING
    decide(desk, 1)
    desk.deliver()
    desk.later(hours=3)
    desk.queue("trend:1:closed:1", category="trending_alert", reply_to="trend:1:open", action="edit")

    until(desk, MORNING)

    assert server.texts[1:] == ["🌙 1 trend in the quiet hours\n• title of trend:1:closed:1, over"]


def test_a_night_in_which_nothing_delivered_is_told_the_same_way(night: Desk, telegram: TelegramServer) -> None:
    night.later(hours=5)
    decide(night, 1)
    night.later(hours=6)

    night.deliver()

    assert telegram.texts == ["🌙 1 trend in the quiet hours\n• title of trend:1:open"]


def test_what_was_held_goes_out_when_the_setting_is_taken_back(night: Desk, telegram: TelegramServer) -> None:
    night.later(hours=3)
    decide(night, 1)
    night.deliver()
    del night.environment["QUIET_HOURS"]
    night.later(hours=3)

    night.deliver()

    assert telegram.texts == ["🌙 1 trend in the quiet hours\n• title of trend:1:open"]


def test_many_held_trends_are_no_reason_to_bundle_what_passes(night: Desk, telegram: TelegramServer) -> None:
    night.later(hours=3)
    for trend in range(12):
        decide(night, trend)
    night.queue("broken")

    night.deliver()

    assert telegram.texts == ["text of broken"]


def test_what_is_held_is_no_outbox_that_is_stuck(night: Desk) -> None:
    night.later(hours=3)
    decide(night, 1)
    night.deliver()
    night.later(hours=3)
    result = night.deliver()

    found = night.command("doctor", "--json").json["findings"]

    assert result.counts["held"] == 1
    assert [one for one in found if one["check"] == "alerts" and "waited" in str(one)] == []
    assert night.series()["trendspark_alerts_oldest_pending_seconds"] == 0
