"""Runs that should have been and left no row, and runs that were skipped because the one before was still at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.crontabs.timetable import Timetable
from trendspark_cli.kinds.jobs import kind_of
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.runs import JobState, WorkSpan

AT_WORK_BEFORE = timedelta(hours=1)  # longer than any run of these jobs may take
STARTING = timedelta(minutes=2)  # a run that is due right now may be about to begin
NO_RUN = "nothing was recorded: cron was not running, or the command could not start"
STILL_RUNNING = "the run before was still at work"


class Missed(NamedTuple):
    """Moments in a row at which a job was due and did not run."""

    job_id: str
    first: str
    last: str
    runs: int
    why: str


def missed_runs(
    store: Store, timetable: Timetable, jobs: Sequence[str], after: datetime, now: datetime
) -> list[Missed]:
    """Return what was missed after *after*, by job and time.

    A job is watched from the run on that first saw its present times: nobody knows what was installed before.
    Nothing is known while no crontab is installed.
    """
    if not timetable.is_installed:
        return []
    states = store.job_states.of(jobs).values()
    return [missed for state in states for missed in _of_job(store, timetable, state, after, now - STARTING)]


def _of_job(store: Store, timetable: Timetable, state: JobState, after: datetime, until: datetime) -> Iterator[Missed]:
    job_id = state.job_id
    if state.schedule is None or state.schedule != timetable.text(job_id) or state.schedule_since is None:
        return
    after = max(after, from_text(state.schedule_since))
    served = store.job_runs.scheduled(job_id, after)
    busy = store.job_runs.spans(job_id, after - AT_WORK_BEFORE) if kind_of(job_id).is_quiet_while_running else []
    run: list[datetime] = []  # moments in a row, for one reason
    why = ""
    for moment in timetable.moments(job_id, after, until):
        reason = "" if moment in served else STILL_RUNNING if _is_within(moment, busy) else NO_RUN
        if reason != why and run:
            yield Missed(job_id, to_text(run[0]), to_text(run[-1]), len(run), why)
            run = []
        if reason:
            run.append(moment)
        why = reason
    if run:
        yield Missed(job_id, to_text(run[0]), to_text(run[-1]), len(run), why)


def _is_within(moment: datetime, spans: Sequence[WorkSpan]) -> bool:
    return any(span.since <= moment and (span.until is None or moment <= span.until) for span in spans)
