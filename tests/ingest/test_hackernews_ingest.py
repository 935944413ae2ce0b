"""`ingest` against Hacker News: all stories, without a key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import NOW, Operator
from tests.servers import Fault, HackerNewsServer, faults, hackernews_story
from tests.servers.messages import json_answer


def stories(count: int, *, minutes: float = 8) -> list[dict[str, Any]]:
    """Stories of the last hours, the youngest a minute old."""
    return [hackernews_story(NOW - timedelta(minutes=1 + minutes * n), f"ferry {n}") for n in range(count)]


def ids_of(documents: list[dict[str, Any]]) -> set[str]:
    """Their ids."""
    return {document["objectID"] for document in documents}


@pytest.fixture
def news() -> Iterator[HackerNewsServer]:
    """Hacker News with 250 stories."""
    with HackerNewsServer(stories(250), clock=NOW.timestamp) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, news: HackerNewsServer) -> Operator:
    """An operator who reads it, and has no key for anything."""
    return Operator(
        tmp_path / "home",
        {"HACKERNEWS_INGEST_ENABLED": "true", "HACKERNEWS_API_BASE_URL": news.url, "HTTP_TIMEOUT": "2s"},
    )


def stored(operator: Operator) -> set[str]:
    """The ids of all stored stories."""
    return operator.stored_ids("hackernews")


def test_without_its_switch_nothing_is_asked(operator: Operator, news: HackerNewsServer) -> None:
    del operator.environment["HACKERNEWS_INGEST_ENABLED"]

    operator.ingest()

    assert news.log == []


def test_a_first_run_brings_two_days_of_stories(operator: Operator, news: HackerNewsServer) -> None:
    news.add([hackernews_story(NOW - timedelta(hours=49), "too old")])

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, ids_of(stories(250)))


def test_more_stories_than_the_search_shows_at_once_all_come(operator: Operator, news: HackerNewsServer) -> None:
    many = stories(2300, minutes=1)
    news.add(many[250:])

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, ids_of(stories(250)) | ids_of(many[250:]))


def test_what_came_while_the_machine_was_off_for_a_week_is_brought(operator: Operator, news: HackerNewsServer) -> None:
    operator.ingest()
    operator.later(days=7)
    missed = [hackernews_story(NOW + timedelta(minutes=4 * n), f"missed {n}") for n in range(1, 2500)]
    news.clock = lambda: operator.now.timestamp()
    news.add(missed)

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, ids_of(stories(250)) | ids_of(missed))


def test_a_story_that_reached_the_search_late_is_brought(operator: Operator, news: HackerNewsServer) -> None:
    operator.ingest()
    late = hackernews_story(NOW - timedelta(minutes=9), "late")
    news.add([late])

    operator.ingest()

    assert late["objectID"] in stored(operator)


def test_thousands_of_one_second_do_not_make_a_run_turn_in_circles(operator: Operator, news: HackerNewsServer) -> None:
    at = NOW - timedelta(minutes=30)
    news.add([hackernews_story(at, f"flood {n}", story_id=90_000_000 + n) for n in range(1500)])

    result = operator.ingest()

    assert result.exit_code == 0
    assert ids_of(stories(250)) <= stored(operator)


def test_a_story_is_stored_with_its_text_points_and_comments(operator: Operator, news: HackerNewsServer) -> None:
    news.add(
        [
            hackernews_story(
                NOW - timedelta(seconds=30),
                "Ask HN: Which ferry?",
                author="pg",
                url=None,
                text="<p>The <b>old</b> one &amp; the new one</p>",
                points=41,
                comments=7,
                story_id=45_999_999,
            )
        ]
    )

    operator.ingest()

    [row] = operator.rows("SELECT * FROM posts WHERE source_id = '45999999'")
    assert (row["text"], row["author"]) == ("Ask HN: Which ferry?\nThe old one & the new one", "pg")
    assert (row["likes"], row["replies"], row["reposts"]) == (41, 7, None)
    assert row["url"] == "https://news.ycombinator.com/item?id=45999999"


def test_points_of_recent_stories_are_looked_at_again(operator: Operator, news: HackerNewsServer) -> None:
    newest = stories(1)[0]["objectID"]
    operator.ingest()
    news.update(newest, points=300)
    operator.later(minutes=31)
    news.clock = lambda: operator.now.timestamp()

    operator.ingest()

    [row] = operator.rows(f"SELECT likes FROM posts WHERE source_id = '{newest}'")
    assert row["likes"] == 300


def test_a_first_run_by_a_clock_a_year_ahead_brings_the_same_two_days(
    operator: Operator, news: HackerNewsServer
) -> None:
    operator.later(days=365)
    news.date_off = -timedelta(days=365).total_seconds()  # the service says what time it is

    operator.ingest()

    assert stored(operator) == ids_of(stories(250))


BAD = {
    "no id": ("objectID", None, "bad_id"),
    "an id of letters": ("objectID", "abc", "bad_id"),
    "no title": ("title", None, "missing_field"),
    "an empty title": ("title", " ", "missing_field"),
    "a title taken away": ("title", "[deleted]", "placeholder"),
    "no time": ("created_at_i", None, "missing_field"),
    "a time in words": ("created_at_i", "yesterday", "bad_time"),
    "a time of the year 9999": ("created_at_i", 253_370_764_800, "bad_time"),
    "points in words": ("points", "many", "bad_counter"),
    "points without end": ("points", 10**400, "bad_counter"),
}


@pytest.mark.parametrize("kind", BAD)
def test_one_bad_story_is_refused_alone(operator: Operator, news: HackerNewsServer, kind: str) -> None:
    field, value, reason = BAD[kind]
    hits = [*stories(3), {**stories(4)[3], field: value}, "nonsense"]
    news.faults.add(Fault("bad", lambda request: json_answer({"hits": hits})))

    operator.ingest()

    assert stored(operator) >= ids_of(stories(3))
    metric = 'trendspark_ingest_rejected_total{reason="%s",source="hackernews"}'
    assert (operator.metric(metric % reason), operator.metric(metric % "not_a_post")) == (1, 1)


def test_a_second_page_that_fails_is_a_gap_that_the_next_run_fills(operator: Operator, news: HackerNewsServer) -> None:
    many = stories(1300, minutes=2)
    news.add(many[250:])
    news.faults.add(None).add(faults.server_error(503), times=3)

    codes = [operator.ingest().exit_code, operator.ingest().exit_code]

    assert codes == [69, 0]
    assert stored(operator) >= ids_of(many[250:])
    assert operator.rows("SELECT count(*) AS n FROM gaps WHERE state = 'open'")[0]["n"] == 0


def test_stories_without_a_keyword_are_left_out_when_only_those_with_one_are_wanted(
    operator: Operator, news: HackerNewsServer
) -> None:
    operator.environment |= {"HACKERNEWS_MODE": "keywords", "KEYWORDS": "harbour tunnel"}
    wanted = hackernews_story(NOW - timedelta(minutes=3), "A Harbour Tunnel is dug")
    news.add([wanted])

    result = operator.ingest()

    assert (result.exit_code, stored(operator)) == (0, {wanted["objectID"]})
