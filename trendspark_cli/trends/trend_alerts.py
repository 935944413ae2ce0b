"""Queue what an operator must hear of a trend, in the transaction that changes it: opened, doubled, over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from trendspark_cli.alerts.trend_texts import closed_alert, grown_alert, opened_alert, picture_alert
from trendspark_cli.base.console import sparkline
from trendspark_cli.base.models import Alert
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, TopicStory
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.trends.trend_routes import TrendRoutes

Change = Literal["opened", "updated", "closed"]
CHANGES: tuple[Change, ...] = ("opened", "updated", "closed")

SLOTS = 8  # of the curve in a text: quarters of an hour
NO_POSTS = "·"  # a blank would be lost, or of another width
GROWTH = 2.0  # times the size that the last alert said


def queue_change(job: JobContext, change: Change, trend: AnyTrend, rules: LifecycleRules, routes: TrendRoutes) -> None:
    """Queue the alert of a change; that something grows which somebody called noise is no news."""
    if change == "updated" and rules.is_silenced(trend.id):
        return
    queue = {"opened": _queue_opened, "updated": _queue_grown, "closed": _queue_closed}[change]
    queue(job, trend, routes)


def _queue_opened(job: JobContext, trend: AnyTrend, routes: TrendRoutes) -> None:
    """Queue the one alert a trend opens with."""
    _open_in(job, trend, routes, job.store.notifications.channels)


def _open_in(job: JobContext, trend: AnyTrend, routes: TrendRoutes, channels: Sequence[str]) -> None:
    """Tell those of *channels* that the trend is for that it has opened."""
    posts = job.store.posts.by_ids(trend.story.example_ids)
    texts = [trend.label, *trend.story.terms, *(post.text for post in posts)]
    told = routes.channels_for(trend, texts, channels)
    alert = opened_alert(trend, posts, _bars(job, trend))
    if told and job.store.notifications.queue(alert, job.now, muted=routes.are_muted, channels=told):
        job.store.trends.set_alert(trend.stored_id, alert.dedupe_key, trend.story.size)
        job.count("alerts_queued")
        _queue_picture(job, trend, alert, routes, told)


def _queue_grown(job: JobContext, trend: AnyTrend, routes: TrendRoutes) -> None:
    """Queue a reply when a trend is twice as large as the last alert said; who waited for that hears that it opened."""
    key, last_size = job.store.trends.alert_of(trend.stored_id)
    if key is not None and trend.story.size >= GROWTH * last_size:
        alert = grown_alert(trend, key, last_size, _machine_label(job, trend), _bars(job, trend))
        if _queue_where_told(job, alert, key, routes):
            job.store.trends.set_alert(trend.stored_id, key, trend.story.size)
            job.count("alerts_queued")
            _queue_picture(job, trend, alert, routes, job.store.notifications.channels_of(key))
    if choosy := routes.are_choosy(job.store.notifications.channels):
        known = () if key is None else job.store.notifications.channels_of(key)
        if left := [channel for channel in choosy if channel not in known]:
            _open_in(job, trend, routes, left)


def _queue_closed(job: JobContext, trend: AnyTrend, routes: TrendRoutes) -> None:
    """Queue the edit that says a trend is over."""
    key, _ = job.store.trends.alert_of(trend.stored_id)
    if key is not None:
        _queue_where_told(job, closed_alert(trend, key, _machine_label(job, trend)), key, routes)


def _queue_where_told(job: JobContext, alert: Alert, key: str, routes: TrendRoutes) -> bool:
    """Queue what became of a trend where its opening, of this key, was told; tell whether it was new."""
    told = job.store.notifications.channels_of(key)
    return job.store.notifications.queue(alert, job.now, muted=routes.are_muted, channels=told)


def _queue_picture(
    job: JobContext, trend: AnyTrend, alert: Alert, routes: TrendRoutes, channels: Sequence[str]
) -> None:
    """Queue the plot of a topic after its alert: a row of its own, so that neither holds the other up."""
    pictured = [channel for channel in channels if channel in routes.pictures_in]
    if isinstance(trend.story, TopicStory) and pictured:
        job.store.notifications.queue(picture_alert(alert), job.now, muted=routes.are_muted, channels=pictured)


def _bars(job: JobContext, trend: AnyTrend) -> str:
    """Return the posts of a topic in its last two hours, by quarters; "" for a single post that goes viral."""
    if not isinstance(trend.story, TopicStory):
        return ""
    end = int(trend.last_seen.timestamp()) // TICK_SECONDS + 1
    since = (end - SLOTS) * TICK_SECONDS
    bars = sparkline(job.store.posts.mentions_per_slot(trend.stored_id, since, TICK_SECONDS, SLOTS))
    return bars.replace(" ", NO_POSTS)


def _machine_label(job: JobContext, trend: AnyTrend) -> str:
    """Return what a model called the trend, if one was asked."""
    brief = job.store.briefs.of_trend(trend.stored_id)
    return brief.label if brief is not None else ""
