"""`rank`: walk new posts into history, look for what is unusual now, and keep each trend's life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trendspark_cli.job_context import JobContext
from trendspark_cli.jobs.history_folding import HistoryFolding
from trendspark_cli.ranking.lifecycle import LifecycleRules, TrendRecord, advance_trends
from trendspark_cli.ranking.ticks import LONGEST_WINDOW_SECONDS, TICK_SECONDS, TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.topics import Topic, find_topics, spell_topic
from trendspark_cli.ranking.window import Window
from trendspark_cli.trend_fields import trend_fields, trend_json


def rank_topics(job: JobContext, rules: LifecycleRules, recency: timedelta, *, top: int) -> None:
    """Open, update and close trends as of now; the same data again change nothing.

    Ticks that ended longer ago than *recency* only become history: nobody wants yesterday's news as an alert.
    """
    folding = HistoryFolding(job)
    folding.look_at_arrivals()
    now_tick = tick_of(int(job.now.timestamp()))
    oldest_tick = now_tick - int(recency.total_seconds()) // TICK_SECONDS
    ticks = range(max(folding.progress.ranked_tick + 1, oldest_tick), now_tick + 1)
    window = _read_window(job, ticks, folding.progress.seen_post_id)
    living = job.store.trends.living(job.now - timedelta(seconds=rules.cooldown_seconds))
    for tick in ticks:
        tick_end = (tick + 1) * TICK_SECONDS
        folding.fold_before(tick_end - LONGEST_WINDOW_SECONDS)
        topics = find_topics(
            window,
            tick_end,
            folding.history,
            folding.sources,
            threshold=rules.threshold,
            floor=rules.threshold / 2,
        )
        changes = advance_trends(living, _spelled(job, topics, rules.threshold), tick_end, rules)
        changed = (*changes.opened, *changes.updated, *changes.closed)
        with job.transaction():
            saved = [_save(job, trend, rules.threshold) for trend in changed]
            # The tick that is still going on is looked at again by the next run.
            folding.advance(ranked_tick=min(tick, now_tick - 1))
        living = [trend for trend in living if trend.id not in {new.id for new in saved}] + saved
        for name in ("opened", "updated", "closed"):
            job.count(name, len(getattr(changes, name)))
    _sweep(job, folding, now_tick)
    job.result["trends"] = [_shown(job, trend) for trend in _strongest(living)[:top]]


def _read_window(job: JobContext, ticks: range, seen_post_id: int) -> Window:
    """Return the posts of every window that ends at one of *ticks*."""
    window = Window()
    if ticks:
        since, until = (ticks[0] + 1) * TICK_SECONDS - LONGEST_WINDOW_SECONDS, int(job.now.timestamp()) + 1
        job.count("posts_in_window", window.add(job.store.posts.window(since, until, seen_post_id)))
    return window


def _spelled(job: JobContext, topics: list[Topic], threshold: float) -> list[Topic]:
    """Return the topics, those strong enough to open a trend labelled as their posts spell them."""
    return [
        spell_topic(topic, job.store.posts.texts(topic.post_ids)) if topic.score >= threshold else topic
        for topic in topics
    ]


def _save(job: JobContext, trend: TrendRecord, threshold: float) -> TrendRecord:
    return trend if job.dry_run else job.store.trends.save(trend, threshold)


def _sweep(job: JobContext, folding: HistoryFolding, now_tick: int) -> None:
    """Once a day, forget terms that have faded."""
    if job.dry_run or now_tick - folding.progress.swept_tick < TICKS_PER_DAY:
        return
    job.count("terms_forgotten", job.store.ranking.drop_faint(now_tick))
    with job.transaction():
        folding.advance(swept_tick=now_tick)


def _strongest(trends: list[TrendRecord]) -> list[TrendRecord]:
    return sorted((trend for trend in trends if trend.state.value == "open"), key=lambda trend: -trend.score)


def _shown(job: JobContext, trend: TrendRecord) -> dict[str, Any]:
    return trend_json(trend_fields(trend), job.store.posts.by_ids(trend.example_ids))
