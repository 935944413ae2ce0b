"""Queue what an operator must hear of a trend, in the transaction that changes it: opened, doubled, over."""

from __future__ import annotations

from typing import Literal

from trendspark_cli.alerts.trend_texts import closed_alert, grown_alert, opened_alert
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.running.job_context import JobContext

Change = Literal["opened", "updated", "closed"]
CHANGES: tuple[Change, ...] = ("opened", "updated", "closed")

GROWTH = 2.0  # times the size that the last alert said


def queue_change(job: JobContext, change: Change, trend: AnyTrend, rules: LifecycleRules, *, muted: bool) -> None:
    """Queue the alert of a change; that something grows which somebody called noise is no news."""
    if change == "updated" and rules.is_silenced(trend.id):
        return
    queue = {"opened": _queue_opened, "updated": _queue_grown, "closed": _queue_closed}[change]
    queue(job, trend, muted=muted)


def _queue_opened(job: JobContext, trend: AnyTrend, *, muted: bool) -> None:
    """Queue the one alert a trend opens with."""
    alert = opened_alert(trend, job.store.posts.by_ids(trend.story.example_ids))
    if job.store.notifications.queue(alert, job.now, muted=muted):
        job.store.trends.set_alert(trend.stored_id, alert.dedupe_key, trend.story.size)
        job.count("alerts_queued")


def _queue_grown(job: JobContext, trend: AnyTrend, *, muted: bool) -> None:
    """Queue a reply when a trend is twice as large as the last alert said."""
    key, last_size = job.store.trends.alert_of(trend.stored_id)
    if key is None or trend.story.size < GROWTH * last_size:
        return
    alert = grown_alert(trend, key, last_size, _machine_label(job, trend))
    if job.store.notifications.queue(alert, job.now, muted=muted):
        job.store.trends.set_alert(trend.stored_id, key, trend.story.size)
        job.count("alerts_queued")


def _queue_closed(job: JobContext, trend: AnyTrend, *, muted: bool) -> None:
    """Queue the edit that says a trend is over."""
    key, _ = job.store.trends.alert_of(trend.stored_id)
    if key is not None:
        alert = closed_alert(trend, key, _machine_label(job, trend))
        job.store.notifications.queue(alert, job.now, muted=muted)


def _machine_label(job: JobContext, trend: AnyTrend) -> str:
    """Return what a model called the trend, if one was asked."""
    brief = job.store.briefs.of_trend(trend.stored_id)
    return brief.label if brief is not None else ""
