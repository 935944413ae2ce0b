"""docs/how-to/channels.md, followed: its settings with doubles in the place of services, its commands one by one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.project import page
from tests.ingest.operator import Operator
from tests.installation import telegram_settings
from tests.servers import TelegramServer
from tests.servers.hook_servers import AppriseServer, DiscordServer, NtfyServer, SlackServer, WebhookServer
from tests.servers.smtp_server import SmtpServer
from trendspark_cli.kinds.channel_addresses import address_kind

TEXT = page("docs/how-to/channels.md")
BLOCKS = "\n".join(re.findall(r"^```ini\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL))
SETTINGS = dict(line.split("=", 1) for line in BLOCKS.splitlines() if line)
COMMANDS = re.findall(r"^\$ trendspark (.+)$", TEXT, re.MULTILINE)


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Operator]:
    """Somebody who has set what the page shows, in a world where each service is a double."""
    with ExitStack() as servers:
        telegram = servers.enter_context(TelegramServer())
        telegram.more_chats, telegram.topics = {-1009876543210}, {1: "open", 45: "open"}
        doubles = {
            "Slack": servers.enter_context(SlackServer()).address,
            "Discord": servers.enter_context(DiscordServer()).address,
            "ntfy": servers.enter_context(NtfyServer()).address,
            "mail": servers.enter_context(SmtpServer()).address,
            "apprise": servers.enter_context(AppriseServer()).address,
            "webhook": servers.enter_context(WebhookServer()).address,
        }
        environment = telegram_settings(telegram, HTTP_TIMEOUT="2s", HACKERNEWS_INGEST_ENABLED="true")
        for name, value in SETTINGS.items():
            kind = address_kind(value) if name.startswith("ALERT_URL_") else None
            environment[name] = doubles.get(kind.title, value) if kind is not None else value
        yield Operator(tmp_path / "home", environment)


def test_each_command_of_the_page_works_with_the_settings_of_the_page(follower: Operator) -> None:
    done = {command: follower.command(*shlex.split(command)) for command in COMMANDS}

    assert {command: one.stdout + one.stderr for command, one in done.items() if one.exit_code} == {}


def test_each_channel_of_the_page_takes_a_message(follower: Operator) -> None:
    done = follower.command("channels", "test", "--json")

    names = {name.removeprefix("ALERT_URL_").lower() for name in SETTINGS if name.startswith("ALERT_URL_")}
    assert (done.exit_code, set(done.json["answers"])) == (0, {"telegram", *names})
