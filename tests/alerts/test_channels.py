"""Channels differ in pace, length, markup and editing: the outbox goes by what each says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.installation import FixedClock, Installation
from trendspark_cli.alerts.bundling import DeliveryRules
from trendspark_cli.alerts.channel import Message, Sent
from trendspark_cli.alerts.delivery import Delivery
from trendspark_cli.alerts.message_parts import message_parts, text_units
from trendspark_cli.base.errors import UpstreamError
from trendspark_cli.base.models import Alert
from trendspark_cli.jobs.deliver import deliver
from trendspark_cli.kinds.channels import MessageForm
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.sqlite.store import SqliteStore, open_sqlite

pytestmark = pytest.mark.only_sqlite  # its stores are opened with channels of their own

PLAIN = MessageForm(
    text_limit=60, unit="characters", markup="plain", can_edit=False, messages_per_minute=5, seconds_between=0.0
)
RICH = PLAIN._replace(text_limit=4096, markup="html", can_edit=True)
RULES = DeliveryRules(recency=timedelta(minutes=30), most_per_day=20, is_enabled=True)


@dataclass
class FakeChannel:
    """Keeps what it is told: (text, what it answers or changes)."""

    name: str
    form: MessageForm = PLAIN
    failure: UpstreamError | None = None
    sent: list[tuple[str, str | None]] = field(default_factory=list)
    edited: list[tuple[str, str]] = field(default_factory=list)

    def send(self, message: Message) -> Sent:
        """Keep a message."""
        if self.failure is not None:
            raise self.failure
        assert message.is_plain == (self.form.markup == "plain")
        self.sent.append((message.text, message.reply_to))
        return Sent(f"{self.name}-{len(self.sent)}", self.name)

    def edit(self, message_id: str, message: Message) -> Sent:
        """Keep a change."""
        self.edited.append((message.text, message_id))
        return Sent(message_id, self.name)

    def check(self) -> str:
        """Say who it is."""
        return self.name


@pytest.fixture
def outbox(workplace: Installation) -> Iterator[SqliteStore]:
    """The store of an installation with two channels."""
    opened = open_sqlite(workplace.database, channels=("telegram", "desk"))
    yield opened
    opened.close()


def queue(store: SqliteStore, clock: FixedClock, *alerts: Alert, muted: bool = False) -> None:
    """Decide alerts."""
    with store.transaction():
        for alert in alerts:
            store.notifications.queue(alert, clock(), muted=muted)


def run(store: SqliteStore, clock: FixedClock, *channels: FakeChannel) -> None:
    """Deliver what is due."""
    deliver(JobContext(store, clock(), run_id=1), channels, RULES, clock)


OPENED = Alert("trend:1:open", "job_alert", "bridge", "<b>bridge</b> 1 &lt; 2")
CLOSED = OPENED._replace(dedupe_key="trend:1:closed", html="<b>bridge</b> over", action="edit", reply_to="trend:1:open")


def test_an_alert_is_sent_through_each_channel_once(outbox: SqliteStore, clock: FixedClock) -> None:
    telegram, desk = FakeChannel("telegram", RICH), FakeChannel("desk")
    queue(outbox, clock, OPENED, OPENED)

    run(outbox, clock, telegram, desk)

    assert (telegram.sent, desk.sent) == ([("<b>bridge</b> 1 &lt; 2", None)], [("bridge 1 < 2", None)])


def test_a_channel_that_fails_keeps_nothing_from_the_others(outbox: SqliteStore, clock: FixedClock) -> None:
    down, desk = FakeChannel("telegram", failure=UpstreamError("telegram", "is down")), FakeChannel("desk")
    queue(outbox, clock, OPENED)

    with pytest.raises(UpstreamError, match="is down"):
        run(outbox, clock, down, desk)

    assert [text for text, _ in desk.sent] == ["bridge 1 < 2"]


def test_an_edit_changes_the_message_of_its_own_channel(outbox: SqliteStore, clock: FixedClock) -> None:
    telegram, desk = FakeChannel("telegram", RICH), FakeChannel("desk", RICH)
    queue(outbox, clock, OPENED, CLOSED)

    run(outbox, clock, telegram, desk)

    assert (telegram.edited[0][1], desk.edited[0][1]) == ("telegram-1", "desk-1")


def test_a_channel_that_cannot_edit_gets_the_news_as_an_answer(outbox: SqliteStore, clock: FixedClock) -> None:
    desk = FakeChannel("desk")
    queue(outbox, clock, OPENED, CLOSED)

    run(outbox, clock, desk)

    assert (desk.sent[1:], desk.edited) == ([("bridge over", "desk-1")], [])


def test_no_more_messages_go_out_in_a_minute_than_a_channel_takes(outbox: SqliteStore, clock: FixedClock) -> None:
    desk = FakeChannel("desk")
    queue(outbox, clock, *(OPENED._replace(dedupe_key=str(number)) for number in range(8)))

    run(outbox, clock, desk)

    assert len(desk.sent) == PLAIN.messages_per_minute


def test_messages_to_a_channel_keep_its_distance(outbox: SqliteStore, clock: FixedClock) -> None:
    waited: list[float] = []
    slow = FakeChannel("desk", PLAIN._replace(seconds_between=7.0))
    queue(outbox, clock, OPENED, OPENED._replace(dedupe_key="another"))

    Delivery(JobContext(outbox, clock(), run_id=1), slow, RULES, clock, waited.append).run()

    assert waited == [7.0]


def test_dead_alerts_of_one_channel_are_told_of_in_that_one(outbox: SqliteStore, clock: FixedClock) -> None:
    telegram, desk = FakeChannel("telegram", RICH), FakeChannel("desk")
    queue(outbox, clock, OPENED)
    [lost] = outbox.notifications.waiting("desk")
    with outbox.transaction():
        outbox.notifications.mark(lost.id, "dead", error="too odd")

    run(outbox, clock, telegram, desk)

    assert outbox.notifications.waiting("telegram") == []


def test_rows_of_telegram_are_as_they_were_before_there_were_others(outbox: SqliteStore, clock: FixedClock) -> None:
    queue(outbox, clock, OPENED, CLOSED, muted=True)

    rows = outbox.connection.rows("SELECT * FROM notifications WHERE channel = 'telegram' ORDER BY id")

    assert [(row["dedupe_key"], row["reply_to"], row["status"]) for row in rows] == [
        ("trend:1:open", None, "muted"),
        ("trend:1:closed", "trend:1:open", "muted"),
    ]


def test_an_alert_that_one_channel_had_is_new_for_another_only(outbox: SqliteStore, clock: FixedClock) -> None:
    desk = FakeChannel("desk")
    queue(outbox, clock, OPENED._replace(channel="telegram"))

    queue(outbox, clock, OPENED)
    run(outbox, clock, desk)

    assert outbox.connection.value("SELECT count(*) FROM notifications") == 2
    assert len(desk.sent) == 1


@pytest.mark.parametrize(("unit", "count"), [("utf16", 2), ("characters", 1), ("bytes", 4)])
def test_lengths_are_counted_in_the_channels_unit(unit: str, count: int) -> None:
    form = PLAIN._replace(unit=unit)  # type: ignore[arg-type]

    assert text_units("😀", form) == count


def test_a_channel_without_markup_gets_addresses_behind_what_was_a_link() -> None:
    [part] = message_parts('<a href="https://e.org/?a=1&amp;b=2">x</a> &amp; y', PLAIN)

    assert part == "x https://e.org/?a=1&b=2 & y"


def test_signs_of_markup_in_a_plain_text_count_and_stay() -> None:
    parts = message_parts("&lt;b&gt;&amp;amp; " * 20, PLAIN)

    texts = [part.split("\n", 1)[1] for part in parts]
    assert "".join(texts) == "<b>&amp; " * 20
    assert all(len(part) <= PLAIN.text_limit for part in parts)
