"""Failures of one job in a row: an alert when there are too many, a recovery message when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from trendspark_cli.clock import from_text, to_text
from trendspark_cli.models import Alert
from trendspark_cli.store.protocol import Store

FAILURES = ("partial", "error", "timeout", "abandoned")
NEUTRAL = ("skipped", "interrupted")  # say nothing about whether the job works
WITHOUT_STREAK = ("ingest_rank",)  # its steps have their own: one fault, one alert


def note_outcome(
    store: Store,
    job_id: str,
    run_id: int | None,
    status: str,
    message: str | None,
    now: datetime,
    *,
    threshold: int,
    muted: bool,
) -> None:
    """Count a run towards its job's streak and queue what the operator must hear; call inside a transaction."""
    state = store.job_states.get(job_id)
    if job_id in WITHOUT_STREAK or status in NEUTRAL or (status not in FAILURES and state.failures == 0):
        return
    if status in FAILURES:
        failing_since = state.failing_since or to_text(now)
        state = replace(state, failures=state.failures + 1, failing_since=failing_since)
        if state.failures >= threshold and state.alert_key is None:
            state = replace(state, alert_key=f"job_alert:{job_id}:{failing_since}")
            assert state.alert_key is not None
            body = f"{job_id} failed {state.failures} times in a row. Last (run {run_id}): {message or status}"
            store.notifications.queue(Alert(state.alert_key, "job_alert", body), now, muted=muted)
    else:
        if state.alert_key is not None:
            assert state.failing_since is not None
            lasted = now - from_text(state.failing_since)
            body = f"{job_id} works again: resolved after {_words(lasted)}, {state.failures} failures"
            store.notifications.queue(Alert(f"{state.alert_key}:resolved", "job_alert", body), now, muted=muted)
        state = replace(state, failures=0, failing_since=None, alert_key=None)
    store.job_states.save(state)


def _words(duration: timedelta) -> str:
    minutes = round(duration.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
