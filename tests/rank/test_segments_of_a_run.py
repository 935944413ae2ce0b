"""What `rank` keeps of recent posts: written once, safe against kills, dropped when history has the posts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from tests.ingest.operator import Operator
from tests.rank.test_rank_job import NOW, TICK, burst, visible, write_posts
from tests.ranking.streams import background, post, said
from tests.tools.term_history import terms_of
from trendspark_cli.jobs.rank import rank_topics
from trendspark_cli.ranking.baseline.baseline_posts import LeavingPlace
from trendspark_cli.ranking.text.keys import term_key
from trendspark_cli.running.job_context import JobContext, Result
from trendspark_cli.store.sqlite.store import SqliteStore
from trendspark_cli.store.tables.posts import Posts
from trendspark_cli.trends.rank_rules import Experience, lifecycle_rules
from trendspark_cli.trends.trend_routes import TrendRoutes

QUARTERS_OF_TWO_DAYS = 2 * 96


class Killed(BaseException):
    """The process is gone."""


@dataclass
class KilledJob(JobContext):
    """A job that dies at the end of one of its transactions, before the commit."""

    transactions_to_live: int = 0

    def write(self, work: Callable[[], Result]) -> Result:
        """Return what *work* returns."""

        def short_lived() -> Result:
            result = work()
            self.transactions_to_live -= 1
            if self.transactions_to_live < 0:
                raise Killed
            return result

        return super().write(short_lived)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """An operator whose last run is over, with a burst and many late posts since."""
    here = Operator(tmp_path / "home", now=NOW)
    quiet = background(TICK - QUARTERS_OF_TWO_DAYS, QUARTERS_OF_TWO_DAYS, 2)
    here.ingest(file=str(write_posts(tmp_path / "quiet.ndjson", quiet)))
    here.rank()
    here.later(minutes=15)
    late = said("forgotten words", 120, int((NOW - timedelta(hours=30)).timestamp()))
    here.ingest(file=str(write_posts(tmp_path / "late.ndjson", late)))
    burst(here, ends=here.now)
    return here


def rank_until_killed(operator: Operator, transactions: int) -> bool:
    """Rank with so many transactions to live; tell whether it was killed."""
    settings, store = operator.installation().settings, operator.store()
    job = KilledJob(store, operator.now, transactions_to_live=transactions)
    try:
        rank_topics(
            job,
            lifecycle_rules(settings, Experience()),
            settings.alert_recency,
            top=20,
            routes=TrendRoutes(are_muted=True),
        )
    except Killed:
        return True
    finally:
        store.close()
    return False


class VanishingPosts:
    """The posts of a store, of those that leave the first and the last are deleted before anybody reads them."""

    def __init__(self, store: SqliteStore) -> None:
        self._store, self._posts = store, store.posts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._posts, name)

    def leaving_places(self, *arguments: Any) -> list[LeavingPlace]:
        """Return posts, and delete two of them."""
        found = self._posts.leaving_places(*arguments)
        with self._store.transaction():
            for place in (*found[:1], *found[-1:]):
                self._store.connection.execute("DELETE FROM posts WHERE id = ?", (place.id,))
        return found


def test_posts_that_are_deleted_as_they_leave_are_in_no_history_and_stop_no_run(tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=NOW)
    old = int((NOW - timedelta(days=2)).timestamp())
    rows = [post(f"word{number}", old + number) for number in range(5)]
    here.ingest(file=str(write_posts(tmp_path / "old.ndjson", rows)))
    settings, store = here.installation().settings, here.store()
    store.posts = cast(Posts, VanishingPosts(store))
    rules = lifecycle_rules(settings, Experience())

    routes = TrendRoutes(are_muted=True)
    rank_topics(JobContext(store, NOW, 1), rules, settings.alert_recency, top=20, routes=routes)

    store.close()
    known = terms_of(here)
    assert [term_key(f"word{number}") in known for number in range(5)] == [False, True, True, True, False]


def ids_in_segments(operator: Operator) -> list[int]:
    """The ids of the posts in all segments."""
    store = operator.store()
    found = [number for segment in store.ranking.segments(0) for number in segment.ids.tolist()]
    store.close()
    return sorted(found)


@pytest.mark.only_sqlite
def test_a_run_killed_anywhere_and_run_again_equals_an_undisturbed_one(tmp_path: Path, operator: Operator) -> None:
    undisturbed = Operator(tmp_path / "undisturbed", now=operator.now)
    shutil.copy(operator.database, undisturbed.database)
    undisturbed.rank()

    killed = [True]
    while killed[-1]:
        again = Operator(tmp_path / f"killed{len(killed)}", now=operator.now)
        shutil.copy(operator.database, again.database)
        killed.append(rank_until_killed(again, len(killed) - 1))
        again.rank()

        assert visible(again) == visible(undisturbed)
        assert ids_in_segments(again) == ids_in_segments(undisturbed)
    assert len(killed) > 8
    assert len(undisturbed.rows("SELECT id FROM trends")) == 1


def test_each_post_of_the_window_is_read_once(operator: Operator) -> None:
    operator.rank()
    before = operator.rows("SELECT * FROM ranking_segments ORDER BY id")

    operator.rank()

    assert operator.rows("SELECT * FROM ranking_segments ORDER BY id") == before
    assert len(ids_in_segments(operator)) == len(set(ids_in_segments(operator)))


def test_posts_older_than_the_window_are_in_no_segment(operator: Operator) -> None:
    operator.rank()

    late = operator.rows("SELECT id FROM posts WHERE text LIKE 'forgotten words%'")
    assert not {row["id"] for row in late} & set(ids_in_segments(operator))


def test_a_post_from_the_far_future_is_in_no_segment(operator: Operator) -> None:
    rows = said("time machine", 3, int((NOW + timedelta(days=400)).timestamp()))
    operator.ingest(file=str(write_posts(operator.home / "future.ndjson", rows)))

    operator.rank()

    odd = operator.rows("SELECT id FROM posts WHERE text LIKE 'time machine%'")
    assert not {row["id"] for row in odd} & set(ids_in_segments(operator))


def test_segments_are_dropped_when_history_has_their_posts(operator: Operator) -> None:
    operator.rank()
    assert ids_in_segments(operator)
    operator.later(hours=9)

    operator.rank()

    assert ids_in_segments(operator) == []


def test_segments_take_about_a_hundred_bytes_a_post(operator: Operator) -> None:
    operator.rank()

    [size] = operator.rows(
        "SELECT sum(length(post_ids) + length(created) + length(authors) + length(words) + length(sources)"
        " + length(codes)) AS bytes FROM ranking_segments"
    )
    assert size["bytes"] < 150 * len(ids_in_segments(operator))


def test_a_post_is_ranked_by_the_text_it_was_first_seen_with(operator: Operator) -> None:
    operator.rank()
    store = operator.store()
    with store.transaction():
        store.connection.execute("UPDATE posts SET text = 'glacier retreat' WHERE text LIKE 'volcano%' AND id % 2 = 1")
    store.close()
    operator.later(minutes=1)

    operator.rank()

    assert [row["label"] for row in operator.rows("SELECT label FROM trends")] == ["volcano eruption"]
