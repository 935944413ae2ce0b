"""The outbox: alerts are decided, two processes deliver them, Telegram is odd, clocks jump, processes die."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.installation import telegram_settings
from tests.machines.handling import Process
from tests.machines.machine import FIRST_STEPS, MOST_PROCESSES, Machine
from tests.servers import Answer, Fault, Request, TelegramServer, faults
from tests.servers.messages import Delivery, json_answer
from tests.servers.telegram_server import refusal, too_many_requests
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Alert

DEFECTS = {
    "what was sent is not marked": """
        CREATE TRIGGER defect AFTER UPDATE OF status ON notifications WHEN NEW.status = 'sent' AND NEW.id % 2 = 0
        BEGIN UPDATE notifications SET status = 'pending' WHERE id = NEW.id; END""",
    "a claim that is given back loses its alert": """
        CREATE TRIGGER defect AFTER UPDATE OF status ON notifications
        WHEN OLD.status = 'sending' AND NEW.status = 'pending'
        BEGIN DELETE FROM notifications WHERE id = NEW.id; END""",
    "what is uncertain is not counted": """
        CREATE TRIGGER defect BEFORE INSERT ON metric_totals WHEN NEW.labels LIKE '%uncertain%'
        BEGIN SELECT RAISE(IGNORE); END""",
    "a pause that was asked for is half as long": """
        CREATE TRIGGER defect AFTER UPDATE OF paused_until ON channel_states
        WHEN NEW.paused_until IS NOT NULL AND NEW.failures = 0
        BEGIN UPDATE channel_states SET paused_until =
            strftime('%Y-%m-%dT%H:%M:%S.000Z', NEW.paused_until, '-60 seconds') WHERE channel = NEW.channel; END""",
}
FINAL = {"sent", "digested", "dead", "expired", "muted"}
PAUSE = 90  # seconds that a 429 asks for
STORED_PAUSE = "SELECT 1 FROM channel_states WHERE paused_until >= ?"
NOT_TAKEN = {
    "server error": lambda request: faults.server_error(503).answer(request),
    "busy": lambda request: too_many_requests(PAUSE),
    "busy for ever": lambda request: refusal(429, "Too Many Requests", {"retry_after": 1e999}),
    "reset": lambda request: Answer(delivery=Delivery.RESET),
    "kicked": lambda request: refusal(403, "Forbidden: bot was kicked from the supergroup chat"),
    "no chat": lambda request: refusal(400, "Bad Request: chat not found"),
    "nonsense": lambda request: faults.broken_json().answer(request),
    "redirect": lambda request: faults.redirect_to_login().answer(request),
}
TAKEN = ("answer lost", "no message id", "an id that is none", "half an answer", "no ok")


def a_pause_is_asked_for(machine: OutboxMachine) -> Iterator[None]:
    """The second message is answered with a 429; the next delivery comes 40 of its 90 seconds later."""
    machine.alerts_are_decided(1)
    machine.run_to_its_end("deliver", "deliver")
    machine.telegram_becomes_odd(["busy"])
    machine.alerts_are_decided(1)
    machine.run_to_its_end("deliver", "deliver")
    machine.time += timedelta(seconds=40)
    machine.alerts_are_decided(1)  # the one before is put off by itself
    machine.run_to_its_end("deliver", "deliver")
    yield


STORIES = {"a pause that was asked for is half as long": a_pause_is_asked_for}


class OutboxMachine(Machine):
    """Alerts decided are delivered once, or visibly not."""

    def set_up(self) -> None:
        self.server = TelegramServer(clock=lambda: self.time.timestamp()).start()
        self.here.environment |= telegram_settings(self.server, HTTP_TIMEOUT="15s", ALERT_RECENCY_MINUTES="100000")
        self.decided: dict[str, str] = {}  # text of each alert, by its key
        self.refused: set[str] = set()
        self.asked_for: dict[Process, datetime] = {}  # the end of the last pause that each was asked for
        self.paused_until = self.time  # as far as the installation can know
        self.known_pauses: dict[Process, datetime] = {}
        self.server.faults.decide_with(self._answer)
        self.oddities: list[str] = []
        self.hasty: list[str] = []  # messages sent in a pause that their process could know of

    def clean_up(self) -> None:
        self.server.stop()

    def _answer(self, request: Request) -> Fault | None:
        """Answer a message with the next oddity."""
        if request.endpoint not in ("sendMessage", "editMessageText"):
            return None
        if self.stepping in self.known_pauses and self.time < self.known_pauses[self.stepping]:
            self.hasty.append(f"{self.known_pauses[self.stepping] - self.time} too early")
        if not self.oddities:
            return None
        oddity = self.oddities.pop(0)
        if oddity in NOT_TAKEN:
            if oddity == "busy" and self.stepping is not None:
                self.asked_for[self.stepping] = self.time + timedelta(seconds=PAUSE)
            return Fault(oddity, NOT_TAKEN[oddity])
        if oddity == "refused":
            text = json.loads(request.body)["text"]
            self.refused |= {decided for decided in self.decided.values() if decided in text}
            return Fault(oddity, lambda request: refusal(400, "Bad Request: message is odd"))
        return Fault(oddity, lambda request: self._take(request, oddity))

    def _take(self, request: Request, oddity: str) -> Answer:
        """Take a message, and answer so that nobody knows."""
        taken = self.server.respond(request)
        result = json.loads(taken.body)
        if not result.get("ok"):
            return taken
        if oddity == "answer lost":
            return Answer(delivery=Delivery.RESET)
        if oddity == "half an answer":
            return Answer(200, taken.body, taken.headers, Delivery.TRUNCATED)
        if oddity == "no ok":
            return json_answer({"result": result["result"]})
        result["result"]["message_id"] = None if oddity == "no message id" else ["7"]
        return json_answer(result)

    @rule(count=st.integers(1, 4))
    def alerts_are_decided(self, count: int) -> None:
        with closing(self.here.store()) as store, store.transaction():
            for _ in range(count):
                key = f"alert {len(self.decided)}"
                self.decided[key] = f"text of {key}."
                alert = Alert(key, "job_alert", f"title of {key}", f"<b>{self.decided[key]}</b>")
                store.notifications.queue(alert, self.now, muted=False)

    @precondition(lambda self: self.decided)
    @rule()
    def an_alert_is_decided_again(self) -> None:
        key, text = next(iter(self.decided.items()))
        with closing(self.here.store()) as store, store.transaction():
            store.notifications.queue(Alert(key, "job_alert", "title", text), self.now, muted=False)

    @precondition(lambda self: len(self.processes) < MOST_PROCESSES)
    @rule(steps=FIRST_STEPS)
    def a_delivery_begins(self, steps: int) -> None:
        # Under different names: the lock would let only one of them go on, and the claims alone must do.
        names = {"deliver", "alert-test"} - {process.job_id for process in self.processes}
        self.start(min(names), "deliver", steps)

    def after_the_start_of(self, process: Process) -> None:
        self.known_pauses[process] = self.paused_until

    def after_the_end_of(self, process: Process) -> None:
        # Nobody knows of a pause that was told to a process which died before it could store it.
        until = self.asked_for.pop(process, self.paused_until)
        if not process.was_killed or self.rows(STORED_PAUSE, to_text(until)):
            self.paused_until = max(self.paused_until, until)

    @rule(oddities=st.lists(st.sampled_from((*NOT_TAKEN, *TAKEN, "refused")), min_size=1, max_size=3))
    def telegram_becomes_odd(self, oddities: list[str]) -> None:
        self.oddities += oddities

    @rule()
    def telegram_is_well_again(self) -> None:
        self.oddities.clear()

    @rule()
    def a_person_lets_the_dead_be_tried_again(self) -> None:
        with closing(self.here.store()) as store, store.transaction():
            store.notifications.revive(None, self.now)

    def statuses(self) -> dict[str, str]:
        """Return the status of each alert."""
        rows = self.rows("SELECT dedupe_key, status FROM notifications")
        return {row["dedupe_key"]: row["status"] for row in rows}

    def arrived(self) -> Counter[str]:
        """Return how often each text arrived."""
        return Counter(text for text in self.server.texts if text in set(self.decided.values()))

    def counted(self, status: str) -> int:
        """Return how many alerts are counted under a status."""
        sql = (
            "SELECT coalesce(sum(value), 0) FROM metric_totals WHERE name = ? AND json_extract(labels, '$.status') = ?"
        )
        return int(self.value(sql, "trendspark_alert_delivery_total", status))

    @invariant()
    def nothing_decided_is_missing(self) -> None:
        missing = self.decided.keys() - self.statuses().keys()
        assert not missing, f"no row has {missing}"

    @invariant()
    def what_is_marked_as_sent_has_arrived(self) -> None:
        arrived = self.arrived()
        statuses = self.statuses()
        lost = [key for key, text in self.decided.items() if statuses.get(key) == "sent" and not arrived[text]]
        assert not lost, f"{lost} are sent and never arrived"

    @invariant()
    def nothing_arrives_twice_but_what_is_counted_as_uncertain(self) -> None:
        repeats = sum(count - 1 for count in self.arrived().values())
        assert repeats <= self.counted("uncertain"), f"{repeats} messages repeat, {self.counted('uncertain')} uncertain"

    @invariant()
    def what_is_dead_was_refused(self) -> None:
        statuses = self.statuses()
        dead = [key for key, text in self.decided.items() if statuses.get(key) == "dead" and text not in self.refused]
        assert not dead, f"{dead} are dead and nobody refused them"

    @invariant()
    def the_channels_pace_is_kept(self) -> None:
        times = [message.sent_at for message in self.server.messages]
        most = max((sum(start <= other < start + 60 for other in times) for start in times), default=0)
        assert most <= 20 or not self.clock_was_always_right, f"{most} messages in a minute"

    @invariant()
    def a_pause_that_telegram_asked_for_is_kept(self) -> None:
        assert not self.hasty or not self.clock_was_always_right, self.hasty

    def come_to_rest(self) -> None:
        self.oddities.clear()
        # Longer than any pause or lease, then than what a clock that was a day ahead may have put off.
        for minutes in (61, 61, 61, 25 * 60, 61, 61):
            self.time += timedelta(minutes=minutes)
            process = self.run_to_its_end("deliver", "deliver")
        assert process.exit_code == 0, process.end
        waiting = {key: status for key, status in self.statuses().items() if status not in FINAL}
        assert not waiting, f"{waiting} wait for ever"
        digests = " ".join(self.server.texts)
        bundled = self.rows("SELECT dedupe_key, title FROM notifications WHERE status = 'digested'")
        untold = [row["dedupe_key"] for row in bundled if row["title"][:100] not in digests]
        assert not untold, f"{untold} are digested, and in no digest"
        self.nothing_decided_is_missing()
        self.what_is_marked_as_sent_has_arrived()
        self.nothing_arrives_twice_but_what_is_counted_as_uncertain()
        self.what_is_dead_was_refused()
