"""Every alert decided is delivered or visibly dead; none is sent twice by us; the channel's pace is kept."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.alerts.desk import Desk
from tests.servers import Fault, TelegramServer, faults
from tests.servers.telegram_server import refusal, too_many_requests

pytestmark = pytest.mark.every_store


def answering(name: str, answer: object) -> Fault:
    """A fault that always answers the same."""
    return Fault(name, lambda request: answer)  # type: ignore[arg-type, return-value]


def test_what_waits_is_sent_in_the_order_it_was_decided(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("a", "b", "c")

    desk.deliver()

    assert telegram.texts == ["text of a", "text of b", "text of c"]
    assert set(desk.statuses().values()) == {"sent"}


def test_delivering_again_sends_nothing_again(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("a")
    desk.deliver()

    desk.deliver()

    assert telegram.texts == ["text of a"]


def test_each_message_that_telegram_took_is_in_the_log(
    desk: Desk, telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.queue("a")

    desk.deliver()

    assert "telegram.sent alert=1 category=job_alert message_id=1" in caplog.messages


def test_nothing_due_is_a_good_run(desk: Desk) -> None:
    assert desk.deliver().exit_code == 0


def test_messages_are_a_second_apart(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("a", "b", "c")

    desk.deliver()

    times = [message.sent_at for message in telegram.messages]
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(times))


def test_twenty_a_minute_across_processes(desk: Desk, telegram: TelegramServer) -> None:
    for batch in range(5):
        desk.queue(*(f"{batch}-{n}" for n in range(9)))
        desk.deliver()

    desk.every_minute(4)

    times = [message.sent_at for message in telegram.messages]
    assert max(sum(start <= other < start + 60 for other in times) for start in times) == 20
    assert set(desk.statuses().values()) <= {"sent", "digested"}


def test_a_pause_asked_for_holds_across_processes(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("a", "b")
    telegram.faults.add(answering("429", too_many_requests(35)), times=1)
    first = desk.deliver()
    asked = len(telegram.log)
    desk.later(seconds=30)
    desk.deliver()
    assert len(telegram.log) == asked

    desk.later(seconds=6)
    desk.deliver()

    assert first.exit_code == 75
    assert telegram.texts == ["text of a", "text of b"]


def test_six_hours_without_telegram_lose_nothing(desk: Desk, telegram: TelegramServer) -> None:
    telegram.faults.add(faults.connection_reset(), times=None)
    for hour in range(6):
        desk.queue(f"job {hour}")
        desk.queue(f"trend {hour}", category="trending_alert", trend_id=hour + 1, strength=hour)
        desk.every_minute(60)
    telegram.faults.clear()

    desk.every_minute(40)

    told = "\n".join(telegram.texts)
    places = [re.search(rf"(text|title) of job {n}", told) for n in range(6)]
    assert all(places)
    assert [place.start() for place in places if place] == sorted(place.start() for place in places if place)
    assert all(f"title of trend {n}" in told for n in range(6))
    assert set(desk.statuses().values()) <= {"sent", "expired", "digested"}
    assert len(telegram.texts) == len(set(telegram.texts))
    assert desk.counted("sent") == len(telegram.messages)


def test_tries_grow_apart_while_telegram_is_down(desk: Desk, telegram: TelegramServer) -> None:
    telegram.faults.add(faults.server_error(502), times=None)
    desk.queue("a")

    desk.every_minute(360)

    times = [entry.time for entry in telegram.requests_of("sendMessage")]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert 10 <= len(times) <= 22
    assert max(pauses) <= 31 * 60


def test_late_trend_alerts_become_one_line(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("t1", "t2", category="trending_alert", trend_id=1)
    desk.later(minutes=31)

    desk.deliver()

    assert len(telegram.texts) == 1
    assert "title of t1; title of t2" in telegram.texts[0]
    assert desk.statuses()["t1"] == "expired"


def test_more_than_ten_waiting_become_one_digest(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue(*(f"a{n}" for n in range(11)))

    desk.deliver()

    assert len(telegram.texts) == 1
    assert all(f"title of a{n}" in telegram.texts[0] for n in range(11))


def test_a_day_keeps_its_strongest_trends_and_digests_the_rest(desk: Desk, telegram: TelegramServer) -> None:
    desk.environment["ALERT_MAX_PER_DAY"] = "2"
    for number, strength in enumerate((7.0, 30.0, 6.0, 20.0), 1):
        desk.queue(f"t{number}", category="trending_alert", trend_id=number, strength=strength)

    desk.deliver()

    assert telegram.texts[:2] == ["text of t2", "text of t4"]
    assert "title of t1" in telegram.texts[2]
    assert "title of t3" in telegram.texts[2]


def test_a_wrong_chat_keeps_the_alert_and_says_why(desk: Desk, telegram: TelegramServer) -> None:
    desk.environment["TELEGRAM_CHAT_ID"] = "-1"
    desk.queue("a")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()) == (78, {"a": "pending"})
    assert "chat not found" in desk.rows("SELECT error FROM notifications")[0]["error"]


def test_a_blocked_bot_keeps_the_alert(desk: Desk, telegram: TelegramServer) -> None:
    telegram.is_blocked = True
    desk.queue("a")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()) == (78, {"a": "pending"})


def test_a_wrong_token_is_refused_with_77(desk: Desk, telegram: TelegramServer) -> None:
    desk.environment["TELEGRAM_BOT_TOKEN"] = "987654321:AAwrongwrongwrongwrongwrongwrong"
    desk.queue("a")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()) == (77, {"a": "pending"})


def test_a_message_refused_alone_does_not_hold_up_the_others(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("a", "b")
    telegram.faults.add(answering("400", refusal(400, "Bad Request: message text is odd")), times=1)

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], desk.statuses()["b"]) == (0, "dead", "sent")


def test_dead_letters_are_told_of_once_messages_go_out_again(desk: Desk, telegram: TelegramServer) -> None:
    telegram.faults.add(answering("400", refusal(400, "Bad Request: message text is odd")), times=1)
    desk.queue("a")
    desk.deliver()
    desk.queue("b")
    desk.deliver()

    desk.deliver()

    assert [text.split("\n")[0] for text in telegram.texts] == ["text of b", "🔴 1 alert could not be delivered"]


def test_an_upgraded_group_is_followed_and_remembered(desk: Desk, telegram: TelegramServer) -> None:
    telegram.migrated_to = -1009999999999
    desk.queue("a")
    desk.deliver()
    desk.queue("b")

    desk.deliver()

    assert telegram.texts == ["text of a", "text of b"]
    assert len(telegram.requests_of("sendMessage")) == 3


def test_refused_markup_is_sent_as_plain_text(desk: Desk, telegram: TelegramServer) -> None:
    telegram.refused_markup = re.compile("<b>")
    desk.queue("a")

    desk.deliver()

    assert telegram.texts == ["text of a"]
    assert telegram.messages[0].markup == "text of a"


def test_a_lost_answer_is_tried_again_and_counted_as_uncertain(desk: Desk, telegram: TelegramServer) -> None:
    telegram.lost_answers = 1
    desk.queue("a")

    desk.every_minute(2)

    assert telegram.texts == ["text of a", "text of a"]
    assert (desk.counted("uncertain"), desk.counted("sent")) == (1, 1)


def test_answers_without_sense_are_uncertain_and_tried_again(desk: Desk, telegram: TelegramServer) -> None:
    for fault in (faults.html_page(), faults.broken_json(), faults.truncated_body()):
        telegram.faults.add(fault, times=1)
    desk.queue("a")

    codes = desk.every_minute(12)

    assert desk.statuses()["a"] == "sent"
    assert (codes.count(69), desk.counted("uncertain")) == (3, 3)


def test_a_claim_of_a_dead_process_is_taken_up_again(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("a")
    store = desk.store()
    with store.transaction():
        store.notifications.claim(1, desk.now + timedelta(seconds=60))
    store.close()
    desk.deliver()
    assert telegram.texts == []

    desk.later(seconds=61)
    desk.deliver()

    assert telegram.texts == ["text of a"]
    assert desk.counted("uncertain") == 1


def test_a_long_message_arrives_in_parts_and_goes_on_where_it_stopped(desk: Desk, telegram: TelegramServer) -> None:
    store = desk.store()
    from trendspark_cli.base.models import Alert

    body = "\n".join(f"line {number} of a long message" for number in range(400))
    with store.transaction():
        store.notifications.queue(Alert("long", "job_alert", "long", body), desk.now, muted=False)
    store.close()
    telegram.faults.add(None, times=1)
    telegram.faults.add(faults.server_error(502), times=1)

    desk.every_minute(3)

    whole = "\n".join(text.split("\n", 1)[1] for text in telegram.texts)
    assert whole == body
    assert [text.split("\n")[0] for text in telegram.texts] == ["(1/3)", "(2/3)", "(3/3)"]


def test_switched_off_records_and_sends_nothing(desk: Desk, telegram: TelegramServer) -> None:
    desk.environment["ENABLE_REALTIME_ALERTS"] = "false"
    desk.queue("a")
    desk.deliver()
    desk.environment["ENABLE_REALTIME_ALERTS"] = "true"

    desk.deliver()

    assert (telegram.texts, desk.statuses()) == ([], {"a": "muted"})


def test_a_reply_goes_to_the_message_it_answers(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("open", category="trending_alert", trend_id=1)
    desk.queue("grown", category="trending_alert", trend_id=1, reply_to="open")

    desk.deliver()

    assert [message.reply_to for message in telegram.messages] == [None, 1]


def test_an_edit_changes_the_message_it_is_about(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("open", category="trending_alert", trend_id=1)
    desk.deliver()
    desk.queue("closed", category="trending_alert", trend_id=1, reply_to="open", action="edit")

    desk.deliver()

    assert telegram.texts == ["text of closed"]
    assert telegram.messages[0].edits == 1


def test_an_edit_of_a_message_never_sent_is_dropped(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("closed", category="trending_alert", trend_id=1, reply_to="nothing", action="edit")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses(), telegram.log) == (0, {"closed": "expired"}, [])
