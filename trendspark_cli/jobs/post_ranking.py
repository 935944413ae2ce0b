"""Trends that are single posts: opened when a forecast is rare, updated while the post grows, closed after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from trendspark_cli.job_context import JobContext
from trendspark_cli.jobs.post_forecasts import PostForecasting
from trendspark_cli.jobs.trend_alerts import Change, queue_change
from trendspark_cli.ranking.lifecycle import LifecycleRules, TrendState
from trendspark_cli.ranking.post_trends import Judged, PostTrend, closed_if_over, label_of, opened, seen_again
from trendspark_cli.trend_fields import post_trend_fields

MOST_OPENED = 3  # in one run: when more are rare at once, it is the source that has changed
ONE_LIFE_SECONDS = 48 * 3600  # as long as a post is watched: it opens once


def rank_posts(
    job: JobContext, rules: LifecycleRules, recency: timedelta, *, alerts_are_muted: bool
) -> list[dict[str, Any]]:
    """Learn from settled posts, judge those looked at since the last run; return the open trends of single posts."""
    forecasting = PostForecasting(job, rules.false_alarms_per_day)
    forecasting.learn()
    judged = forecasting.judge(job.now - recency)
    now = int(job.now.timestamp())
    living = {trend.post_id: trend for trend in job.store.trends.living_posts(_cooldown_start(job, rules))}
    changed = [*_updated(living, judged, now, rules), *_opened(job, living, judged, now, rules)]
    with job.transaction():
        for trend in changed:
            living[trend.post_id] = trend if job.dry_run else _saved(job, trend, rules, alerts_are_muted)
        if not job.dry_run:
            forecasting.pass_by()
    return [post_trend_fields(trend) for trend in living.values() if trend.state is TrendState.OPEN]


def _cooldown_start(job: JobContext, rules: LifecycleRules) -> datetime:
    """Return since when a trend keeps its author from opening another, and its post from opening twice."""
    return job.now - timedelta(seconds=max(rules.cooldown_seconds, ONE_LIFE_SECONDS))


def _updated(
    living: dict[int, PostTrend], judged: Sequence[Judged], now: int, rules: LifecycleRules
) -> list[PostTrend]:
    """Return the open trends that changed."""
    looked_at = {one.post_id: one for one in judged}
    changed = []
    for trend in living.values():
        if trend.state is not TrendState.OPEN:
            continue
        found = looked_at.get(trend.post_id)
        after = seen_again(trend, found, now, rules.threshold) if found is not None else trend
        after = closed_if_over(after, now, rules)
        if after != trend:
            changed.append(after)
    return changed


def _opened(
    job: JobContext, living: dict[int, PostTrend], judged: Sequence[Judged], now: int, rules: LifecycleRules
) -> list[PostTrend]:
    """Return new trends, the strongest first: one for each author and each text within the cooldown, few at once."""
    recent = [trend for trend in living.values() if now - trend.opened_at < rules.cooldown_seconds]
    busy = {(trend.source, trend.author) for trend in recent if trend.author is not None}
    said = {trend.label.casefold() for trend in recent}
    new: list[PostTrend] = []
    for one in sorted(judged, key=lambda one: -one.score(rules.threshold)):
        if len(new) == MOST_OPENED or one.score(rules.threshold) < rules.threshold:
            break
        if one.post_id in living or one.held_back_by(rules.threshold) or (one.source, one.author) in busy:
            continue
        label = label_of(job.store.posts.texts([one.post_id]).get(one.post_id, ""))
        if label.casefold() in said:
            continue
        said.add(label.casefold())
        if one.author is not None:
            busy.add((one.source, one.author))
        new.append(opened(one, label, now, rules.threshold))
    return new


def _saved(job: JobContext, trend: PostTrend, rules: LifecycleRules, muted: bool) -> PostTrend:
    """Store a trend, count it, and queue what an operator must hear of it."""
    saved = job.store.trends.save_post(trend, rules.threshold)
    change: Change = "opened" if trend.id is None else "closed" if trend.state is TrendState.CLOSED else "updated"
    queue_change(job, change, post_trend_fields(saved), rules, muted=muted)
    job.count(change)
    return saved
