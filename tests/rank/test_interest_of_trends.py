"""What matters to an operator, on a real database: learned by `rank`, shown before it is kept, followed by lists."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOW, post, topic_trend
from tests.ingest.operator import Operator
from tests.installation import move_in
from tests.ranking.test_interest import FIELDS, PLACES, rows
from trendspark_cli.archiving.forgetting import forget
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Profile
from trendspark_cli.jobs.rank import rank_topics
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.archives import Tombstone
from trendspark_cli.store.rows.trends import KeptVectors
from trendspark_cli.store.sqlite.store import SqliteStore
from trendspark_cli.trends.interest import OperatorInterest, moves, refresh_open
from trendspark_cli.trends.rank_rules import experience, lifecycle_rules
from trendspark_cli.trends.trend_routes import TrendRoutes
from trendspark_cli.trends.verdicts import keep_verdict

POSTS_OF_TREND = 4


def of_field(number: int) -> str:
    return FIELDS[number % len(FIELDS)]


@pytest.fixture(scope="module")
def experienced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An operator with ten days of posts of 48 communities, and two dozen trends of four fields."""
    here = Operator(tmp_path_factory.mktemp("interest") / "home", now=NOW)
    begin = NOW - timedelta(days=10)
    posts = [
        post(
            str(row.id),
            source="reddit",
            text=row.text,
            community=row.community,
            author=f"t2_{row.id}",
            created_at=to_text(begin + timedelta(minutes=7 * row.id)),
        )
        for row in rows()
    ]
    with closing(here.store()) as store:
        for start in range(0, len(posts), 1000):
            with store.transaction():
                store.posts.save(posts[start : start + 1000], NOW)
        with store.transaction():
            for number in range(6 * len(FIELDS)):
                place = (number % len(FIELDS)) + len(FIELDS) * (number % PLACES)
                ids = tuple(range(place * 40 + 1, place * 40 + 1 + POSTS_OF_TREND))
                trend = topic_trend(
                    NOW - timedelta(minutes=10 * number),
                    terms=(f"{of_field(number)}{number}",),
                    post_ids=ids,
                    example_ids=ids[:3],
                )
                store.trends.save(trend)
    assert here.rank().exit_code == 0
    return here.home


@pytest.fixture
def operator(experienced: Path, tmp_path: Path) -> Operator:
    move_in(experienced, tmp_path / "home")
    return Operator(tmp_path / "home", now=NOW)


def interest_of(store: SqliteStore, *names: str) -> OperatorInterest:
    return OperatorInterest(store, (names,) if names else (), NOW)


def fields_listed(store: SqliteStore) -> list[str]:
    """The fields of all trends in the order of lists."""
    return [of_field(trend.stored_id - 1) for trend in store.trends.listing(100)]


def mark_all(operator: Operator, good: str) -> None:
    """Somebody marks the first sixteen trends: those of one field are good."""
    with closing(operator.store()) as store, store.transaction():
        for number in range(16):
            keep_verdict(store, number + 1, "good" if of_field(number) == good else "noise", "", NOW, "ann")


def test_rank_learns_at_once_where_nothing_was_learned(operator: Operator) -> None:
    with closing(operator.store()) as store:
        kept = store.interest.last()

    assert kept is not None
    assert (kept.posts, kept.learned_at) == (1920, int(NOW.timestamp()))
    assert len(kept.vectors) > 2000


def test_what_is_named_orders_open_trends(operator: Operator) -> None:
    with closing(operator.store()) as store:
        refresh_open(interest_of(store, "r/recipeers2"))

        assert fields_listed(store)[:6] == ["recipe"] * 6


def test_what_is_named_no_more_orders_nothing(operator: Operator) -> None:
    with closing(operator.store()) as store:
        refresh_open(interest_of(store, "r/recipeers2"))
        refresh_open(interest_of(store))

        assert {trend.interest for trend in store.trends.listing(100)} == {0.0}


def test_marks_order_open_trends_like_them(operator: Operator) -> None:
    mark_all(operator, "guitar")

    with closing(operator.store()) as store:
        refresh_open(interest_of(store))

        assert fields_listed(store)[:6] == ["guitar"] * 6


def test_rank_follows_the_setting_and_explains(operator: Operator) -> None:
    named = Operator(operator.home, {"INTEREST": "r/recipeers2"}, now=NOW)

    assert named.rank().exit_code == 0

    told: Any = json.loads(named.command("trends", "explain", "3", "--json").stdout)
    assert told["interest"] > 1.0
    assert told["interest_reasons"] == [f"{told['interest']:+.1f}: like what you named (r/recipeers2)"]
    assert "by what matters to you: +" in named.command("trends", "explain", "3").stdout


def test_a_killed_run_learns_the_next_time(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(operator.store()) as store, store.transaction():
        store.connection.execute("DELETE FROM interest_vectors")
    with monkeypatch.context() as killed:
        killed.setattr("trendspark_cli.store.tables.interest.InterestMemory.save", lambda *_: 1 / 0)
        assert operator.rank().exit_code == 1

    assert operator.rank().exit_code == 0

    with closing(operator.store()) as store:
        assert store.interest.progress() is not None


def test_what_was_learned_outlives_days_of_few_posts(operator: Operator) -> None:
    with closing(operator.store()) as store, store.transaction():
        before = store.interest.last()
        assert before is not None
        store.connection.execute("DELETE FROM posts WHERE id > 50")
        store.interest.save(KeptVectors(0, 1, before.vectors))
        store.connection.execute("UPDATE ranking_progress SET swept_tick = 0")

    assert operator.rank().exit_code == 0

    with closing(operator.store()) as store:
        after = store.interest.last()
    assert after is not None
    assert (after.learned_at, after.vectors) == (int(NOW.timestamp()), before.vectors)


def test_names_show_what_they_would_move_before_they_are_kept(operator: Operator) -> None:
    with closing(operator.store()) as store, store.transaction():
        store.profiles.save(Profile("harbour", ("ferry",), created_at="t", updated_at="t"))

    shown = operator.command("profiles", "interest", "harbour", "r/recipeers2,zebra")
    told: Any = json.loads(operator.command("profiles", "interest", "harbour", "r/recipeers2", "--json").stdout)

    assert shown.exit_code == 0
    assert "'zebra' is in too few of your posts to be known" in shown.stdout
    assert {of_field(one["id"] - 1) for one in told["up"]} == {"recipe"}
    assert told["up"][0]["after"] > told["up"][0]["before"] == 9.0
    assert operator.values("SELECT interest FROM profiles") == ["[]"]


def test_names_are_kept_when_that_is_asked_for(operator: Operator) -> None:
    added = operator.command("profiles", "add", "harbour", "--keywords", "ferry", "--interest", "court1")
    saved = operator.command("profiles", "interest", "harbour", "r/recipeers2", "--save")

    assert (added.exit_code, saved.exit_code) == (0, 0)
    assert operator.values("SELECT interest FROM profiles") == ['["r/recipeers2"]']
    assert operator.rank().exit_code == 0
    with closing(operator.store()) as store:
        assert fields_listed(store)[:6] == ["recipe"] * 6


@pytest.mark.parametrize(
    "asked", [("profiles", "interest", "none", "court1"), ("profiles", "interest", "default", "r/")]
)
def test_names_that_cannot_be_are_refused(operator: Operator, asked: tuple[str, ...]) -> None:
    done = operator.command(*asked)

    assert (done.exit_code, done.stdout) == (2, "")


def test_moves_tell_the_sum_of_names_and_marks(operator: Operator) -> None:
    mark_all(operator, "guitar")

    with closing(operator.store()) as store:
        found, unknown = moves(interest_of(store), ["r/recipeers2"])

    assert unknown == []
    assert any("what you named" in one.words and "marked" in one.words for one in found)


def test_marks_are_listed_and_taken_back(operator: Operator) -> None:
    mark_all(operator, "court")

    listed: Any = json.loads(operator.command("trends", "marks", "list", "--json").stdout)["marks"]
    one = operator.command("trends", "marks", "clear", "3")
    again = operator.command("trends", "marks", "clear", "3")
    every = operator.command("trends", "marks", "clear", "--all")

    assert len(listed) == 16
    assert listed[0]["communities"] == {"reddit\ncourters16": 4} or listed[0]["mark"] == "noise"
    assert (one.exit_code, again.exit_code, every.exit_code) == (0, 2, 0)
    assert "marks taken back: 15" in every.stdout
    assert operator.command("trends", "marks", "clear").exit_code == 2
    assert operator.command("trends", "marks", "list").stdout == "no marks\n"


def test_what_is_forgotten_leaves_marks_too(operator: Operator) -> None:
    with closing(operator.store()) as store:
        with store.transaction():
            kept = keep_verdict(store, 1, "good", "", NOW, "ann")
        [place] = kept.communities
        for source_id, left in (("0", {place: 3}), ("1", {place: 2}), ("2", {place: 1}), ("3", {})):
            forget(store, Tombstone(f"t{source_id}", "reddit", source_id, None, to_text(NOW)))

            assert store.trends.verdicts_of([1])[1].communities == left


@pytest.mark.only_sqlite
def test_a_run_of_rank_reads_the_marks_once(operator: Operator) -> None:
    mark_all(operator, FIELDS[0])
    statements: list[str] = []
    with closing(operator.store()) as store:
        store.connection.raw.set_trace_callback(statements.append)
        settings = operator.installation().settings
        rules, routes = lifecycle_rules(settings, experience(store)), TrendRoutes(are_muted=True)

        rank_topics(JobContext(store, NOW, 1), rules, settings.alert_recency, top=20, routes=routes)

    assert len(rules.marks) == 16
    assert sum("FROM trend_marks" in one and "marked_at >=" in one for one in statements) == 1
