"""What is told of a trend's posts: now, at the peak and in all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOW, post, topic_trend
from trendspark_cli.base.clock import to_text
from trendspark_cli.ranking.lifecycle.trends import TopicTrend, TrendState
from trendspark_cli.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.every_store


def stored(store: SqliteStore, posts: int) -> TopicTrend:
    """Store a trend of so many posts, one a minute until now."""
    made = [post(str(n), created_at=to_text(NOW - timedelta(minutes=n))) for n in range(posts)]
    with store.transaction():
        store.posts.save(made, NOW)
        ids = tuple(range(1, posts + 1))
        return store.trends.save(replace(topic_trend(NOW, post_ids=ids), posts_now=3, posts_peak=4, posts_total=4))


def test_all_posts_of_a_trend_count_in_its_total(store: SqliteStore) -> None:
    assert stored(store, 9).posts_total == 9


def test_posts_that_left_the_database_stay_in_the_total(store: SqliteStore) -> None:
    trend = stored(store, 9)
    with store.transaction():
        store.connection.execute("DELETE FROM posts WHERE id <= 5")

        again = store.trends.save(replace(trend, posts_total=4))

    assert again.posts_total == 9


def test_posts_of_a_trend_are_counted_since_a_time(store: SqliteStore) -> None:
    trend = stored(store, 9)

    assert store.trends.posts_since(trend.stored_id, NOW - timedelta(minutes=3)) == 3


def test_a_trend_that_is_over_has_no_posts_now(store: SqliteStore) -> None:
    trend = stored(store, 9)
    with store.transaction():
        store.trends.save(replace(trend, state=TrendState.CLOSED, closed_at=NOW))

    found = store.trends.get(trend.stored_id)

    assert found is not None
    assert (found.posts_now, found.posts_peak, found.posts_total) == (0, 4, 9)
