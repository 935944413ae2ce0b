"""Each job at a glance: for `jobs list` and `health`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from trendspark_cli.base.clock import from_epoch, from_text, to_text
from trendspark_cli.base.metrics import JOB_LAST_SUCCESS
from trendspark_cli.crontabs.timetable import Timetable
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.running.missed_runs import missed_runs
from trendspark_cli.running.pausing import pause_among
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.runs import JobRun, JobState

WATCHED = timedelta(hours=24)  # for missed and overlapping runs


class JobOverview(NamedTuple):
    """One job. `lateness_seconds`: how long its next run is overdue; `missed` and `overlapping`: runs within a day."""

    id: str
    paused: bool
    paused_by: str | None
    paused_since: str | None
    paused_reason: str | None
    schedule: str | None
    expected_interval_seconds: int | None
    next_run: str | None
    last_run: str | None
    last_status: str | None
    lateness_seconds: int | None
    failures: int
    last_success: str | None
    missed: int
    overlapping: int


def job_overview(store: Store, now: datetime, timetable: Timetable) -> list[JobOverview]:
    """Return what is to be seen of each job."""
    successes = {labels["job"]: value for labels, value in store.totals.all().get(JOB_LAST_SUCCESS.name, [])}
    missed = missed_runs(store, timetable, list(JOBS), now - WATCHED, now)
    overlaps = store.job_runs.overlaps(now - WATCHED)
    states = store.job_states.of(JOBS)
    newest = store.job_runs.last(JOBS)
    return [
        _overview(job_id, newest.get(job_id), states, now, timetable)._replace(
            last_success=to_text(from_epoch(successes[job_id])) if job_id in successes else None,
            missed=sum(found.runs for found in missed if found.job_id == job_id),
            overlapping=overlaps.get(job_id, 0),
        )
        for job_id in JOBS
    ]


def _overview(
    job_id: str, last: JobRun | None, states: Mapping[str, JobState], now: datetime, timetable: Timetable
) -> JobOverview:
    """Return what the rows of one job say, what is reckoned for all jobs at once aside."""
    pause = pause_among(states, job_id)
    following = timetable.next_run(job_id, now)
    interval = timetable.interval_seconds(job_id)
    due = timetable.expected_after(job_id, from_text(last.started_at)) if last is not None and interval else None
    return JobOverview(
        id=job_id,
        paused=pause.paused,
        paused_by=pause.by,
        paused_since=pause.since,
        paused_reason=pause.reason,
        schedule=timetable.text(job_id),
        expected_interval_seconds=interval or None,
        next_run=to_text(following) if following is not None and not pause.paused else None,
        last_run=last.started_at if last is not None else None,
        last_status=last.status if last is not None else None,
        lateness_seconds=max(0, round((now - due).total_seconds())) if due is not None else None,
        failures=states[job_id].failures,
        last_success=None,
        missed=0,
        overlapping=0,
    )
