"""The life of a run, in one order, in one place: the only file that knows lock, job_runs, metrics, failure alert
and exit code.

lock -> store -> leftover runs -> `running` row -> body -> finish row, totals and alerts (one transaction) -> metrics
-> ping -> exit code. What comes after the body always runs, and none of it can hide the body's own error.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trendspark_cli import __version__
from trendspark_cli.alerts.api_spikes import note_api_errors
from trendspark_cli.alerts.failure_streaks import OpsAlertRules, note_outcome
from trendspark_cli.app.metric_files import MetricFiles
from trendspark_cli.base import log_setup
from trendspark_cli.base.clock import Clock
from trendspark_cli.base.errors import CeilingReachedError, ExitCode, LockHeldError, StopRequest, TrendSparkError
from trendspark_cli.base.models import RunResult
from trendspark_cli.base.redaction import redact
from trendspark_cli.base.threads import refusal_of
from trendspark_cli.kinds.jobs import kind_of
from trendspark_cli.running.clock_healing import heal_times
from trendspark_cli.running.heartbeat import Heartbeat
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.running.living_runs import lives, this_process
from trendspark_cli.running.pausing import is_paused, why_paused
from trendspark_cli.running.run_records import (
    record_abandoned,
    record_end,
    record_late_failure,
    record_schedule,
    record_skip,
)
from trendspark_cli.running.stop_signals import StopSignals
from trendspark_cli.running.watchdog import Watchdog
from trendspark_cli.services.pings import Pings, RunPings
from trendspark_cli.store.database import Database, JobParts
from trendspark_cli.store.protocol import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.crontabs.timetable import Timetable

Body = Callable[[JobContext], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a body ended: the exit code decides the status."""

    exit_code: int = ExitCode.DONE
    status: str = "success"
    error: TrendSparkError | Exception | StopRequest | None = None
    store_error: Exception | None = None  # what kept the end of the run from being recorded

    @property
    def message(self) -> str | None:
        """Return what went wrong in one line, without secrets; None when nothing did."""
        if self.error is None:
            return None
        if isinstance(self.error, TrendSparkError | StopRequest):
            text = str(self.error)
        else:
            text = f"bug: {type(self.error).__name__}: {self.error}"
        return redact(" ".join(text.split()))


@dataclass(frozen=True)
class JobRunner:
    """Runs bodies for one installation. A run `is_by_hand` is none of those cron should start.

    What `is_news` has said of a job not long ago is logged no more.
    """

    clock: Clock
    database: Database
    metric_files: MetricFiles
    timeouts: dict[str, timedelta | None]
    alert_rules: OpsAlertRules
    pings: Pings
    timetable: Callable[[], Timetable]
    is_by_hand: bool = False
    is_news: Callable[[str, BaseException], bool] = lambda job_id, cause: True

    def run(
        self,
        job_id: str,
        body: Body,
        *,
        locks: Sequence[str] = (),
        parts: JobParts | None = None,
        is_dry: bool = False,
    ) -> RunResult:
        """Run *body* as *job_id* and return how it ended; never raises for what a job may do.

        Of the job of *parts*, which is among those of *locks*, only these are held.

        Raises TrendSparkError only when no record could be made: no database, a held lock that is no news.
        """
        if is_dry:
            return self._run_dry(job_id, body)
        with ExitStack() as held:
            held.enter_context(Watchdog(job_id))
            try:
                store = held.enter_context(self.database.locked(locks or (job_id,), self.clock(), parts=parts))
            except LockHeldError as error:
                return self._skip_for_lock(job_id, error)
            try:
                return self.run_locked(job_id, body, store, parts=parts)
            except LockHeldError as error:  # somebody removed the lock's file, and its run is still at work
                return self._skip_for_lock(job_id, error)

    def run_locked(
        self, job_id: str, body: Body, store: Store, *, began: datetime | None = None, parts: JobParts | None = None
    ) -> RunResult:
        """Run *body* with its lock held and its store open: `ingest_rank` does so for each of its steps.

        A step is as late as the job that *began* then: its turn comes when the steps before it are done.

        Raises LockHeldError when another run of this job lives, whatever became of its lock.
        """
        started = self.clock()
        timetable = None if self.is_by_hand else self.timetable()
        mine = parts if parts is not None and parts.job_id == job_id else None

        def begin() -> tuple[int, bool]:
            left = []
            for run in store.job_runs.unended(job_id):
                if mine is not None and run.parts and run.parts.isdisjoint(mine.names):
                    continue  # it does something else; whoever does that next says what became of it
                if not lives(run, started):
                    left.append(run.id)
                elif mine is None or not mine.are_shared or not run.parts:
                    raise LockHeldError(job_id, f"pid {run.pid} on {run.host} since {run.started_at}")
            abandoned = store.job_runs.abandon(left, started)
            for run_id in abandoned:
                log.warning("run %d of %s ended without a word; marked abandoned", run_id, job_id)
                note_outcome(
                    store,
                    job_id,
                    run_id,
                    "abandoned",
                    "the process was killed",
                    started,
                    self.alert_rules,
                )
            if abandoned:
                record_abandoned(store, job_id, len(abandoned))
            paused = is_paused(store, job_id)
            if paused:
                run_id = record_skip(store, job_id, started, ExitCode.DONE, why_paused(store, job_id))
            else:
                me = os.getpid(), socket.gethostname(), __version__, this_process()
                run_id = store.job_runs.start(job_id, started, *me, mine.names if mine is not None else ())
            if timetable is not None:
                record_schedule(store, timetable, job_id, run_id, began or started)
            return run_id, paused

        run_id, paused = store.write(begin)
        if paused:
            self._write_metrics(job_id, store)
            return RunResult(job_id, run_id, "skipped", ExitCode.DONE, started, 0.0, {"why": "paused"})
        with log_setup.in_run(job_id, run_id):
            return self._run_recorded(JobContext(store, started, run_id), job_id, body)

    def _run_recorded(self, job: JobContext, job_id: str, body: Body) -> RunResult:
        pings = self._begin_pings(job, job_id)
        log.info("%s started", job_id)
        clock_started = time.monotonic()
        with StopSignals(job.store, self.timeouts.get(job_id)) as signals:
            beat = Heartbeat(self.database.open, job.recorded_id, self.clock)
            outcome = self._call(job, job_id, body, signals, beat)
            duration = time.monotonic() - clock_started
            outcome = self._record(job, job_id, outcome, duration)
            outcome = self._finish(job, job_id, outcome, pings, signals)
        return replace(_result(job, job_id, outcome, duration), must_end=signals.has_come)

    def _finish(self, job: JobContext, job_id: str, outcome: Outcome, pings: RunPings, signals: StopSignals) -> Outcome:
        """Write metrics and ping; what hangs is left when its time is up, and the run is on record already."""
        try:
            try:
                signals.limit()
                outcome = self._export(job, job_id, outcome)
            except StopRequest as stop:
                log.error("metrics of %s were not written: %s", job_id, stop)
                signals.limit()
                outcome = self._late_failure(job, job_id, outcome, stop)
            log.info("%s ended status=%s exit_code=%d counts=%s", job_id, outcome.status, outcome.exit_code, job.counts)
            self._end_pings(pings, outcome)
        except StopRequest as stop:
            log.warning("%s: its end was cut short: %s", job_id, stop)
        finally:
            signals.ignore()
        return outcome

    def _call(
        self, job: JobContext, job_id: str, body: Body, signals: StopSignals, beat: AbstractContextManager[object]
    ) -> Outcome:
        """Run the body and say how it ended; from then on signals wait."""
        try:
            with beat:
                try:
                    signals.listen()
                    heal_times(job, self.clock())
                    body(job)
                finally:
                    signals.ignore()
        except StopRequest as stop:
            log.warning("%s: %s", job_id, stop)
            status = "timeout" if stop.exit_code == ExitCode.DEADLINE else "interrupted"
            return Outcome(stop.exit_code, status, stop)
        except LockHeldError as error:  # of a step
            return Outcome(error.exit_code, "skipped", error)
        except CeilingReachedError as error:
            return Outcome(error.exit_code, "partial" if job.progress.has_posts else "skipped", error)
        except TrendSparkError as error:
            if self.is_news(job_id, error):
                # What we refused ourselves is one line; what was refused us has a traceback that tells where.
                log.error(
                    "%s failed: %s",
                    job_id,
                    error,
                    exc_info=error.__cause__ is not None and error.exit_code != ExitCode.USAGE,
                )
            return Outcome(error.exit_code, "partial" if error.exit_code == ExitCode.PARTIAL else "error", error)
        except Exception as error:
            refusal = refusal_of(error)
            if self.is_news(job_id, refusal or error):
                log.error("%s failed: %s", job_id, refusal or "a bug", exc_info=True)
            return Outcome(refusal.exit_code if refusal else ExitCode.FAILED, "error", refusal or error)
        return Outcome()

    def _record(self, job: JobContext, job_id: str, outcome: Outcome, duration: float) -> Outcome:
        """Write the end of the run, its totals and its alerts in one transaction.

        When even that fails, the body's own error is what the operator hears of.
        """
        now = self.clock()

        def record() -> None:
            record_end(job, job_id, outcome.status, outcome.exit_code, outcome.message, now, duration)
            note_outcome(job.store, job_id, job.run_id, outcome.status, outcome.message, now, self.alert_rules)
            note_api_errors(job.store, now, self.alert_rules)

        try:
            job.write(record)
        except Exception as error:
            log.exception("the end of run %s was not recorded", job.run_id)
            if outcome.error is None:
                code = error.exit_code if isinstance(error, TrendSparkError) else ExitCode.FAILED
                outcome = Outcome(code, "error", error)
            return replace(outcome, store_error=error)
        return outcome

    def _export(self, job: JobContext, job_id: str, outcome: Outcome) -> Outcome:
        """Write the metrics; failing to is the run's result only when nothing worse happened."""
        try:
            self._write_metrics(job_id, job.store)
        except Exception as error:
            if self.is_news(job_id, error):
                log.error("metrics of %s were not written: %s", job_id, error, exc_info=True)
            return self._late_failure(job, job_id, outcome, error)
        return outcome

    def _late_failure(self, job: JobContext, job_id: str, outcome: Outcome, error: Exception | StopRequest) -> Outcome:
        """Add to the record that the metrics were not written, and return the outcome with that."""
        if outcome.error is None:
            code = error.exit_code if isinstance(error, TrendSparkError | StopRequest) else ExitCode.FAILED
            outcome = replace(outcome, exit_code=code, error=error)
            with suppress(TrendSparkError):
                job.write(lambda: record_late_failure(job, job_id, code, outcome.message or ""))
        return outcome

    def _begin_pings(self, job: JobContext, job_id: str) -> RunPings:
        pings = self.pings.of_run(job_id)
        try:
            pings.begin()
            job.still_alive = pings.alive
        except Exception:
            log.exception("the start of run %s was not pinged", job.run_id)
        return pings

    def _end_pings(self, pings: RunPings, outcome: Outcome) -> None:
        try:
            pings.end(outcome.status, outcome.exit_code)
        except Exception:
            log.exception("the end of the run was not pinged")

    def _write_metrics(self, job_id: str, store: Store) -> None:
        self.metric_files.write(store, [job_id], self.clock())

    def _skip_for_lock(self, job_id: str, error: LockHeldError) -> RunResult:
        if kind_of(job_id).is_quiet_while_running:
            return RunResult(job_id, None, "skipped", error.exit_code, self.clock(), 0.0)
        timetable = None if self.is_by_hand else self.timetable()
        store = self.database.open()

        def record() -> int:
            run_id = record_skip(store, job_id, self.clock(), error.exit_code, str(error))
            if timetable is not None:
                record_schedule(store, timetable, job_id, run_id, self.clock())
            return run_id

        try:
            run_id = store.write(record)
        finally:
            store.close()
        # The holder of the lock owns the metrics files.
        outcome = Outcome(error.exit_code, "skipped", error)
        return _result(JobContext(store, self.clock(), run_id), job_id, outcome, 0.0)

    def _run_dry(self, job_id: str, body: Body) -> RunResult:
        """Run *body* on a store that refuses writes: no lock, no row, no metrics."""
        store = self.database.open(read_only=True)
        job = JobContext(store, self.clock(), dry_run=True)
        started = time.monotonic()
        try:
            with Watchdog(job_id), StopSignals(store, self.timeouts.get(job_id)) as signals:
                outcome = self._call(job, job_id, body, signals, nullcontext())
        finally:
            store.close()
        return replace(_result(job, job_id, outcome, time.monotonic() - started), is_dry=True)


def _result(job: JobContext, job_id: str, outcome: Outcome, duration: float) -> RunResult:
    errors: tuple[dict[str, str], ...] = ()
    if outcome.error is not None:
        hint = outcome.error.hint if isinstance(outcome.error, TrendSparkError) else ""
        errors = ({"code": str(int(outcome.exit_code)), "message": outcome.message or "", "hint": redact(hint)},)
    return RunResult(
        job_id,
        job.run_id,
        outcome.status,
        int(outcome.exit_code),
        job.now,
        round(duration, 3),
        job.counts,
        errors,
        job.result,
        outcome.error,
        store_error=outcome.store_error,
    )
