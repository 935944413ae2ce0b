"""Server errors of one service within minutes: an alert that names the endpoint, and resolves by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trendspark_cli.alerts.alert_texts import api_alert, recovered_alert
from trendspark_cli.alerts.failure_streaks import OpsAlertRules
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.outbox import Incident

PREFIX = "api:"


def note_api_errors(store: Store, now: datetime, rules: OpsAlertRules) -> None:
    """Open, count and resolve incidents from the calls on record; call inside a transaction.

    Everything is in the database, so five errors of five processes are five errors.
    """
    worst: dict[str, _Errors] = {}
    for found in store.incidents.api_errors(now - rules.api_error_window):
        errors = worst.setdefault(found.service, _Errors(found.endpoint, found.status))
        errors.count += found.failures
    known = {incident.key: incident for incident in store.incidents.open_ones(PREFIX)}
    for service, errors in worst.items():
        if errors.count >= rules.api_error_threshold:
            incident = known.pop(PREFIX + service, Incident(PREFIX + service, to_text(now)))
            incident = incident._replace(failures=max(incident.failures, errors.count), last_seen_at=to_text(now))
            store.incidents.save(_alerted(store, incident, service, errors, now, rules))
    for incident in known.values():
        _resolve(store, incident, now, rules)


@dataclass
class _Errors:
    """The errors of one service; endpoint and status are those of its worst endpoint."""

    endpoint: str
    status: int | None
    count: int = 0


def _alerted(
    store: Store, incident: Incident, service: str, errors: _Errors, now: datetime, rules: OpsAlertRules
) -> Incident:
    """Queue the incident's alert once; a new incident of the same service waits out the cooldown of the last."""
    if incident.alerted_at is not None or not store.notice_after(f"api_alert:{service}", now, rules.cooldown):
        return incident
    key = f"api_alert:{service}:{incident.opened_at}"
    seconds = int(rules.api_error_window.total_seconds())
    alert = api_alert(key, service, errors.endpoint, errors.count, errors.status, seconds)
    store.notifications.queue(alert, now, muted=rules.are_muted)
    return incident._replace(alerted_at=to_text(now))


def _resolve(store: Store, incident: Incident, now: datetime, rules: OpsAlertRules) -> None:
    if incident.alerted_at is not None:
        service = incident.key.removeprefix(PREFIX)
        lasted = max(timedelta(0), now - from_text(incident.opened_at))
        key = f"api_alert:{service}:{incident.opened_at}"
        alert = recovered_alert(key, "api_alert", f"{service} answers again", lasted, incident.failures)
        store.notifications.queue(alert, now, muted=rules.are_muted)
    store.incidents.close(incident.key)
