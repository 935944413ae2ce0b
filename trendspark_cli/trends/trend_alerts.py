"""Queue what an operator must hear of a trend, in the transaction that changes it: opened, doubled, over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from trendspark_cli.alerts.alert_texts import closed_alert, grown_alert, opened_alert
from trendspark_cli.base.clock import from_text
from trendspark_cli.ranking.lifecycle.topic_lifecycle import LifecycleRules
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.trend_fields import size_of

Change = Literal["opened", "updated", "closed"]
CHANGES: tuple[Change, ...] = ("opened", "updated", "closed")

GROWTH = 2.0  # times what the last alert told


def queue_change(
    job: JobContext, change: Change, fields: dict[str, Any], rules: LifecycleRules, *, muted: bool
) -> None:
    """Queue what is to be told of a change; that something grows which somebody called noise is not."""
    if change == "updated" and rules.is_silenced(fields["id"]):
        return
    queue = {"opened": _queue_opened, "updated": _queue_grown, "closed": _queue_closed}[change]
    queue(job, fields, muted=muted)


def _queue_opened(job: JobContext, fields: dict[str, Any], *, muted: bool) -> None:
    """Queue the one alert a trend opens with."""
    alert = opened_alert(fields, job.store.posts.by_ids(fields["examples"]))
    if job.store.notifications.queue(alert, job.now, muted=muted):
        job.store.trends.set_alert(fields["id"], alert.dedupe_key, size_of(fields))
        job.count("alerts_queued")


def _queue_grown(job: JobContext, fields: dict[str, Any], *, muted: bool) -> None:
    """Queue a reply when a trend holds twice the posts the operator was last told of."""
    key, told = job.store.trends.alert_of(fields["id"])
    if key is None or size_of(fields) < GROWTH * told:
        return
    if job.store.notifications.queue(grown_alert(fields, key, told, _machine_label(job, fields)), job.now, muted=muted):
        job.store.trends.set_alert(fields["id"], key, size_of(fields))
        job.count("alerts_queued")


def _queue_closed(job: JobContext, fields: dict[str, Any], *, muted: bool) -> None:
    """Queue the edit that tells a trend is over."""
    key, _ = job.store.trends.alert_of(fields["id"])
    if key is not None:
        lasted: timedelta = from_text(fields["last_strong_at"]) - from_text(fields["first_seen"])
        alert = closed_alert(fields, key, lasted, _machine_label(job, fields))
        job.store.notifications.queue(alert, job.now, muted=muted)


def _machine_label(job: JobContext, fields: dict[str, Any]) -> str:
    """Return what a model called the trend, if one was asked."""
    brief = job.store.briefs.of_trend(fields["id"])
    return brief.label if brief is not None else ""
