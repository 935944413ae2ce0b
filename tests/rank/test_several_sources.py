"""Several sources side by side: each has its own scale and its own warm-up, and a story of several is one trend."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import Operator
from tests.rank.conftest import NOW
from tests.rank.test_rank_job import write_posts
from tests.rank.viral import ingest, observe, quiet_days
from tests.ranking.streams import background, said
from trendspark_cli.ranking.baseline.baseline_posts import PostRow

TICK = int(NOW.timestamp()) // 900
LARGER = 50  # times: what likes on one source are beside those on the other


def taken_in(operator: Operator, rows: Iterable[PostRow]) -> None:
    """Have the operator read posts from a file."""
    assert operator.ingest(file=str(write_posts(operator.home / "posts.ndjson", list(rows)))).exit_code == 0


def burst(source: str, *, posts: int = 20, minutes_ago: float = 30) -> list[PostRow]:
    """Posts of one source that speak of an eruption."""
    at = int((NOW - timedelta(minutes=minutes_ago)).timestamp())
    return [row._replace(source=source) for row in said("volcano eruption", posts, at, every=60)]


@pytest.fixture
def reader(tmp_path: Path) -> Operator:
    """An operator with three quiet days of two sources."""
    operator = Operator(tmp_path / "home", now=NOW)
    for source in ("bluesky", "mastodon"):
        taken_in(operator, background(TICK - 3 * 96, 3 * 96, per_tick=5, source=source))
    return operator


def test_a_story_told_on_two_sources_is_one_trend_and_says_so(reader: Operator) -> None:
    taken_in(reader, [*burst("bluesky", posts=12), *burst("mastodon", posts=9)])

    result: Any = reader.rank()

    [trend] = result.extra["trends"]
    assert (trend["label"], trend["sources"]) == ("volcano eruption", {"bluesky": 12, "mastodon": 9})
    shown = reader.command("trends", "show", "1").stdout
    assert "bluesky 12, mastodon 9" in shown
    assert [row["body"] for row in reader.rows("SELECT body FROM notifications") if "bluesky 12" in row["body"]]


@pytest.mark.parametrize(("source", "opened"), [("bluesky", 1), ("hackernews", 0)])
def test_a_source_that_is_new_opens_nothing_beside_one_that_is_known(
    reader: Operator, source: str, opened: int
) -> None:
    taken_in(reader, burst(source))

    result: Any = reader.rank()

    assert len(result.extra["trends"]) == opened


@pytest.fixture(scope="module")
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """An operator who has watched posts of two sources for ten days: one gives fifty times as many likes."""
    operator = Operator(tmp_path_factory.mktemp("scales") / "home", now=NOW)
    ingest(operator, quiet_days(NOW))
    ingest(operator, [{**one, "source": "bluesky", "likes": LARGER * one["likes"]} for one in quiet_days(NOW, seed=5)])
    operator.rank()
    for source in ("x", "bluesky", "mastodon"):
        observe(operator, f"9001{source}", 10, 4 * LARGER, source=source)
    operator.rank()
    operator.later(minutes=30)
    for source in ("x", "bluesky", "mastodon"):
        observe(operator, f"9001{source}", 40, 12 * LARGER, source=source)
    return operator


def test_what_is_usual_on_one_source_goes_far_on_another_and_tells_nothing_of_a_third(watcher: Operator) -> None:
    result: Any = watcher.rank()

    found = [trend for trend in result.extra["trends"] if trend["kind"] == "post"]
    assert [trend["sources"] for trend in found] == [{"x": 1}]
    assert watcher.values("SELECT source FROM forecast_sources WHERE settled > 100 ORDER BY source") == ["bluesky", "x"]
    assert "likes, reposts and quotes on x" in watcher.command("trends", "show", "1").stdout


def test_a_newcomer_is_told_why_nothing_is_trending_and_until_when(tmp_path: Path) -> None:
    newcomer = Operator(tmp_path / "home", now=NOW)
    taken_in(newcomer, [*background(TICK - 60, 59, source="bluesky"), *burst("bluesky")])
    newcomer.rank()

    told = newcomer.command_now("trends", "list").stdout

    assert told == (
        "no trends: what is usual is learned from 24 h of posts first, until 11-01 21:00Z at the earliest\n"
    )


def test_where_a_source_is_known_nothing_trending_needs_no_reason(reader: Operator) -> None:
    taken_in(reader, background(TICK - 4, 4, source="mastodon", seed=9))
    reader.rank()

    assert reader.command_now("trends", "list").stdout == "no trends\n"
