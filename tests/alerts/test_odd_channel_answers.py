"""Answers of named channels that make no sense: nothing is lost, nothing breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alerts.channel_desk import ChannelDesk
from tests.servers.hook_servers import DiscordServer, HookServer, NtfyServer, SlackServer
from tests.servers.messages import Answer

NONSENSE = {
    "a page": b"<html>Sign in</html>",
    "nothing": b"",
    "a list": b"[1]",
    "nested without end": b"[" * 100_000,
    "half a text": b'{"id": "\\ud8',
}
PAUSES = {b"1e999": 3600, b"-5": 60, b"null": 60, b"[1]": 60, b"true": 60, b'"35"': 35, b"0.5": 0.5}


@pytest.mark.parametrize("kind", [DiscordServer, SlackServer, NtfyServer])
@pytest.mark.parametrize("body", NONSENSE)
def test_an_answer_without_sense_is_uncertain(tmp_path: Path, kind: type[HookServer], body: str) -> None:
    with kind() as server:
        desk = ChannelDesk(tmp_path / "home", server.address)
        server.answer_next(Answer(200, NONSENSE[body]))
        desk.queue("a")

        result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], desk.counted("uncertain")) == (69, "pending", 1)


@pytest.mark.parametrize("said", PAUSES)
def test_a_pause_of_discord_is_bounded(tmp_path: Path, said: bytes) -> None:
    with DiscordServer() as server:
        desk = ChannelDesk(tmp_path / "home", server.address)
        server.answer_next(Answer(429, b'{"retry_after": ' + said + b"}"))
        desk.queue("a")

        result = desk.deliver()

    assert (result.exit_code, desk.paused_seconds()) == (75, PAUSES[said])


@pytest.mark.parametrize("status", [400, 403])
def test_a_reason_that_cannot_be_stored_is_no_bug(tmp_path: Path, status: int) -> None:
    with DiscordServer() as server:
        desk = ChannelDesk(tmp_path / "home", server.address)
        server.answer_next(Answer(status, b'{"message": "\\ud800", "code": []}'))
        desk.queue("a")

        result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"]) == ((0, "dead") if status == 400 else (78, "pending"))


def test_a_message_that_somebody_deleted_is_not_changed_for_ever(tmp_path: Path) -> None:
    with DiscordServer() as server:
        desk = ChannelDesk(tmp_path / "home", server.address)
        desk.queue("open")
        desk.deliver()
        server.shown.clear()
        desk.queue("closed", action="edit", reply_to="open")

        result = desk.deliver()

    assert (result.exit_code, desk.statuses()["closed"]) == (0, "dead")


def test_signs_of_markup_and_mentions_are_read_as_they_were_written(tmp_path: Path) -> None:
    text = "*bold* _x_ &lt;@everyone&gt; https://e.org/a_b_c |y|"
    with DiscordServer() as discord, SlackServer() as slack:
        desk = ChannelDesk(tmp_path / "home", discord.address, ALERT_URL_PIER=slack.address)
        desk.queue("a", text=text)

        desk.command_now("deliver")

        sent = slack.log[-1].request.body
    assert discord.texts == slack.texts == ["*bold* _x_ <@everyone> https://e.org/a_b_c |y|"]
    assert b"<" not in sent


BANS = {
    "for a time": (Answer(429, b"error code: 1015", {"retry-after": "600"}), 75, 600),
    "for good": (Answer(403, b"<html>Access denied</html>", {"content-type": "text/html"}), 78, 3600),
}


@pytest.mark.parametrize("ban", BANS)
def test_an_address_that_a_service_has_banned_asks_no_more_until_it_may(tmp_path: Path, ban: str) -> None:
    answer, exit_code, seconds = BANS[ban]
    with DiscordServer() as server:
        desk = ChannelDesk(tmp_path / "home", server.address)
        server.answer_next(answer, times=None)
        desk.queue("a", "b")

        codes = desk.every_minute(5)

        assert (codes[0], server.attempts, set(desk.statuses().values())) == (exit_code, 1, {"pending"})
        assert desk.paused_seconds() == pytest.approx(seconds - 300, abs=60)
