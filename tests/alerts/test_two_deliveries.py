"""Two deliveries at once, as `alert-test` beside `deliver`: neither forgets what the other heard from the channel."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest

from tests.alerts.desk import Desk
from tests.alerts.test_delivery import answering
from tests.servers import Fault, TelegramServer, faults
from tests.servers.telegram_server import too_many_requests
from trendspark_cli.alerts.delivery import Delivery
from trendspark_cli.app.job_bodies import delivery_rules
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.clock import to_text
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.outbox import ChannelState

pytestmark = pytest.mark.every_store

PAUSE = answering("429", too_many_requests(90))


def send_one(desk: Desk, job_id: str, place: int, sleep: Callable[[float], None]) -> None:
    """Send one of the alerts that are due."""
    here = desk.installation()

    def body(job: JobContext) -> None:
        [notifier] = Wired(here.settings, job).notifiers()
        alert = job.store.notifications.due("telegram", desk.now)[place]
        Delivery(job, notifier, delivery_rules(here.settings), desk.clock, sleep).deliver(alert)

    here.runner().run(job_id, body)


def send_two_at_once(desk: Desk, server: TelegramServer, *answers: Fault | None) -> ChannelState:
    """Let a second process send while the first waits for its turn; return what the channel is left in."""
    desk.queue("before", "mine", "its")
    send_one(desk, "deliver", 0, lambda seconds: None)
    for answer in answers:
        server.faults.add(answer)
    waiting = [lambda: send_one(desk, "alert-test", -1, lambda seconds: None)]

    def sleep(seconds: float) -> None:
        desk.later(seconds=seconds)
        if waiting:
            waiting.pop()()

    send_one(desk, "deliver", 0, sleep)
    with closing(desk.store()) as store:
        return store.channels.get("telegram")


def test_a_pause_that_one_was_asked_for_is_not_ended_by_the_others_success(
    desk: Desk, telegram: TelegramServer
) -> None:
    state = send_two_at_once(desk, telegram, PAUSE, None)

    assert state.paused_until == to_text(desk.now + timedelta(seconds=90))


def test_a_pause_that_one_was_asked_for_is_not_shortened_by_the_others_failure(
    desk: Desk, telegram: TelegramServer
) -> None:
    state = send_two_at_once(desk, telegram, PAUSE, faults.server_error(503))

    assert (state.paused_until, state.failures) == (to_text(desk.now + timedelta(seconds=90)), 0)


def test_messages_of_both_count_against_the_channels_pace(desk: Desk, telegram: TelegramServer) -> None:
    state = send_two_at_once(desk, telegram, None, None)

    assert len(state.recent_sends) == len(telegram.messages) == 3
