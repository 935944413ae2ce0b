"""Ask a model within the ceilings: what was asked before is not asked again, and a service that fails is left alone."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from trendspark_cli.base.errors import (
    AnswerTimedOutError,
    BadAnswerError,
    CeilingReachedError,
    ConfigError,
    RateLimitedError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.base.metrics import OPENAI_COST_USD, OPENAI_REQUESTS, OPENAI_TOKENS
from trendspark_cli.briefs.writer import Task, Writer, Written
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget, Reservation
from trendspark_cli.store.rows.trends import ModelAnswer

LEAST_SECONDS = 1.0  # a call with less is not worth its price
FORGOTTEN = "a post it rests on was forgotten meanwhile"
NO_KEY = "there is no OPENAI_API_KEY"
MOST_INCOMPLETE = 2  # answers of a run: the next ones would cost as much and be as incomplete

log = logging.getLogger(__name__)


class Price(NamedTuple):
    """USD of one token."""

    input_usd: float
    output_usd: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Return what a call costs in USD."""
        return input_tokens * self.input_usd + output_tokens * self.output_usd


@dataclass(frozen=True)
class Bound:
    """What a call can use at most."""

    tokens: int
    usd: float


class PaidWriting:
    """The calls of one run, *run_seconds* for all of them. `why_not` says why no model is asked (any more)."""

    def __init__(
        self,
        job: JobContext,
        writer: Writer | None,
        budget: Budget,
        price: Price,
        run_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job = job
        self._writer = writer
        self._budget = budget
        self._price = price
        self._monotonic = monotonic
        self._run_seconds = self._seconds_left = run_seconds
        self.why_not = "" if writer is not None else NO_KEY
        self.failures: list[TrendSparkError] = []
        self.ceiling: CeilingReachedError | None = None
        self._is_forgotten = False  # what a model said of posts that were gone when it answered

    @property
    def why_no_text(self) -> str:
        """Return why some texts of this run are none of the model's."""
        told = [str(failure) for failure in self.failures]
        nothing = FORGOTTEN if self._is_forgotten else "the model gave no usable answer"
        return self.why_not or (told[-1] if told else nothing)

    @property
    def model(self) -> str:
        """Return the name of the model; empty without one."""
        return self._writer.model if self._writer is not None else ""

    def settle_dead_runs(self) -> None:
        """Count what runs that died had reserved as used: their calls may have been billed."""
        self._job.write(lambda: self._job.store.spend.settle_dead_runs(self._budget.service, self._budget.usd_per_unit))

    def known(self, task: Task) -> ModelAnswer | None:
        """Return what the model answered to the same before."""
        return self._job.store.briefs.answer(self._key(task)) if self._writer is not None else None

    def bound(self, task: Task) -> Bound:
        """Return what a call for *task* can use at most. Raises ConfigError without a model."""
        if self._writer is None:
            raise ConfigError(NO_KEY)
        most_input = self._writer.most_input_tokens(task)
        most_output = self._writer.most_output_tokens(task)
        return Bound(most_input + most_output, self._price.of(most_input, most_output))

    def write(self, task: Task, is_current: Callable[[], bool]) -> ModelAnswer | None:
        """Return the model's answer, of now or of before; None when it could not be asked, which `why_not` explains.

        *is_current* tells whether what was asked about is still there: posts may be forgotten while a model writes.
        Then it is paid, nothing of its answer is kept, and None returned.
        """
        known = self.known(task)
        if known is not None or self._writer is None or self.why_not:
            return known
        if self._seconds_left < LEAST_SECONDS:
            self.why_not = f"the {self._run_seconds:g} s for the calls of one run are used up"
            return None
        bound = self.bound(task)
        try:
            reservation = self._budget.reserve(
                self._job, task.kind, wanted=bound.tokens, least=bound.tokens, usd_per_unit=bound.usd / bound.tokens
            )
        except CeilingReachedError as reached:
            self.ceiling, self.why_not = reached, str(reached)
            return None
        started = self._monotonic()
        try:
            written = self._writer.write(task, self._seconds_left)
        except (UpstreamError, ConfigError) as failure:
            self._note_failure(task, reservation, failure)
            return None
        finally:
            self._seconds_left -= self._monotonic() - started
        return self._keep(task, reservation, written, is_current)

    def _keep(
        self, task: Task, reservation: Reservation, written: Written, is_current: Callable[[], bool]
    ) -> ModelAnswer | None:
        """Settle to the token and remember the answer, in one transaction; None of one that is not whole or current."""
        job = self._job
        most_output = self._most_output(task)
        most_input = reservation.units - most_output
        input_tokens = most_input if written.input_tokens is None else written.input_tokens
        output_tokens = most_output if written.output_tokens is None else written.output_tokens
        answer = None if written.outcome == "incomplete" else ModelAnswer(written.outcome, written.value)

        def settle() -> None:
            nonlocal answer
            usd = self._price.of(input_tokens, output_tokens)
            self._budget.settle(job, reservation, input_tokens + output_tokens, usd)
            if answer is not None and not is_current():
                answer, self._is_forgotten = None, True
            if answer is not None:
                job.store.briefs.keep_answer(self._key(task), task.kind, self.model, answer, job.now)
            self._count(task, written.outcome, input_tokens, output_tokens, usd)

        job.write(settle)
        if written.outcome == "incomplete":
            self._note_incomplete(written)
        return answer

    def _note_incomplete(self, written: Written) -> None:
        """Say that an answer was not whole, and ask no more in this run when several were not; later runs ask again."""
        hint = "the next run asks again"
        if written.is_too_short:
            hint = f"set OPENAI_MAX_OUTPUT_TOKENS higher, or OPENAI_REASONING_EFFORT lower; {hint}"
        service = self._budget.service
        self.failures.append(BadAnswerError(service, f"the answer of {self.model} {written.why}", hint=hint))
        log.warning("an answer was not whole: %s", self.failures[-1])
        if sum(isinstance(failure, BadAnswerError) for failure in self.failures) >= MOST_INCOMPLETE:
            self.why_not = str(self.failures[-1])

    def _most_output(self, task: Task) -> int:
        return self._writer.most_output_tokens(task) if self._writer is not None else task.most_output_tokens

    def _note_failure(self, task: Task, reservation: Reservation, failure: UpstreamError | ConfigError) -> None:
        """Settle what a failed call can have cost, and ask no more in this run."""
        job = self._job
        self.failures.append(failure)
        self.why_not = str(failure)
        log.warning("no model is asked any more in this run: %s", failure)
        is_billed = isinstance(failure, UpstreamError) and failure.may_be_billed
        most_output = self._most_output(task)
        input_tokens = reservation.units - most_output if is_billed else 0
        output_tokens = most_output if is_billed else 0

        def settle() -> None:
            usd = self._price.of(input_tokens, output_tokens)
            self._budget.settle(job, reservation, input_tokens + output_tokens, usd)
            self._count(task, _status(failure), input_tokens, output_tokens, usd)
            if isinstance(failure, UpstreamError) and failure.is_account_empty:
                self._budget.tell_of_empty_account(job, failure)

        job.write(settle)

    def _count(self, task: Task, status: str, input_tokens: int, output_tokens: int, usd: float) -> None:
        kind = task.kind
        self._job.record_calls()
        self._job.store.totals.add(
            [
                OPENAI_REQUESTS.by(1, kind=kind, status=status),
                OPENAI_TOKENS.by(input_tokens, kind=kind, direction="input"),
                OPENAI_TOKENS.by(output_tokens, kind=kind, direction="output"),
                OPENAI_COST_USD.by(usd, kind=kind),
            ]
        )
        self._job.count("calls")
        self._job.count("tokens", input_tokens + output_tokens)

    def _key(self, task: Task) -> str:
        """Return a key of everything the answer depends on."""
        asked = "\0".join((task.kind, self.model, task.instructions, task.content))
        return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()


def _status(failure: TrendSparkError) -> str:
    """Return a failure as a metric label, from a short fixed list."""
    if isinstance(failure, UpstreamError) and failure.is_account_empty:
        return "quota"
    if isinstance(failure, RateLimitedError):
        return "rate_limited"
    return "timeout" if isinstance(failure, AnswerTimedOutError) else "error"
