"""`channels list` and `channels test`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.channel_desk import ChannelDesk
from tests.servers.hook_servers import SECRET_PART, SlackServer, WebhookServer


@pytest.fixture
def servers() -> Iterator[tuple[SlackServer, WebhookServer]]:
    """Two services."""
    with SlackServer() as slack, WebhookServer() as webhook:
        yield slack, webhook


@pytest.fixture
def desk(tmp_path: Path, servers: tuple[SlackServer, WebhookServer]) -> ChannelDesk:
    """An operator with two channels."""
    slack, webhook = servers
    return ChannelDesk(tmp_path / "home", slack.address, ALERT_URL_PIER=webhook.address)


def test_the_list_says_what_waits_and_names_no_secret(desk: ChannelDesk) -> None:
    desk.queue("a")

    listed = desk.command("channels", "list", "--json")

    assert [(one["name"], one["served_by"], one["waiting"]) for one in listed.json["channels"]] == [
        ("desk", "Slack", 1),
        ("pier", "webhook", 1),
    ]
    assert SECRET_PART not in listed.stdout + desk.command("channels", "list").stdout


def test_a_test_goes_through_the_named_channel_alone(
    desk: ChannelDesk, servers: tuple[SlackServer, WebhookServer]
) -> None:
    done = desk.command("channels", "test", "pier")

    slack, webhook = servers
    assert (done.exit_code, len(webhook.texts), slack.texts) == (0, 1, [])
    assert done.stdout.startswith("pier (webhook) accepted the message for 127.0.0.1")


def test_a_test_of_all_says_what_each_answered(desk: ChannelDesk) -> None:
    done = desk.command("channels", "test")

    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == ["desk", "pier"]


def test_a_channel_that_nobody_named_is_a_mistake(desk: ChannelDesk) -> None:
    done = desk.command("channels", "test", "harbour")

    assert done.exit_code == 2
    assert "channel 'harbour' is not configured: expected one of desk, pier" in done.stderr


def test_one_channel_that_is_down_keeps_nothing_from_the_other(
    desk: ChannelDesk, servers: tuple[SlackServer, WebhookServer]
) -> None:
    slack, webhook = servers
    slack.is_gone = True
    desk.queue("a")

    done = desk.command_now("deliver")

    assert (done.exit_code, webhook.texts) == (78, ["text of a"])
