"""Failures of one job in a row: an alert when there are too many, a recovery message when it is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from trendspark_cli.alerts.alert_texts import failing_alert, recovered_alert
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.kinds.jobs import kind_of
from trendspark_cli.store.protocol import Store


class OpsAlertRules(NamedTuple):
    """When operations alerts are queued, from the settings."""

    failure_threshold: int
    api_error_threshold: int
    api_error_window: timedelta
    cooldown: timedelta
    are_muted: bool


FAILURES = ("partial", "error", "timeout", "abandoned")
NEUTRAL = ("skipped", "interrupted")  # say nothing about whether the job works


def note_outcome(
    store: Store,
    job_id: str,
    run_id: int | None,
    status: str,
    message: str | None,
    now: datetime,
    rules: OpsAlertRules,
) -> None:
    """Count a run towards its job's streak and queue what the operator must hear; call inside a transaction."""
    state = store.job_states.get(job_id)
    kind = kind_of(job_id)
    has_none = bool(kind.steps) or kind.is_a_try  # steps have their own: one fault, one alert
    if has_none or status in NEUTRAL or (status not in FAILURES and state.failures == 0):
        return
    if status in FAILURES:
        failing_since = state.failing_since or to_text(now)
        state = state._replace(failures=state.failures + 1, failing_since=failing_since)
        is_due = state.failures >= rules.failure_threshold and state.alert_key is None
        if is_due and store.notice_after(f"job_alert:{job_id}", now, rules.cooldown):
            key = f"job_alert:{job_id}:{failing_since}"
            state = state._replace(alert_key=key)
            alert = failing_alert(key, job_id, state.failures, run_id, message or status)
            store.notifications.queue(alert, now, muted=rules.are_muted)
    else:
        if state.alert_key is not None:
            lasted = max(timedelta(0), now - from_text(state.failing_since or to_text(now)))
            alert = recovered_alert(state.alert_key, "job_alert", job_id, lasted, state.failures)
            store.notifications.queue(alert, now, muted=rules.are_muted)
        state = state._replace(failures=0, failing_since=None, alert_key=None)
    store.job_states.save(state)
