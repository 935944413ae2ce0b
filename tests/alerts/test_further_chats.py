"""Further chats of the same bot: each is a channel of its own, with its own rows, pauses and topic."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.alerts.desk import Desk
from tests.servers import TelegramServer
from tests.settings.test_channel_settings import settings_of
from trendspark_cli.app.job_bodies import deliver_body
from trendspark_cli.base.models import Alert
from trendspark_cli.store.open_store import open_store

TEAM, PERSON = -1009876543210, 555


@pytest.fixture
def chats(desk: Desk, telegram: TelegramServer) -> Desk:
    """An operator with two further chats."""
    telegram.more_chats = {TEAM, PERSON}
    desk.environment |= {"ALERT_URL_TEAM": f"telegram://{TEAM}", "ALERT_URL_PERSON": f"telegram://{PERSON}"}
    return desk


def queue(desk: Desk, *names: str) -> None:
    """Decide alerts for every channel."""
    store = open_store(desk.installation().settings)
    for name in names:
        alert = Alert(name, "job_alert", name, f"<b>text of {name}</b>")
        store.write(partial(store.notifications.queue, alert, desk.now, muted=False))
    store.close()


def deliver(desk: Desk) -> int:
    """Run `deliver` over all channels."""
    return int(desk.run_body("deliver", deliver_body()).exit_code)


def arrived(telegram: TelegramServer) -> dict[int, list[str]]:
    """What each chat shows."""
    chats = {message.chat_id for message in telegram.messages}
    return {chat: [one.text for one in telegram.messages if one.chat_id == chat] for chat in chats}


def test_each_chat_gets_each_alert_once(chats: Desk, telegram: TelegramServer) -> None:
    queue(chats, "a")

    deliver(chats)
    deliver(chats)

    assert arrived(telegram) == {chat: ["text of a"] for chat in (telegram.chat_id, TEAM, PERSON)}
    assert sorted(chats.statuses()) == ["a", "a#person", "a#team"]


def test_a_chat_that_blocks_the_bot_keeps_nothing_from_the_others(chats: Desk, telegram: TelegramServer) -> None:
    telegram.blocked_chats = {TEAM}
    queue(chats, "a")

    exit_code = deliver(chats)

    assert (exit_code, chats.statuses()) == (78, {"a": "sent", "a#person": "sent", "a#team": "pending"})
    [found] = [one for one in chats.command("channels", "list", "--json").json["channels"] if one["name"] == "team"]
    assert found["last_error"].startswith("team: the bot may not write to the chat (403)")


@pytest.mark.parametrize("thread", [45, 4_000_000_000])
def test_a_further_chat_may_be_a_topic(chats: Desk, telegram: TelegramServer, thread: int) -> None:
    telegram.topics = {1: "open", thread: "open"}
    chats.environment["ALERT_URL_TEAM"] = f"telegram://{TEAM}:{thread}"
    queue(chats, "a")

    deliver(chats)

    assert [message.topic for message in telegram.messages if message.chat_id == TEAM] == [thread]


def test_what_is_wrong_with_a_topic_names_the_setting_of_its_chat(chats: Desk, telegram: TelegramServer) -> None:
    chats.environment["ALERT_URL_TEAM"] = f"telegram://{TEAM}:45"

    done = chats.command("channels", "test", "team")

    assert done.exit_code == 78
    assert "team: Bad Request: message thread not found (400)" in done.stderr
    assert "set ALERT_URL_TEAM to one that is" in done.stderr


def test_a_further_chat_is_all_that_is_needed(desk: Desk, telegram: TelegramServer) -> None:
    telegram.more_chats = {TEAM}
    del desk.environment["TELEGRAM_CHAT_ID"]
    desk.environment["ALERT_URL_TEAM"] = f"telegram://{TEAM}"
    queue(desk, "a")

    deliver(desk)

    assert arrived(telegram) == {TEAM: ["text of a"]}


def test_a_chat_without_a_bot_is_a_mistake(tmp_path: Path) -> None:
    found = settings_of(tmp_path, ALERT_URL_TEAM="telegram://@team_chat:45")

    assert found.problems == ("ALERT_URL_TEAM=telegram://*** (environment): expected TELEGRAM_BOT_TOKEN beside it",)


@pytest.mark.parametrize(
    "address", ["telegram://", "telegram://0", "telegram://team", "telegram://-5:0", "telegram://5:x", "telegram://5/6"]
)
def test_an_address_that_is_no_chat_is_refused(tmp_path: Path, address: str) -> None:
    found = settings_of(tmp_path, ALERT_URL_TEAM=address, TELEGRAM_BOT_TOKEN="1:a")

    assert len(found.problems) == 1
    assert "telegram://CHAT:THREAD" in found.problems[0]
