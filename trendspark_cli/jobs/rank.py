"""`rank`: walk new posts into history, look for what is unusual now, and keep each trend's life."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from trendspark_cli.ranking.baseline.ticks import (
    LONGEST_WINDOW_SECONDS,
    TICK_SECONDS,
    WINDOW_TICKS,
    tick_of,
)
from trendspark_cli.ranking.bursts.spelling import name_topic
from trendspark_cli.ranking.bursts.tick_counts import TickCount
from trendspark_cli.ranking.bursts.topics import Topic, find_topics
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.lifecycle.curves import curves_of
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.topic_lifecycle import TrendChanges, advance_trends
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, TopicTrend, TrendState
from trendspark_cli.reports.trend_json import TrendJson, author_of_each, trend_json
from trendspark_cli.reports.trend_words import silence_text
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.running.server_clock import check_server_clock
from trendspark_cli.trends import history_rebuilding
from trendspark_cli.trends.baseline_updating import BaselineUpdating
from trendspark_cli.trends.interest import OperatorInterest, refresh_open
from trendspark_cli.trends.interest_learning import learn_interest
from trendspark_cli.trends.post_ranking import rank_posts
from trendspark_cli.trends.trend_alerts import CHANGES, queue_change
from trendspark_cli.trends.trend_curves import save_curve
from trendspark_cli.trends.trend_routes import TrendRoutes
from trendspark_cli.trends.volume_watching import rank_volumes
from trendspark_cli.trends.watched_volumes import LookedFor

log = logging.getLogger(__name__)


def rank_topics(
    job: JobContext,
    rules: LifecycleRules,
    recency: timedelta,
    *,
    top: int,
    routes: TrendRoutes,
    looked_for: LookedFor | None = None,
    rebuilt_posts: int = history_rebuilding.POSTS_PER_RUN,
) -> None:
    """Open, update and close trends as of now, and queue their alerts; the same data again change nothing.

    Ticks that ended longer ago than *recency* only become history: nobody wants yesterday's news as an alert. While the
    history is built anew, at most *rebuilt_posts* of it in a run, topics have to wait. Beside, the volume of what
    is *looked_for* is watched.
    """
    check_server_clock(job.store)
    baseline = BaselineUpdating(job)
    now_tick = tick_of(int(job.now.timestamp()))
    oldest_tick = now_tick - int(recency.total_seconds()) // TICK_SECONDS
    ranked = min(baseline.progress.ranked_tick, now_tick - 1)  # a clock that was ahead must not silence us until then
    ticks = range(max(ranked + 1, oldest_tick), now_tick + 1)
    since = (ticks.start + 1) * TICK_SECONDS - LONGEST_WINDOW_SECONDS
    history_rebuilding.begin(job, baseline, since)
    baseline.read_arrivals(since)
    history_rebuilding.go_on(job, baseline, since, rebuilt_posts)
    trends: list[AnyTrend] = []
    interest = OperatorInterest(job.store, rules.interest, job.now, rules.marks)
    if history_rebuilding.is_whole(baseline.progress):
        trends += _rank(job, baseline, rules, ticks, now_tick, routes=routes, interest=interest)
    elif found := history_rebuilding.rebuilding(job.store, job.now):
        log.info("%s", found.words)
        job.result["history"] = found.words
        trends += [trend for trend in job.store.trends.living(job.now) if trend.state is TrendState.OPEN]
    trends += rank_posts(job, rules, recency, routes=routes)
    trends += rank_volumes(job, looked_for, rules, recency, routes=routes)
    strongest = sorted(trends, key=lambda trend: -trend.order)[:top]
    job.result["trends"] = [_printed(job, one) for one in strongest]


def _rank(
    job: JobContext,
    baseline: BaselineUpdating,
    rules: LifecycleRules,
    ticks: range,
    now_tick: int,
    *,
    routes: TrendRoutes,
    interest: OperatorInterest,
) -> list[TopicTrend]:
    """Rank these ticks, the last of which still goes on; return the open trends."""
    since = (ticks.start + 1) * TICK_SECONDS - LONGEST_WINDOW_SECONDS
    window = baseline.window(since)
    job.count("posts_in_window", window.count_since(since))
    newest = job.store.posts.newest_created(job.now)
    job.result["silence"] = silence_text(newest, job.now, baseline.sources)
    living, changes = job.store.trends.living(job.now - rules.cooldown), TrendChanges()
    for tick in ticks:
        tick_end = (tick + 1) * TICK_SECONDS
        baseline.update_before(tick_end - LONGEST_WINDOW_SECONDS)
        topics = find_topics(
            window,
            tick_end,
            baseline.history,
            baseline.sources,
            threshold=rules.threshold,
            floor=rules.threshold / 2,
        )
        changes = advance_trends(living, _spelled(job, topics, rules.threshold), tick_end, rules)
        changes = _ordered(changes, interest)
        changed = {trend.id for trend in _all_of(changes)}
        going_on = [trend for trend in living if trend.state is TrendState.OPEN and trend.id not in changed]
        curves = _curves(job, [*_all_of(changes), *going_on], window, tick_end, baseline)
        # The tick that is still going on is ranked again by the next run.
        advance = partial(baseline.advance, ranked_tick=min(tick, now_tick - 1))
        saved = baseline.write(partial(_keep, job, changes, going_on, curves, advance, rules=rules, routes=routes))
        living = [trend for trend in living if trend.id not in {new.id for new in saved}] + saved
        for change in CHANGES:
            job.count(change, len(getattr(changes, change)))
    uncounted = {trend.id for trend in changes.uncounted}
    living = [_recounted(job, trend) if trend.id in uncounted else trend for trend in living]
    if learn_interest(job, is_daily=_sweep(job, baseline, now_tick)):
        interest = replace(interest)  # which asks the store anew
    open_ones = [trend for trend in living if trend.state is TrendState.OPEN]
    if job.dry_run or not (interest.is_asked or any(trend.interest for trend in open_ones)):
        return open_ones
    moved = refresh_open(interest)
    return [replace(trend, interest=moved.get(trend.stored_id, trend.interest)) for trend in open_ones]


def _ordered(changes: TrendChanges, interest: OperatorInterest) -> TrendChanges:
    """Return the changes with those that go on moved by what matters."""
    return changes._replace(
        opened=tuple(map(interest.moved, changes.opened)), updated=tuple(map(interest.moved, changes.updated))
    )


def _printed(job: JobContext, trend: AnyTrend) -> TrendJson:
    posts = job.store.posts.by_ids(trend.story.example_ids)
    return trend_json(trend, posts, names=job.store.authors.names(author_of_each(posts)))


def _spelled(job: JobContext, topics: list[Topic], threshold: float) -> list[Topic]:
    """Return the topics, those strong enough to open a trend labelled as their posts spell them."""
    texts = job.store.posts.texts
    return [
        name_topic(topic, texts([*topic.post_ids, *topic.named_by])) if topic.score >= threshold else topic
        for topic in topics
    ]


def _all_of(changes: TrendChanges) -> list[TopicTrend]:
    """Return the trends that a tick changed, in the order in which they are saved."""
    return [trend for change in CHANGES for trend in getattr(changes, change)]


def _curves(
    job: JobContext, trends: Sequence[TopicTrend], window: Window, tick_end: int, baseline: BaselineUpdating
) -> list[list[TickCount]]:
    """Return what is to be stored of each trend's curve: nothing in a dry run."""
    return [] if job.dry_run else curves_of(trends, window, tick_end, baseline.history, baseline.sources)


def _keep(
    job: JobContext,
    changes: TrendChanges,
    going_on: Sequence[TopicTrend],
    curves: Sequence[Sequence[TickCount]],
    advance: Callable[[], None],
    *,
    rules: LifecycleRules,
    routes: TrendRoutes,
) -> list[TopicTrend]:
    """Store what a tick changed, the curves of these trends and of those that go on, and that it was ranked."""
    saved = _save(job, changes, rules, routes=routes)
    for trend, curve in zip([*saved, *going_on], curves, strict=False):
        save_curve(job, trend.stored_id, curve)
    advance()
    return saved


def _save(job: JobContext, changes: TrendChanges, rules: LifecycleRules, *, routes: TrendRoutes) -> list[TopicTrend]:
    """Store what changed, and queue their alerts in the same transaction."""
    saved: list[TopicTrend] = []
    for change in CHANGES:
        for trend in getattr(changes, change):
            if change == "opened":
                trend = replace(trend, detected_at=job.now)
            if not job.dry_run:
                trend = job.store.trends.save(trend)
                queue_change(job, change, trend, rules, routes)
            saved.append(trend)
    return saved


def _recounted(job: JobContext, trend: TopicTrend) -> TopicTrend:
    """Return a trend with its posts of now, in a window as long as that of its peak."""
    posts = job.store.trends.posts_since(trend.stored_id, job.now - trend.story.window)
    if posts == trend.posts_now:
        return trend
    trend = replace(trend, posts_now=posts)
    if job.dry_run:
        return trend
    return job.write(partial(job.store.trends.save, trend))


def _sweep(job: JobContext, baseline: BaselineUpdating, now_tick: int) -> bool:
    """Once a day, forget terms that have faded; return whether it was time.

    The day is that of the history: a clock that is a month ahead for a moment must not have everything forgotten.
    """
    newest = max((state.last_tick for state in baseline.sources.values()), default=0)
    tick = min(now_tick, newest + WINDOW_TICKS[-1])
    forgotten = baseline.forget_faint(tick)
    if forgotten is not None:
        job.count("terms_forgotten", forgotten)
    return forgotten is not None
