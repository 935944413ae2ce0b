"""Money of a language model: two processes ask it, answers are lost or cut, processes die, days end, clocks jump."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.builders import NOW
from tests.machines.handling import Process
from tests.machines.machine import FIRST_STEPS, MOST_PROCESSES, Machine
from tests.money.briefing import open_trend
from tests.servers import Answer, Fault, OpenAIServer, Request, faults
from tests.servers.faults import HTML
from tests.servers.http_base import LOGIN_PAGE
from tests.servers.messages import Delivery, JsonObject
from tests.servers.openai_server import API_KEY, insufficient_quota, problem, rate_limited, sound_text

DAY_TOKENS, MONTH_USD = 14_000, 40.0
INPUT_USD, OUTPUT_USD = 0.0005, 0.002  # of a token: a brief of a few trends is dear enough to reach the ceiling
MOST_TRENDS = 8
WORDS = 900  # of an answer: near the most that is set aside for it
FREE = {  # by their names: no 2xx, so nothing is billed
    "no such key": lambda request: problem(401, "Incorrect API key provided.", "invalid_api_key"),
    "forbidden": lambda request: problem(403, "Country not supported.", "unsupported_country"),
    "busy": lambda request: rate_limited().answer(request),
    "no credit": lambda request: insufficient_quota().answer(request),
    "down": lambda request: faults.server_error(503).answer(request),
    "redirect": lambda request: faults.redirect_to_login().answer(request),
}
Change = Callable[[Answer], Answer]


def _changed(change: Callable[[JsonObject], object]) -> Change:
    """Return what changes the JSON of an answer."""

    def changed(answer: Answer) -> Answer:
        told = json.loads(answer.body)
        change(told)
        return Answer(200, json.dumps(told).encode(), answer.headers)

    return changed


UNTOLD: dict[str, Change] = {  # billed, and nobody can read for how much
    "answer lost": lambda answer: Answer(delivery=Delivery.RESET),
    "half an answer": lambda answer: Answer(200, answer.body, answer.headers, Delivery.TRUNCATED),
    "half its JSON": lambda answer: Answer(200, answer.body[: len(answer.body) // 2], answer.headers),
    "a page": lambda answer: Answer(200, LOGIN_PAGE, HTML),
    "no bill": _changed(lambda told: told.pop("usage")),
    "a bill that is none": _changed(lambda told: told["usage"].update(input_tokens="many", output_tokens=-1)),
    "a bill without end": _changed(lambda told: told["usage"].update(input_tokens=10**30, output_tokens=1e999)),
}
TOLD: dict[str, Change] = {  # billed, and of no use
    "cut": _changed(lambda told: told.update(status="incomplete", incomplete_details={"reason": "max_output_tokens"})),
    "refused": _changed(lambda told: told["output"][0].update(content=[{"type": "refusal", "refusal": "No."}])),
    "nonsense": _changed(lambda told: told["output"][0]["content"][0].update(text="Sure! Here it is.")),
    "thoughts only": _changed(lambda told: told.update(output=[{"type": "reasoning", "summary": []}])),
}
KEPT = ("no bill", "a bill that is none", "a bill without end", "refused", "nonsense")  # not asked for again
DEFECTS = {
    "a lost answer is free": """
        CREATE TRIGGER defect AFTER INSERT ON metric_totals
        WHEN NEW.name = 'trendspark_openai_requests_total' AND NEW.labels LIKE '%"error"%'
        BEGIN UPDATE spend SET used = used / 2 WHERE service = 'openai'; END""",
    "a dead run loses its reservation": """
        CREATE TRIGGER defect AFTER UPDATE OF status ON job_runs WHEN NEW.status = 'abandoned'
        BEGIN DELETE FROM spend_reservations WHERE run_id = NEW.id; END""",
    "a reservation holds nothing": """
        CREATE TRIGGER defect AFTER INSERT ON spend_reservations
        BEGIN UPDATE spend_reservations SET units = 0, usd = 0 WHERE id = NEW.id; END""",
    "an answer is forgotten": """
        CREATE TRIGGER defect BEFORE INSERT ON model_answers BEGIN SELECT RAISE(IGNORE); END""",
}


def a_bill_outlives_its_run(machine: BriefMachine) -> Iterator[None]:
    """Kill a run that the model has billed and that did not hear of it, and begin the next one."""
    machine.a_trend_opens()
    machine.a_brief_begins(0)
    [process] = machine.processes
    machine.go_on_until(process, lambda: machine.server.bills)
    yield
    machine.a_process_is_killed_where_it_stands(0, 0)
    machine.the_model_becomes_odd(["busy"])
    machine.a_brief_begins(100)
    yield


def an_answer_is_lost(machine: BriefMachine) -> Iterator[None]:
    """Ask of two trends, and lose the second answer."""
    machine.a_trend_opens()
    machine.a_brief_begins(100)
    yield
    machine.a_trend_opens()
    machine.the_model_becomes_odd(["answer lost"])
    machine.a_brief_begins(100)
    yield


def a_brief_follows_another(machine: BriefMachine) -> Iterator[None]:
    """Kill a run after it has heard an answer, and begin the next one."""
    machine.a_trend_opens()
    machine.a_brief_begins(100)
    yield
    machine.a_night_passes()
    machine.a_night_passes()
    machine.a_brief_begins(100)
    yield


def two_ask_at_the_ceiling(machine: BriefMachine) -> Iterator[None]:
    """Let one process set aside what is left, and another one ask beside it."""
    for _ in range(6):
        machine.a_trend_opens()
    machine.a_brief_begins(7)
    machine.a_brief_begins(100)
    yield
    machine.a_process_goes_on_to_its_end(0)
    yield


STORIES = {
    "a lost answer is free": an_answer_is_lost,
    "a dead run loses its reservation": a_bill_outlives_its_run,
    "a reservation holds nothing": two_ask_at_the_ceiling,
    "an answer is forgotten": a_brief_follows_another,
}


class Model(OpenAIServer):
    """A model that talks much, and knows what it billed on which day."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock=clock)
        self.bills: Counter[date] = Counter()  # tokens
        self.usd: Counter[str] = Counter()  # by month
        self.write = _at_length

    def _answer(self, body: JsonObject) -> JsonObject:
        before = self.input_tokens, self.output_tokens
        answer = super()._answer(body)
        read, written = self.input_tokens - before[0], self.output_tokens - before[1]
        day = datetime.fromtimestamp(self.clock(), UTC).date()
        self.bills[day] += read + written
        self.usd[f"{day:%Y-%m}"] += read * INPUT_USD + written * OUTPUT_USD  # type: ignore[assignment]
        return answer


def _at_length(form: str, content: Any) -> str:
    told = json.loads(sound_text(form, content))
    told["summary" if form == "TrendLabel" else "more"] = "It is new. " + "and so on " * (WORDS // 3)
    return json.dumps(told)


class BriefMachine(Machine):
    """What a model bills is in our books, within the ceilings, and nothing that it answered is asked again."""

    def set_up(self) -> None:
        self.time += timedelta(days=10)  # the month is well on its way
        self.server = Model(clock=lambda: self.time.timestamp())
        self.server.start()
        self.here.environment |= {
            "OPENAI_API_KEY": API_KEY,
            "OPENAI_BASE_URL": self.server.base_url,
            "OPENAI_MAX_TOKENS_PER_DAY": str(DAY_TOKENS),
            "OPENAI_MAX_USD_PER_MONTH": str(MONTH_USD),
            "OPENAI_PRICE_INPUT_USD": str(INPUT_USD * 1e6),
            "OPENAI_PRICE_OUTPUT_USD": str(OUTPUT_USD * 1e6),
            "NICHE": "local transport",
        }
        self.trends = 0
        self.oddities: list[str] = []
        self.useless = 0  # answers that are kept and hold no text
        self.was_ahead = False
        self.wrong_days: set[date] = set()
        self.was_all_told = True  # so that our books hold what was billed, to the token
        self.heard: dict[Process, set[str]] = {}  # questions that a process was answered
        self.answered: set[str] = set()  # by what has ended
        self.answered_before: dict[Process, set[str]] = {}
        self.asked_again: list[str] = []
        self.server.faults.decide_with(self._decide)

    def clean_up(self) -> None:
        self.server.stop()

    def _decide(self, request: Request) -> Fault | None:
        """Answer a question with the next oddity."""
        if request.endpoint != "responses" or self.stepping is None:
            return None
        question = json.loads(request.body)["input"]
        if question in self.answered_before[self.stepping]:
            self.asked_again.append(question)
        oddity = self.oddities.pop(0) if self.oddities else ""
        self.was_all_told &= oddity not in UNTOLD
        self.useless += oddity in ("refused", "nonsense")
        if not oddity or oddity in KEPT:
            self.heard[self.stepping].add(question)
        if oddity in FREE:
            return Fault(oddity, FREE[oddity])
        change = {**UNTOLD, **TOLD}.get(oddity)
        return Fault(oddity, lambda request: change(self.server.respond(request))) if change else None

    def before_a_step(self) -> None:
        self.server.date_off = -self.off.total_seconds()  # its clock is right
        self.was_ahead |= self.off > timedelta()
        if self.off and not self.server.bills[self.time.date()]:
            self.wrong_days.add(self.time.date())

    def after_the_start_of(self, process: Process) -> None:
        self.heard[process], self.answered_before[process] = set(), set(self.answered)

    def after_the_end_of(self, process: Process) -> None:
        if process.was_killed:
            self.was_all_told = False
        else:
            self.answered |= self.heard[process]

    @precondition(lambda self: self.trends < MOST_TRENDS)
    @rule()
    def a_trend_opens(self) -> None:
        self.trends += 1
        texts = [f"What is said of topic{self.trends} by {n}." for n in range(3)]
        open_trend(self.here, f"topic{self.trends}", texts, now=self.time)

    @precondition(lambda self: len(self.processes) < MOST_PROCESSES)
    @rule(steps=FIRST_STEPS)
    def a_brief_begins(self, steps: int) -> None:
        # Under different names: the lock would let only one of them go on.
        names = {"brief", "ingest"} - {process.job_id for process in self.processes}
        self.start(min(names), "brief", steps)

    @rule(oddities=st.lists(st.sampled_from((*FREE, *UNTOLD, *TOLD)), min_size=1, max_size=3))
    def the_model_becomes_odd(self, oddities: list[str]) -> None:
        self.oddities += oddities

    @rule()
    def the_model_is_well_again(self) -> None:
        self.oddities.clear()

    @precondition(lambda self: not self.processes and self.time < NOW + timedelta(days=25))
    @rule()
    def a_night_passes(self) -> None:
        self.time += timedelta(hours=13)

    def booked(self) -> int:
        """Return the tokens in our books, with those set aside."""
        used = self.value("SELECT coalesce(sum(used), 0) FROM spend WHERE service = 'openai'")
        set_aside = self.value("SELECT coalesce(sum(units), 0) FROM spend_reservations WHERE service = 'openai'")
        return int(used + set_aside)

    @invariant()
    def our_books_hold_what_was_billed(self) -> None:
        billed, booked = self.server.bills.total(), self.booked()
        assert booked >= billed, f"{billed} tokens were billed, our books hold {booked}"
        is_exact = self.was_all_told and not self.processes
        assert booked == billed or not is_exact, f"{billed} tokens were billed and told, our books hold {booked}"

    @invariant()
    def no_ceiling_is_passed(self) -> None:
        # A clock that is ahead has another day, and one that is back on a day's first question cannot know better.
        days = {day: count for day, count in self.server.bills.items() if count > DAY_TOKENS}
        assert not days.keys() - self.wrong_days or self.was_ahead, f"{days} tokens, the ceiling is {DAY_TOKENS}"
        months = {month: usd for month, usd in self.server.usd.items() if usd > MONTH_USD}
        assert not months or self.was_ahead, f"{months} USD, the ceiling is {MONTH_USD}"

    @invariant()
    def what_was_answered_is_not_asked_again(self) -> None:
        assert not self.asked_again, f"asked and paid again: {self.asked_again[0][:100]}"

    @invariant()
    def what_is_set_aside_belongs_to_a_run(self) -> None:
        lone = self.value("SELECT count(*) FROM spend_reservations WHERE run_id NOT IN (SELECT id FROM job_runs)")
        assert not lone, f"{lone} reservations belong to no run"

    def come_to_rest(self) -> None:
        self.oddities.clear()
        self.check()
        self.no_ceiling_is_passed()
        self.here.environment |= {"OPENAI_MAX_TOKENS_PER_DAY": "10000000", "OPENAI_MAX_USD_PER_MONTH": "100000"}
        for job_id in ("ingest", "brief"):
            self.time += timedelta(hours=25)
            process = self.run_to_its_end(job_id, "brief")
            assert process.exit_code == 0, process.end
        left = self.value("SELECT count(*) FROM spend_reservations")
        assert not left, f"{left} reservations were never settled"
        self.our_books_hold_what_was_billed()
        self.what_was_answered_is_not_asked_again()
        written = self.value("SELECT count(*) FROM trend_briefs WHERE summary <> ''")
        assert written >= self.trends - self.useless, f"{written} of {self.trends} trends have a text"
        days = self.value("SELECT count(DISTINCT dedupe_key) FROM notifications WHERE category = 'daily_ideas'")
        assert days or not self.trends, "no message was queued"
