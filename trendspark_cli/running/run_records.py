"""What a run leaves in the database when it ends: its row and its totals."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from trendspark_cli import __version__
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.metrics import (
    JOB_DURATION,
    JOB_LAST_EXIT_CODE,
    JOB_LAST_RUN,
    JOB_LAST_SUCCESS,
    JOB_LATENESS,
    JOB_RUNS,
)
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.runs import CLOCK_OFF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.crontabs.timetable import Timetable


def record_end(
    job: JobContext,
    job_id: str,
    status: str,
    exit_code: int,
    message: str | None,
    now: datetime,
    duration: float,
) -> None:
    """Finish the run's row and raise its totals; call inside a transaction. *duration* in seconds."""
    job.record_calls()
    if (ahead := job.witness.ahead) is not None and job.witness.contradicts:
        job.counts[CLOCK_OFF] = round(ahead.total_seconds())
    job.store.job_runs.finish(job.recorded_id, status, exit_code, message, job.counts, now, duration)
    job.store.totals.add([JOB_RUNS.by(1, job=job_id, status=status), *JOB_DURATION.of(duration, job=job_id)])
    moment = now.timestamp()
    values = [JOB_LAST_RUN.at(moment, job=job_id), JOB_LAST_EXIT_CODE.at(exit_code, job=job_id)]
    if exit_code == 0:
        values.append(JOB_LAST_SUCCESS.at(moment, job=job_id))
    job.store.totals.set(values)


def record_schedule(store: Store, timetable: Timetable, job_id: str, run_id: int, started: datetime) -> None:
    """Note when a run was due, how late it began, and the job's present times; call inside a transaction.

    The first run after a moment is the one that was due then: another one comes from somebody's hand.
    """
    schedule = timetable.text(job_id)
    state = store.job_states.get(job_id)
    is_told = job_id in timetable.told
    if (timetable.is_installed or is_told) and state.schedule != schedule:
        store.job_states.save(state._replace(schedule=schedule, schedule_since=to_text(started) if schedule else None))
        if is_told:  # of an interval no moment is known, so how late the last run was means nothing any more
            store.totals.set([JOB_LATENESS.at(0.0, job=job_id)])
    due = timetable.due(job_id, started)
    if due is None or due in store.job_runs.scheduled(job_id, due - timedelta(seconds=1)):
        return
    late_seconds = (started - due).total_seconds()
    store.job_runs.note_schedule(run_id, due, late_seconds)
    store.totals.set([JOB_LATENESS.at(late_seconds, job=job_id)])


def record_late_failure(job: JobContext, job_id: str, exit_code: int, message: str) -> None:
    """Add to a finished run that its metrics could not be written; call inside a transaction."""
    job.store.job_runs.amend(job.recorded_id, exit_code, message)
    values = [JOB_LAST_EXIT_CODE.at(exit_code, job=job_id)]
    last_success = job.store.job_runs.last_success(job_id)
    if last_success is not None:
        moment = last_success.timestamp()
        values.append(JOB_LAST_SUCCESS.at(moment, job=job_id))
    job.store.totals.set(values)


def record_abandoned(store: Store, job_id: str, runs: int) -> None:
    """Count runs that ended without a word; call inside a transaction."""
    store.totals.add([JOB_RUNS.by(runs, job=job_id, status="abandoned")])


def record_skip(store: Store, job_id: str, now: datetime, exit_code: int, why: str) -> int:
    """Record a run that did nothing, and why; return its id. Call inside a transaction."""
    store.totals.add([JOB_RUNS.by(1, job=job_id, status="skipped")])
    return store.job_runs.add_skipped(job_id, now, os.getpid(), socket.gethostname(), __version__, exit_code, why)
