"""What a run leaves in the database when it ends: its row and its totals."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from datetime import datetime, timedelta

from trendspark_cli import __version__
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.metrics import DURATION_BUCKETS, Amount
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.protocol import Store

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
    assert job.run_id is not None
    job.record_calls()
    job.store.job_runs.finish(job.run_id, status, exit_code, message, job.counts, now, duration)
    labels = {"job": job_id}
    job.store.totals.add(
        [Amount("trendspark_job_runs_total", {"job": job_id, "status": status}, 1), *_observed(job_id, duration)]
    )
    moment = now.timestamp()
    values = [
        Amount("trendspark_job_last_run_timestamp_seconds", labels, moment),
        Amount("trendspark_job_last_exit_code", labels, exit_code),
    ]
    if exit_code == 0:
        values.append(Amount("trendspark_job_last_success_timestamp_seconds", labels, moment))
    job.store.totals.set(values)


def record_schedule(store: Store, timetable: Timetable, job_id: str, run_id: int, started: datetime) -> None:
    """Note when a run was due, how late it began, and the job's present times; call inside a transaction.

    The first run after a moment is the one that was due then: another one comes from somebody's hand.
    """
    schedule = timetable.text(job_id)
    state = store.job_states.get(job_id)
    if timetable.is_installed and state.schedule != schedule:
        store.job_states.save(replace(state, schedule=schedule, schedule_since=to_text(started) if schedule else None))
    due = timetable.due(job_id, started)
    if due is None or due in store.job_runs.scheduled(job_id, due - timedelta(seconds=1)):
        return
    late_seconds = (started - due).total_seconds()
    store.job_runs.note_schedule(run_id, due, late_seconds)
    store.totals.set([Amount("trendspark_job_lateness_seconds", {"job": job_id}, late_seconds)])


def record_late_failure(job: JobContext, job_id: str, exit_code: int, message: str) -> None:
    """Add to a finished run that its metrics could not be written; call inside a transaction."""
    assert job.run_id is not None
    job.store.job_runs.amend(job.run_id, exit_code, message)
    values = [Amount("trendspark_job_last_exit_code", {"job": job_id}, exit_code)]
    last_success = job.store.job_runs.last_success(job_id)
    if last_success is not None:
        moment = last_success.timestamp()
        values.append(Amount("trendspark_job_last_success_timestamp_seconds", {"job": job_id}, moment))
    job.store.totals.set(values)


def record_abandoned(store: Store, job_id: str, runs: int) -> None:
    """Count runs that ended without a word; call inside a transaction."""
    store.totals.add([Amount("trendspark_job_runs_total", {"job": job_id, "status": "abandoned"}, runs)])


def record_skip(store: Store, job_id: str, now: datetime, exit_code: int, why: str) -> int:
    """Record a run that did nothing, and why; return its id. Call inside a transaction."""
    store.totals.add([Amount("trendspark_job_runs_total", {"job": job_id, "status": "skipped"}, 1)])
    return store.job_runs.add_skipped(job_id, now, os.getpid(), socket.gethostname(), __version__, exit_code, why)


def _observed(job_id: str, duration: float) -> list[Amount]:
    """Return what one observation adds to the cumulative histogram."""
    name = "trendspark_job_duration_seconds"
    bounds = [(f"{bound:g}", bound) for bound in DURATION_BUCKETS] + [("+Inf", float("inf"))]
    buckets = [
        Amount(f"{name}_bucket", {"job": job_id, "le": label}, 1) for label, bound in bounds if duration <= bound
    ]
    return [*buckets, Amount(f"{name}_sum", {"job": job_id}, duration)]
