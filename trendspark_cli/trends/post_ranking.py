"""Trends that are single posts: opened when a forecast is rare, updated while the post grows, closed after."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import PostTrend, TrendState
from trendspark_cli.ranking.posts.post_lifecycle import advance_posts, remembered_for
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.trends.post_forecasts import PostForecasting
from trendspark_cli.trends.trend_alerts import Change, queue_change
from trendspark_cli.trends.trend_curves import save_post_curve
from trendspark_cli.trends.trend_routes import TrendRoutes


def rank_posts(job: JobContext, rules: LifecycleRules, recency: timedelta, *, routes: TrendRoutes) -> list[PostTrend]:
    """Return the open trends of single posts, after learning from mature posts and judging what was observed since."""
    forecasting = PostForecasting(job, rules.false_alarms_per_day)
    forecasting.learn()
    judged = forecasting.judge(job.now - recency)
    now = int(job.now.timestamp())
    remembered = job.now - remembered_for(rules)
    living = {trend.story.post_id: trend for trend in job.store.trends.living_posts(remembered)}
    changed = advance_posts(
        living, judged, now, rules, lambda post_id: job.store.posts.texts([post_id]).get(post_id, "")
    )

    def keep() -> None:
        for trend in changed:
            living[trend.story.post_id] = trend if job.dry_run else _saved(job, trend, rules, routes)
        if not job.dry_run:
            forecasting.pass_by()

    forecasting.write(keep)
    return [trend for trend in living.values() if trend.state is TrendState.OPEN]


def _saved(job: JobContext, trend: PostTrend, rules: LifecycleRules, routes: TrendRoutes) -> PostTrend:
    """Store a trend, count it, and queue its alert."""
    saved = job.store.trends.save(trend if trend.id is not None else replace(trend, detected_at=job.now))
    save_post_curve(job, saved)
    change: Change = "opened" if trend.id is None else "closed" if trend.state is TrendState.CLOSED else "updated"
    queue_change(job, change, saved, rules, routes)
    job.count(change)
    return saved
