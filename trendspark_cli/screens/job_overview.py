"""Each job at a glance: for `jobs list` and `health`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from trendspark_cli.app.job_bodies import RUNNABLE
from trendspark_cli.base.clock import from_epoch, from_text, to_text
from trendspark_cli.crontabs.timetable import Timetable
from trendspark_cli.running.missed_runs import Missed, missed_runs
from trendspark_cli.running.pausing import pause_of
from trendspark_cli.store.protocol import Store

WATCHED = timedelta(hours=24)  # for missed and overlapping runs


def job_overview(store: Store, now: datetime, timetable: Timetable) -> list[dict[str, Any]]:
    """Return one dict per job; `lateness_seconds` is how long its next run is overdue."""
    successes = {
        labels["job"]: value
        for labels, value in store.totals.all().get("trendspark_job_last_success_timestamp_seconds", [])
    }
    missed = missed_runs(store, timetable, list(RUNNABLE), now - WATCHED, now)
    overlaps = store.job_runs.overlaps(now - WATCHED)
    return [
        {
            **_overview(store, job_id, now, timetable),
            "last_success": to_text(from_epoch(successes[job_id])) if job_id in successes else None,
            **_irregular(job_id, missed, overlaps),
        }
        for job_id in RUNNABLE
    ]


def _overview(store: Store, job_id: str, now: datetime, timetable: Timetable) -> dict[str, Any]:
    last = store.job_runs.last(job_id)
    state, pause = store.job_states.get(job_id), pause_of(store, job_id)
    following = timetable.next_run(job_id, now)
    interval = timetable.interval_seconds(job_id)
    due = timetable.next_run(job_id, from_text(last.started_at)) if last is not None and interval else None
    return {
        "id": job_id,
        "paused": pause.paused,
        "paused_by": pause.by,
        "paused_since": pause.since,
        "paused_reason": pause.reason,
        "schedule": timetable.text(job_id),
        "expected_interval_seconds": interval or None,
        "next_run": to_text(following) if following is not None and not pause.paused else None,
        "last_run": last.started_at if last is not None else None,
        "last_status": last.status if last is not None else None,
        "lateness_seconds": max(0, round((now - due).total_seconds())) if due is not None else None,
        "failures": state.failures,
    }


def _irregular(job_id: str, missed: Sequence[Missed], overlaps: Mapping[str, int]) -> dict[str, int]:
    """Return how many runs were missed, and how many found the one before at work, within a day."""
    return {
        "missed": sum(found.runs for found in missed if found.job_id == job_id),
        "overlapping": overlaps.get(job_id, 0),
    }
