"""What a message did is held against it; what a channel says of itself keeps the queue; odd answers are no bugs."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.desk import Desk
from tests.builders import NOW
from tests.installation import Installation
from tests.servers import Fault, TelegramServer
from tests.servers.messages import Answer, json_answer
from tests.servers.telegram_server import refusal
from trendspark_cli.alerts.bundling import DeliveryRules
from trendspark_cli.alerts.channel import AlertCrashedError, Message, Sent
from trendspark_cli.alerts.delivery import MOST_CRASHES, Delivery
from trendspark_cli.base.errors import ConfigError, StoreError
from trendspark_cli.base.models import Alert
from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.running.said import Said
from trendspark_cli.store.sqlite.administration import upgrade_database
from trendspark_cli.store.sqlite.store import SqliteStore

RULES = DeliveryRules(recency=timedelta(minutes=30), most_per_day=20, is_enabled=True)
WRONG_TOKEN = "987654321:AAwrongwrongwrongwrongwrongwrong"


def raw_answer(document: object, status: int = 200) -> Answer:
    """Return JSON in plain ASCII, which may stand for characters that are none."""
    return Answer(status=status, body=json.dumps(document).encode())


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    """A Telegram that takes messages."""
    with TelegramServer() as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path, telegram: TelegramServer) -> Desk:
    """An operator who has set Telegram up."""
    return Desk(tmp_path / "home", telegram)


def answer_always(telegram: TelegramServer, answer: Answer, times: int | None = None) -> None:
    """Let Telegram, or what stands before it, answer this."""
    telegram.faults.add(Fault("odd", lambda request: answer), times=times)


OF_THE_CHANNEL = {
    "the token is refused": (refusal(401, "Unauthorized"), 77),
    "the token has no form": (refusal(404, "Not Found"), 77),
    "kicked": (refusal(403, "Forbidden: bot was kicked from the supergroup chat"), 78),
    "blocked": (refusal(403, "Forbidden: bot was blocked by the user"), 78),
    "no chat": (refusal(400, "Bad Request: chat not found"), 78),
    "no rights": (refusal(400, "Bad Request: not enough rights to send text messages to the chat"), 78),
    "no topic": (refusal(400, "Bad Request: message thread not found"), 78),
    "a gateway's 401": (json_answer({"message": "unauthorized"}, 401), 77),
}


@pytest.mark.parametrize("kind", OF_THE_CHANNEL)
def test_what_a_channel_says_of_itself_keeps_the_whole_queue(desk: Desk, telegram: TelegramServer, kind: str) -> None:
    answer, code = OF_THE_CHANNEL[kind]
    answer_always(telegram, answer)
    desk.queue("a", "b", "c")

    codes = desk.every_minute(5)

    assert codes == [code] * 5
    assert {desk.statuses()[name] for name in "abc"} == {"pending"}
    assert len(telegram.log) == 1


def test_a_paused_channel_is_asked_again_each_hour_and_then_all_goes_out(desk: Desk, telegram: TelegramServer) -> None:
    telegram.is_blocked = True
    desk.queue("a", "b")
    desk.every_minute(3 * 60)
    sent_to = len(telegram.requests_of("sendMessage"))
    telegram.is_blocked = False

    desk.every_minute(61)

    assert sent_to == 1
    assert 2 <= len(telegram.requests_of("getChat")) <= 4
    assert {"text of a", "text of b"} <= set(telegram.texts)
    assert "dead" not in desk.statuses().values()


def test_a_test_alert_that_goes_through_ends_the_pause(desk: Desk, telegram: TelegramServer) -> None:
    desk.now = datetime.now(UTC)
    telegram.is_blocked = True
    desk.queue("a")
    assert desk.deliver().exit_code == 78
    telegram.is_blocked = False

    done = desk.command("alert-test")
    desk.deliver()

    assert (done.exit_code, telegram.texts) == (0, ["TrendSpark test alert", "text of a"])


def test_a_test_alert_that_is_refused_does_not_come_later(desk: Desk, telegram: TelegramServer) -> None:
    telegram.is_blocked = True

    done = desk.command("alert-test")

    assert (done.exit_code, list(desk.statuses().values())) == (78, ["expired"])


def test_trends_that_grew_old_in_a_pause_join_one_message(desk: Desk, telegram: TelegramServer) -> None:
    telegram.is_blocked = True
    desk.queue("t1", "t2", category="trending_alert", trend_id=1)
    desk.every_minute(130)
    assert {desk.statuses()[name] for name in ("t1", "t2")} == {"pending"}
    telegram.is_blocked = False

    desk.every_minute(61)

    assert sum("title of t1; title of t2" in text for text in telegram.texts) == 1
    assert not any(text.startswith("text of t") for text in telegram.texts)


def test_health_tells_why_a_channel_takes_nothing(desk: Desk, telegram: TelegramServer) -> None:
    desk.now = datetime.now(UTC)
    answer_always(telegram, refusal(400, "Bad Request: not enough rights to send text messages to the chat"), times=1)
    desk.queue("a")
    desk.deliver()

    found = desk.command("health", "--json").json["services"]

    assert found["telegram"]["ok"] is False
    assert "not enough rights" in found["telegram"]["reason"]
    assert "alert-test" in found["telegram"]["reason"]
    assert found["alerts"]["waiting"] == 1


def test_a_channel_in_a_pause_that_has_nothing_to_send_is_a_good_run(desk: Desk, telegram: TelegramServer) -> None:
    telegram.is_blocked = True
    desk.queue("a")
    desk.deliver()
    desk.command("alerts", "drop", "--all")

    assert desk.deliver().exit_code == 0


OF_THE_MESSAGE = {
    "too long": refusal(400, "Bad Request: message is too long"),
    "empty": refusal(400, "Bad Request: message text is empty"),
    "odd": refusal(400, "Bad Request: message text is odd"),
    "too large": refusal(413, "Request Entity Too Large"),
    "a reason of a megabyte": refusal(400, "Bad Request: " + "x" * 2**20),
    "a reason that cannot be stored": raw_answer({"ok": False, "error_code": 400, "description": "\ud800"}, 400),
    "no reason": json_answer({"ok": False, "error_code": 400}, 400),
    "a reason that is a list": json_answer({"ok": False, "error_code": 400, "description": [[1]]}, 400),
}


@pytest.mark.parametrize("kind", OF_THE_MESSAGE)
def test_what_a_message_did_is_held_against_that_one_alone(desk: Desk, telegram: TelegramServer, kind: str) -> None:
    answer_always(telegram, OF_THE_MESSAGE[kind], times=1)
    desk.queue("a", "b")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], desk.statuses()["b"]) == (0, "dead", "sent")
    assert 0 < len(desk.rows("SELECT error FROM notifications")[0]["error"]) < 500


TAKEN = {
    "no message id": {"ok": True, "result": {}},
    "no result": {"ok": True, "result": None},
    "a list": {"ok": True, "result": [1]},
    "a text for an id": {"ok": True, "result": {"message_id": "abc"}},
    "an endless id": {"ok": True, "result": {"message_id": 10**400}},
    "true for an id": {"ok": True, "result": {"message_id": True}},
    "a chat that is a text": {"ok": True, "result": {"message_id": None, "chat": "x"}},
    "a title that cannot be stored": {"ok": True, "result": {"message_id": {}, "chat": {"title": "\ud800"}}},
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_message_that_was_taken_without_an_id_holds_up_no_answer_and_no_edit(
    desk: Desk, telegram: TelegramServer, kind: str
) -> None:
    answer_always(telegram, raw_answer(TAKEN[kind]), times=1)
    desk.queue("open")
    desk.queue("grown", reply_to="open")
    desk.queue("closed", reply_to="open", action="edit")

    result = desk.deliver()

    assert (result.exit_code, set(desk.statuses().values())) == (0, {"sent"})
    assert telegram.texts == ["text of grown", "text of closed"]


def test_an_id_that_came_as_a_text_is_an_id(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("open")
    answer_always(telegram, json_answer({"ok": True, "result": {"message_id": "7"}}), times=1)

    desk.deliver()

    assert desk.rows("SELECT message_id FROM notifications") == [{"message_id": "7"}]


UNCERTAIN = {
    "no ok": json_answer({"result": {"message_id": 7}}),
    "ok as a text": json_answer({"ok": "true", "result": {"message_id": 7}}),
    "not ok, and 200": json_answer({"ok": False}),
    "no JSON": Answer(body=b"taken, thank you"),
    "a list": json_answer([1]),
    "an empty body": Answer(body=b""),
    "nested without end": Answer(body=b"[" * 100_000),
    "a 400 of somebody else": json_answer({"message": "bad"}, 400),
    "a page of a proxy": Answer(status=403, body=b"<html>blocked</html>"),
}


@pytest.mark.parametrize("kind", UNCERTAIN)
def test_an_answer_without_sense_is_uncertain_and_the_alert_waits(
    desk: Desk, telegram: TelegramServer, kind: str
) -> None:
    answer_always(telegram, UNCERTAIN[kind], times=1)
    desk.queue("a")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"], desk.counted("uncertain")) == (69, "pending", 1)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("1e999", 3600), ("1e300", 3600), ("-5", 60), ("0", 60), ('"35"', 60), ("null", 60), ("NaN", 60), ("true", 60)],
)
def test_a_pause_that_is_no_time_is_bounded(desk: Desk, telegram: TelegramServer, said: str, seconds: int) -> None:
    body = f'{{"ok":false,"error_code":429,"parameters":{{"retry_after":{said}}}}}'
    answer_always(telegram, Answer(status=429, body=body.encode()), times=1)
    desk.queue("a")

    result = desk.deliver()

    [state] = desk.rows("SELECT paused_until FROM channel_states")
    assert result.exit_code == 75
    assert datetime.fromisoformat(state["paused_until"]) - desk.now == timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_gets_neither_the_token_nor_the_message(desk: Desk, telegram: TelegramServer, status: int) -> None:
    with TelegramServer() as elsewhere:
        there = {"Location": f"{elsewhere.url}/bot{telegram.token}/sendMessage"}
        answer_always(telegram, Answer(status=status, headers=there))
        desk.queue("a")

        result = desk.deliver()

        assert elsewhere.log == []
    assert (result.exit_code, desk.statuses()["a"]) == (69, "pending")
    assert telegram.token not in str(result.cause)


def test_a_chat_that_moves_again_and_again_costs_no_alert(desk: Desk, telegram: TelegramServer) -> None:
    answer_always(telegram, refusal(400, "Bad Request: upgraded", {"migrate_to_chat_id": -5}))
    desk.queue("a")

    result = desk.deliver()

    assert (result.exit_code, desk.statuses()["a"]) == (69, "pending")


def test_an_edit_whose_markup_is_refused_is_made_without(desk: Desk, telegram: TelegramServer) -> None:
    desk.queue("open")
    desk.deliver()
    answer_always(telegram, refusal(400, "Bad Request: can't parse entities: odd"), times=1)
    desk.queue("closed", reply_to="open", action="edit")

    result = desk.deliver()

    assert (result.exit_code, telegram.texts) == (0, ["text of closed"])


@dataclass
class CrashingChannel:
    """A channel that meets a bug for texts with a certain word."""

    bug: BaseException
    form = CHANNELS["telegram"].form
    name: str = "telegram"
    sent: list[str] = field(default_factory=list)

    def send(self, message: Message) -> Sent:
        """Keep a message, or run into the bug."""
        if "odd" in message.text:
            raise self.bug
        self.sent.append(message.text)
        return Sent(str(len(self.sent)), "chat")

    def edit(self, message_id: str, message: Message) -> Sent:
        """Run into the bug."""
        raise self.bug

    def check(self) -> str:
        """Say who it is."""
        return self.name


def queue(store: SqliteStore, *names: str, **fields: str) -> None:
    """Decide alerts."""
    with store.transaction():
        for name in names:
            store.notifications.queue(Alert(name, "job_alert", name, f"text {name}", **fields), NOW, muted=False)  # type: ignore[arg-type]


def deliver(store: SqliteStore, channel: CrashingChannel, moment: datetime = NOW) -> AlertCrashedError | None:
    """Deliver once; return the bug that was told of."""
    try:
        Delivery(JobContext(store, moment, run_id=1), channel, RULES, lambda: moment, lambda seconds: None).run()
    except AlertCrashedError as crash:
        return crash
    return None


def told_of(store: SqliteStore, name: str) -> tuple[str, str]:
    """The status and the error of an alert."""
    [row] = store.connection.rows("SELECT status, error FROM notifications WHERE dedupe_key = ?", (name,))
    return row["status"], str(row["error"])


BUGS: tuple[BaseException, ...] = (
    ValueError("invalid literal for int()"),
    OverflowError("cannot convert float infinity to integer"),
    RecursionError("maximum recursion depth exceeded"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    MemoryError(),
    KeyError("\ud800"),
)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: type(bug).__name__)
def test_an_alert_that_meets_a_bug_holds_up_no_other(store: SqliteStore, bug: BaseException) -> None:
    channel = CrashingChannel(bug)
    queue(store, "before", "odd", "after")

    crash = deliver(store, channel)

    assert channel.sent == ["text before", "text after"]
    assert crash is not None
    assert type(bug).__name__ in str(crash)
    assert told_of(store, "odd")[0] == "pending"


def test_an_edit_that_meets_a_bug_holds_up_no_other(store: SqliteStore) -> None:
    channel = CrashingChannel(ValueError("odd id"))
    queue(store, "first")
    queue(store, "change", reply_to="first", action="edit")
    queue(store, "after")

    deliver(store, channel)

    assert channel.sent == ["text first", "text after"]


def test_after_three_bugs_an_alert_is_set_aside_with_its_reason(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    channel = CrashingChannel(ValueError("no number"))
    queue(store, "odd")

    crashes = [deliver(store, channel, NOW + timedelta(minutes=n)) for n in range(5)]

    assert [crash is not None for crash in crashes] == [True] * MOST_CRASHES + [False] * 2
    assert told_of(store, "odd") == ("dead", "sending it ran into a bug: ValueError: no number (3 times)")
    assert all(record.exc_info for record in caplog.records if record.levelno == logging.ERROR)


def test_an_alert_that_was_set_aside_is_tried_three_times_more_on_request(store: SqliteStore) -> None:
    channel = CrashingChannel(ValueError("no number"))
    queue(store, "odd")
    for _ in range(MOST_CRASHES):
        deliver(store, channel)
    with store.transaction():
        store.notifications.revive(None, NOW)

    deliver(store, channel)

    assert told_of(store, "odd")[0] == "pending"


def test_health_shows_alerts_that_meet_bugs(workplace: Installation, store: SqliteStore) -> None:
    queue(store, "odd")
    deliver(store, CrashingChannel(ValueError("no number")))

    alerts = workplace.command("health", "--json").json["services"]["alerts"]

    assert (alerts["ok"], "1 ran into a bug" in alerts["reason"]) == (False, True)


def test_a_run_in_which_an_alert_met_a_bug_is_a_partial_one(store: SqliteStore, workplace: Installation) -> None:
    queue(store, "odd")
    channel = CrashingChannel(ValueError("no number"))

    result = workplace.run("deliver", lambda job: Delivery(job, channel, RULES, workplace.clock, print).run())

    assert (result.status, result.exit_code) == ("partial", 3)


def test_a_failing_database_is_not_held_against_an_alert(store: SqliteStore) -> None:
    queue(store, "odd")

    with pytest.raises(StoreError):
        deliver(store, CrashingChannel(StoreError("the disk is full")))

    assert store.notifications.crashing() == 0


def test_an_installation_of_before_keeps_its_alerts_and_pauses(workplace: Installation) -> None:
    with closing(sqlite3.connect(workplace.database)) as raw:
        raw.executescript(
            "ALTER TABLE channel_states DROP COLUMN refusal; DROP TABLE alert_crashes;"
            "DELETE FROM _sqlite_migrations WHERE name = 'm0015_refusals';"
            "INSERT INTO channel_states (channel, paused_until) VALUES ('telegram', '2026-11-01T12:10:00.000Z');"
        )

    upgrade_database(workplace.database)

    with closing(workplace.store()) as opened:
        state = opened.channels.get("telegram")
    assert (state.paused_until, state.refusal) == ("2026-11-01T12:10:00.000Z", None)


LASTING: dict[str, Callable[[Installation], object]] = {
    "a setting": lambda place: place.environment.update(X_MAX_READS_PER_DAY="1k"),
    "a disk that is not mounted": lambda place: place.environment.update(DATABASE_URL="sqlite:////not/mounted/x.db"),
    "a lock file that is none": lambda place: (place.home / "locks" / "deliver.lock").symlink_to("/nowhere"),
    "a folder of metrics that is a file": lambda place: place.environment.update(TEXTFILE_DIR="/dev/null/x"),
    "a database that is none": lambda place: place.database.write_bytes(b"no database" * 1000),
}


@pytest.mark.parametrize("kind", LASTING)
def test_a_lasting_cause_is_said_once_an_hour_and_exits_each_time(workplace: Installation, kind: str) -> None:
    LASTING[kind](workplace)

    done = [workplace.command("deliver") for _ in range(3)]

    assert [bool(one.stderr) for one in done] == [True, False, False]
    assert len({one.exit_code for one in done}) == 1
    assert done[0].exit_code != 0


NOWHERE: dict[str, Callable[[Installation], object]] = {
    "nothing was made yet": lambda place: None,
    "a folder without locks": lambda place: place.home.mkdir(),
    "everything on a disk that is not mounted": lambda place: place.environment.update(TRENDSPARK_HOME="/not/mounted"),
}


@pytest.mark.parametrize("kind", NOWHERE)
def test_a_folder_that_is_missing_is_said_once_an_hour(tmp_path: Path, kind: str) -> None:
    place = Installation(tmp_path / "home")
    NOWHERE[kind](place)

    done = [place.command("deliver") for _ in range(3)]

    assert [bool(one.stderr) for one in done] == [True, False, False]
    assert {one.exit_code for one in done} == {done[0].exit_code} != {0}
    assert not Path("/not").exists()


def test_another_installation_says_its_own(tmp_path: Path) -> None:
    elsewhere = {"DATABASE_URL": "sqlite:////not/mounted/x.db"}
    places = [Installation(tmp_path / name, elsewhere) for name in ("one", "two")]

    assert [bool(place.command("deliver").stderr) for place in (*places, *places)] == [True, True, False, False]


def test_a_refused_token_is_one_line_and_no_traceback(desk: Desk) -> None:
    desk.environment["TELEGRAM_BOT_TOKEN"] = WRONG_TOKEN
    desk.now = datetime.now(UTC)
    desk.queue("a")

    done = [desk.command("deliver") for _ in range(3)]

    assert [(one.exit_code, one.stderr.count("\n")) for one in done] == [(77, 1), (77, 0), (77, 0)]
    assert desk.log_file.read_text().count("Traceback") == 0


def test_another_cause_is_said_at_once(workplace: Installation) -> None:
    workplace.environment["X_MAX_READS_PER_DAY"] = "1k"
    workplace.command("deliver")
    workplace.environment["JOB_FAILURE_THRESHOLD"] = "often"

    told = workplace.command("deliver").stderr
    del workplace.environment["X_MAX_READS_PER_DAY"]
    assert "1 more" in told
    assert "JOB_FAILURE_THRESHOLD" in workplace.command("deliver").stderr


def test_scripts_are_told_each_time(workplace: Installation) -> None:
    workplace.environment["X_MAX_READS_PER_DAY"] = "1k"

    assert all(workplace.command("deliver", "--json").stderr for _ in range(2))


def test_jobs_that_run_now_and_then_say_it_each_time(workplace: Installation) -> None:
    workplace.environment["X_MAX_READS_PER_DAY"] = "1k"

    assert all(workplace.command("rank").stderr for _ in range(2))


CAUSE = ConfigError("KEYWORDS is missing")


def said(folder: Path, now: datetime = NOW) -> bool:
    """Whether another process would say it."""
    return Said([folder], lambda: now).is_news("deliver", CAUSE)


@pytest.mark.parametrize(("minutes", "is_said"), [(1, False), (59, False), (60, True), (-1, True), (-600_000, True)])
def test_it_is_said_again_after_an_hour_or_when_the_clock_was_wrong(
    tmp_path: Path, minutes: int, is_said: bool
) -> None:
    assert said(tmp_path)

    assert said(tmp_path, NOW + timedelta(minutes=minutes)) == is_said


def test_numbers_that_differ_make_no_other_cause(tmp_path: Path) -> None:
    Said([tmp_path], lambda: NOW).is_news("deliver", ConfigError("held by pid 12 since 2026-11-01T12:00:00.000Z"))

    other = ConfigError("held by pid 7 since 2026-11-01T12:01:00.000Z")
    assert not Said([tmp_path], lambda: NOW).is_news("deliver", other)


DAMAGED: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "a list": lambda path: path.write_bytes(b"[1]"),
    "times of no sense": lambda path: path.write_text('{"a": "x", "b": null, "c": NaN, "d": 1e999}'),
    "nested without end": lambda path: path.write_bytes(b"[" * 10_000),
    "too large": lambda path: path.write_bytes(b" " * 10**6),
    "a link": lambda path: path.symlink_to(path.with_name("precious")),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_or_planted_file_is_replaced(tmp_path: Path, kind: str) -> None:
    (tmp_path / "precious").write_text("precious")
    DAMAGED[kind](tmp_path / "deliver.said")

    first, second = said(tmp_path), said(tmp_path)

    assert (first, second) == (True, False)
    assert (tmp_path / "precious").read_text() == "precious"


def test_where_nothing_can_be_kept_it_is_said_each_time(tmp_path: Path) -> None:
    assert [said(tmp_path / "missing") for _ in range(2)] == [True, True]
