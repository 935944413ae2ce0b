"""Alerts of a group with topics go into the one that was chosen; what is wrong with it is told by its right name."""

from __future__ import annotations

import pytest

from tests.alerts.desk import Desk
from tests.servers import TelegramServer


def in_topic(desk: Desk, thread: str) -> None:
    """Choose a topic by its own setting."""
    desk.environment["TELEGRAM_THREAD_ID"] = thread


def behind_chat(desk: Desk, thread: str) -> None:
    """Choose a topic behind the chat."""
    desk.environment["TELEGRAM_CHAT_ID"] += f":{thread}"


@pytest.mark.parametrize("choose", [in_topic, behind_chat])
def test_alerts_go_to_the_topic(desk: Desk, telegram: TelegramServer, choose: object) -> None:
    telegram.topics = {1: "closed", 45: "open"}
    assert callable(choose)
    choose(desk, "45")
    desk.queue("a")

    desk.deliver()

    assert [(message.topic, message.text) for message in telegram.messages] == [(45, "text of a")]


def test_what_stands_behind_the_chat_counts_for_more(desk: Desk, telegram: TelegramServer) -> None:
    telegram.topics = {45: "open", 46: "open"}
    in_topic(desk, "46")
    behind_chat(desk, "45")
    desk.queue("a")

    desk.deliver()

    assert [message.topic for message in telegram.messages] == [45]


def test_without_a_topic_none_is_named(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("a")

    desk.deliver()

    assert [message.topic for message in telegram.messages] == [None]


TROUBLES = {
    "General is closed": ("", {1: "closed", 45: "open"}, "General, the first topic, is closed: set TELEGRAM_THREAD_ID"),
    "it is closed": ("45", {1: "open", 45: "closed"}, "topic 45 is closed: open it, or set TELEGRAM_THREAD_ID"),
    "it was deleted": ("45", {1: "open", 45: "deleted"}, "topic 45 is not there (any more): set TELEGRAM_THREAD_ID"),
    "it never was": ("45", {1: "open"}, "topic 45 is not there (any more): set TELEGRAM_THREAD_ID"),
    "the group has none": ("45", None, "topic 45 is not there (any more): set TELEGRAM_THREAD_ID"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_topic_that_takes_nothing_pauses_the_channel_and_names_the_setting(
    desk: Desk, telegram: TelegramServer, name: str
) -> None:
    thread, telegram.topics, hint = TROUBLES[name]
    in_topic(desk, thread)
    desk.queue("a")

    result = desk.deliver()

    assert result.exit_code == 78
    assert hint in result.errors[0]["hint"]
    assert desk.statuses() == {"a": "pending"}


def test_a_topic_that_is_opened_again_gets_what_waited(desk: Desk, telegram: TelegramServer) -> None:
    telegram.topics = {45: "closed"}
    in_topic(desk, "45")
    desk.queue("a")
    desk.deliver()
    telegram.topics = {45: "open"}
    desk.later(hours=2)

    desk.deliver()

    assert telegram.texts == ["text of a"]


def test_doctor_names_the_topic(desk: Desk, telegram: TelegramServer) -> None:
    telegram.topics = {45: "open"}
    in_topic(desk, "45")

    done = desk.command("doctor", "--json")

    [found] = [each for each in done.json["findings"] if each["check"] == "telegram"]
    assert (found["state"], found["what"]) == ("ok", "@spark_test_bot in Operators, topic 45")


@pytest.mark.parametrize(
    "chat", ["-1001234567890", "-4321", "123456789", "@channel", "-1001234567890:45", "@channel:45", " -1001234567890 "]
)
def test_forms_of_chats_that_telegram_knows_are_taken(desk: Desk, chat: str) -> None:
    desk.environment["TELEGRAM_CHAT_ID"] = chat

    assert desk.installation().settings.problems == ()


@pytest.mark.parametrize(
    "chat",
    [
        "https://t.me/c/1234567890/45",
        "t.me/channel",
        "channel",
        "@",
        "@channel name",
        "-1001234567890,-1009876543210",
        "-1001234567890:",
        "-1001234567890:General",
        "-1001234567890:0",
        "-1001234567890/45",
        "100e3",
        "\u2212100123",
        "0",
    ],
)
def test_other_forms_are_malformed_and_the_right_ones_are_shown(desk: Desk, chat: str) -> None:
    desk.environment["TELEGRAM_CHAT_ID"] = chat

    [problem] = desk.installation().settings.problems

    assert problem.startswith("TELEGRAM_CHAT_ID=")
    assert "-1001234567890:45" in problem


@pytest.mark.parametrize("thread", ["0", "-4", "General", "4.5", "45:46"])
def test_a_topic_that_is_no_number_is_malformed(desk: Desk, thread: str) -> None:
    in_topic(desk, thread)

    [problem] = desk.installation().settings.problems

    assert problem.startswith("TELEGRAM_THREAD_ID=")
