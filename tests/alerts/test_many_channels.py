"""Many channels at once: each has what it should have, whatever the others do, and none takes too long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.ingest.operator import Operator
from tests.installation import telegram_settings
from tests.servers import Answer, Fault, TelegramServer
from tests.servers.hook_servers import DiscordServer, HookServer, NtfyServer, SlackServer, WebhookServer
from tests.servers.smtp_server import SmtpServer
from trendspark_cli.alerts.delivery import Delivery
from trendspark_cli.app.job_bodies import deliver_body, delivery_rules
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.errors import ConfigError, UpstreamError
from trendspark_cli.base.models import Alert
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.open_store import open_store

CHANNELS = 200


def queue(here: Operator, *alerts: Alert) -> None:
    """Decide alerts for every channel."""
    store = open_store(here.installation().settings)
    for alert in alerts:
        store.write(partial(store.notifications.queue, alert, here.now, muted=False))
    store.close()


@dataclass
class Six:
    """An operator and six channels, by name."""

    here: Operator
    telegram: TelegramServer
    others: dict[str, HookServer | SmtpServer]

    def deliver(self) -> None:
        """Run every channel in simulated time, as `deliver` does."""
        installation = self.here.installation()

        def body(job: JobContext) -> None:
            rules = delivery_rules(installation.settings)
            for notifier in Wired(installation.settings, job).notifiers():
                with suppress(UpstreamError, ConfigError):
                    Delivery(job, notifier, rules, self.here.clock, lambda s: self.here.later(seconds=s)).run()

        installation.runner().run("deliver", body)

    def shown(self) -> dict[str, list[str]]:
        """What people see in each."""
        return {"telegram": self.telegram.texts, **{name: server.texts for name, server in self.others.items()}}


def break_down(server: HookServer | SmtpServer) -> None:
    """Have a service fail at every message."""
    server.answer_next(server.failing[0], times=100 if isinstance(server, SmtpServer) else None)


def recover(server: HookServer | SmtpServer) -> None:
    """Have a service work again."""
    if isinstance(server, SmtpServer):
        server.next_answers.clear()
    else:
        server.faults.clear()


@pytest.fixture
def six(tmp_path: Path) -> Iterator[Six]:
    """One channel of each kind."""
    with ExitStack() as running:
        telegram = running.enter_context(TelegramServer())
        kinds = {"phone": NtfyServer, "guild": DiscordServer, "desk": SlackServer, "post": SmtpServer}
        others = {name: running.enter_context(kind()) for name, kind in {**kinds, "robot": WebhookServer}.items()}
        urls = {f"ALERT_URL_{name.upper()}": server.address for name, server in others.items()}
        here = Operator(tmp_path / "home", telegram_settings(telegram, HTTP_TIMEOUT="1s", **urls))
        telegram.clock = lambda: here.now.timestamp()
        yield Six(here, telegram, others)


def test_an_outage_of_three_channels_leaves_each_of_six_with_one_word_of_the_alert(six: Six) -> None:
    down = ("guild", "post", "robot")
    for name in down:
        break_down(six.others[name])
    queue(six.here, Alert("trend:1:open", "trending_alert", "harbour bridge", "<b>harbour bridge</b> opens"))
    for _ in range(12):
        six.deliver()
        six.here.later(minutes=30)
    meanwhile = six.shown()
    for name in down:
        recover(six.others[name])

    for _ in range(3):
        six.here.later(minutes=31)
        six.deliver()

    words = {name: [text for text in texts if "harbour bridge" in text] for name, texts in six.shown().items()}
    at_once = {name: texts for name, texts in meanwhile.items() if name not in down}
    assert at_once == {name: ["harbour bridge opens"] for name in ("telegram", "phone", "desk")}
    assert {name: len(texts) for name, texts in words.items()} == dict.fromkeys(six.shown(), 1)
    assert all("could not be sent in time: harbour bridge" in words[name][0] for name in down)


@pytest.fixture
def many(tmp_path: Path) -> Iterator[tuple[Operator, WebhookServer]]:
    """An operator with 200 channels, the first of which takes nothing and the second of which fails."""
    with WebhookServer() as server:
        urls = {f"ALERT_URL_C{number:03}": f"{server.address}/{number}" for number in range(2, CHANNELS)}
        urls |= {"ALERT_URL_C000": f"{server.url}/nothing", "ALERT_URL_C001": f"{server.address}/broken"}
        broken = Fault("broken", lambda request: Answer(500))
        server.faults.decide_with(lambda request: broken if request.path.endswith("/broken") else None)
        yield Operator(tmp_path / "home", urls), server


def test_two_hundred_channels_have_an_alert_in_one_run_and_bad_ones_stop_no_other(
    many: tuple[Operator, WebhookServer],
) -> None:
    here, server = many
    queue(here, Alert("a", "job_alert", "a", "a"))
    began = time.process_time()

    result = here.run_body("deliver", deliver_body())

    used = time.process_time() - began
    assert (int(result.exit_code), len(server.shown)) == (78, CHANNELS - 2)
    assert used < 20  # seconds of this process, the services in it included


def test_a_channel_that_failed_is_tried_once_the_others_had_their_turn(tmp_path: Path) -> None:
    with WebhookServer() as server:
        urls = {f"ALERT_URL_{name}": f"{server.address}/{name}" for name in ("A", "B", "C")}
        here = Operator(tmp_path / "home", urls)
        server.answer_next(Answer(500), times=1)
        queue(here, Alert("a", "job_alert", "a", "a"))
        here.run_body("deliver", deliver_body())
        here.later(minutes=1)
        queue(here, Alert("b", "job_alert", "b", "b"))

        here.run_body("deliver", deliver_body())

    tried = [request.path.rpartition("/")[2] for request in server.requests_of("message")]
    assert tried == ["A", "B", "C", "B", "C", "A", "A"]
