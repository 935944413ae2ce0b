"""Each job at a glance: for `jobs list` and `health`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trendspark_cli.clock import from_epoch, from_text, to_text
from trendspark_cli.jobs.command_bodies import RUNNABLE
from trendspark_cli.pausing import is_paused
from trendspark_cli.schedules import BY_JOB, next_run
from trendspark_cli.store.protocol import Store


def job_overview(store: Store, now: datetime) -> list[dict[str, Any]]:
    """Return one dict per job; `lateness_seconds` is how long its next run is overdue."""
    successes = {
        labels["job"]: value
        for labels, value in store.totals.all().get("trendspark_job_last_success_timestamp_seconds", [])
    }
    return [_overview(store, job_id, successes.get(job_id), now) for job_id in RUNNABLE]


def _overview(store: Store, job_id: str, last_success: float | None, now: datetime) -> dict[str, Any]:
    last = store.job_runs.last(job_id)
    state = store.job_states.get(job_id)
    paused = is_paused(store, job_id)
    schedule = BY_JOB.get(job_id)
    due = next_run(job_id, from_text(last.started_at)) if last is not None else None
    following = next_run(job_id, now)
    return {
        "id": job_id,
        "paused": paused,
        "schedule": schedule.cron if schedule is not None and schedule.is_scheduled else None,
        "next_run": to_text(following) if following is not None and not paused else None,
        "last_run": last.started_at if last is not None else None,
        "last_status": last.status if last is not None else None,
        "last_success": to_text(from_epoch(last_success)) if last_success is not None else None,
        "lateness_seconds": max(0, round((now - due).total_seconds())) if due is not None else None,
        "failures": state.failures,
    }
