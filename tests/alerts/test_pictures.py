"""The plot of a topic follows its alert where the channel takes pictures: once at most, and never in the text's way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.alerts.gallery import Gallery
from tests.alerts.test_trend_alerts import burst, quiet_days
from tests.ingest.operator import Operator
from tests.installation import Installation, telegram_settings
from tests.servers import Answer, Fault, TelegramServer
from tests.servers.hook_servers import DiscordServer, HookServer, NtfyServer, SlackServer, WebhookServer
from tests.servers.smtp_server import SmtpServer
from tests.servers.telegram_server import refusal, too_many_requests
from trendspark_cli.alerts.delivery import LEASE
from trendspark_cli.store.open_store import open_store

Service = TelegramServer | HookServer | SmtpServer
TAKE_PICTURES: dict[str, Callable[[], Service]] = {
    "telegram": TelegramServer,
    "discord": DiscordServer,
    "ntfy": NtfyServer,
    "mail": SmtpServer,
}
WORDS = "at most 12 posts in 15 min, usual there 1.0"


@pytest.fixture(params=TAKE_PICTURES)
def server(request: pytest.FixtureRequest) -> Iterator[Service]:
    """Each service that takes pictures, in turn."""
    with TAKE_PICTURES[request.param]() as started:
        yield started


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    """The one that takes them as answers."""
    with TelegramServer() as started:
        yield started


def answer_once(server: TelegramServer, answer: Answer, endpoint: str) -> None:
    """Have the next call of an endpoint answered like this."""
    server.faults.add(Fault("told", lambda request: answer), endpoint=endpoint)


def test_the_plot_follows_the_alert_once(tmp_path: Path, server: Service) -> None:
    here = Gallery(tmp_path / "home", server)
    here.open_trend()

    codes = here.every_minute(3)

    assert (codes, server.texts, here.ended()) == ([0, 0, 0], ["harbour bridge opens"], ["sent", "sent"])
    [picture] = server.pictures
    assert picture.words == WORDS
    with Image.open(BytesIO(picture.png)) as image:
        assert (image.format, image.size, len(image.getcolors() or ()) > 3) == ("PNG", (1000, 500), True)
    if isinstance(server, TelegramServer):
        assert picture.answers == "1"
    if isinstance(server, SmtpServer):
        assert picture.answers == server.mails[0]["Message-ID"]


def test_a_picture_that_is_refused_is_let_go_and_stops_nothing(tmp_path: Path, telegram: TelegramServer) -> None:
    here = Gallery(tmp_path / "home", telegram)
    told = refusal(400, "Bad Request: not enough rights to send photos to the chat")
    answer_once(telegram, told, "sendPhoto")
    here.open_trend()
    here.queue("later")

    result = here.deliver()

    assert (result.exit_code, here.ended()) == (0, ["sent", "expired", "sent"])
    assert here.values("SELECT paused_until FROM channel_states") == [None]


def test_a_picture_whose_answer_is_lost_is_not_sent_again(tmp_path: Path, telegram: TelegramServer) -> None:
    here = Gallery(tmp_path / "home", telegram)
    answer_once(telegram, Answer(502, b"oops"), "sendPhoto")
    here.open_trend()

    assert here.every_minute(3) == [0, 0, 0]
    assert (here.ended(), len(telegram.requests_of("sendPhoto"))) == (["sent", "expired"], 1)


def test_a_picture_that_was_not_taken_for_want_of_time_waits(tmp_path: Path, telegram: TelegramServer) -> None:
    here = Gallery(tmp_path / "home", telegram)
    answer_once(telegram, too_many_requests(90), "sendPhoto")
    here.open_trend()

    codes = here.every_minute(4)

    assert (codes[0], here.ended(), len(telegram.pictures)) == (75, ["sent", "sent"], 1)


def test_a_picture_never_goes_before_its_message(tmp_path: Path, telegram: TelegramServer) -> None:
    here = Gallery(tmp_path / "home", telegram)
    answer_once(telegram, Answer(502, b"oops"), "sendMessage")
    here.open_trend()

    here.deliver()
    assert (here.ended(), telegram.pictures) == (["pending", "pending"], [])
    here.every_minute(3)
    assert (here.ended(), len(telegram.texts), len(telegram.pictures)) == (["sent", "sent"], 1, 1)


def test_without_its_message_there_is_no_picture(tmp_path: Path, telegram: TelegramServer) -> None:
    here = Gallery(tmp_path / "home", telegram)
    answer_once(telegram, refusal(400, "Bad Request: message text is odd"), "sendMessage")
    here.open_trend()

    here.deliver()

    assert (here.ended()[:2], telegram.pictures) == (["dead", "expired"], [])


def test_a_process_killed_while_it_sends_a_picture_sends_no_second(tmp_path: Path, telegram: TelegramServer) -> None:
    here = Gallery(tmp_path / "home", telegram)
    here.open_trend()
    here.deliver()
    store = open_store(here.installation().settings)
    store.write(lambda: store.notifications.put_back(2, here.now, ""))
    store.write(lambda: store.notifications.claim(2, here.now + LEASE))  # as the one that died left it
    store.close()
    here.later(seconds=LEASE.total_seconds() + 1)

    here.deliver()

    assert (here.ended(), len(telegram.pictures)) == (["sent", "expired"], 1)


def test_many_alerts_become_one_message_without_pictures(tmp_path: Path, telegram: TelegramServer) -> None:
    here = Gallery(tmp_path / "home", telegram)
    here.open_trend()
    here.queue(*(f"job-{number}" for number in range(11)))

    here.deliver()

    assert (here.ended()[:2], len(telegram.texts), telegram.pictures) == (["digested", "expired"], 1, [])


CHANNELS = {"telegram": True, "desk": False, "pier": False}


def test_channels_that_take_none_get_the_text_alone_with_its_small_curve(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    with SlackServer() as slack, WebhookServer() as hook:
        urls = {"ALERT_URL_DESK": slack.address, "ALERT_URL_PIER": hook.address, "ALERT_PICTURES": "true"}
        here = Operator(tmp_path / "home", telegram_settings(telegram, **urls))
        quiet_days(here, tmp_path)
        burst(here)

        here.command_now("deliver")

    rows = here.rows("SELECT channel, action FROM notifications WHERE action = 'picture'")
    assert [row["channel"] for row in rows] == [name for name, takes in CHANNELS.items() if takes]
    assert len(telegram.pictures) == 1
    for texts in (telegram.texts, slack.texts, hook.texts):
        assert re.search("[▁▂▃▄▅▆▇█] by quarter hours", texts[0])


def test_without_the_setting_there_are_none(tmp_path: Path, telegram: TelegramServer) -> None:
    here = Operator(tmp_path / "home", telegram_settings(telegram))
    quiet_days(here, tmp_path)
    burst(here)

    assert here.values("SELECT DISTINCT action FROM notifications") == ["send"]


def test_without_the_extra_config_check_says_so(workplace: Installation, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without/sitecustomize.py").write_text("import sys\nsys.modules['PIL'] = None\n")
    around = {"PYTHONPATH": str(tmp_path / "without"), "ALERT_PICTURES": "true"}

    done = workplace.command("config", "check", environment=around)

    assert done.exit_code == 78
    assert "ALERT_PICTURES=true needs the extra `pictures`, which is not installed" in " ".join(done.stdout.split())
