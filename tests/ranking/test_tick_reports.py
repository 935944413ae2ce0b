"""A story that goes on in other words is told as one, and can be known again from tick to tick."""

from collections.abc import Sequence

import pytest

from tests.ranking.streams import START_TICK, background, said
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY
from trendspark_cli.ranking.past.replay import Replay, ReplayPost
from trendspark_cli.ranking.past.tick_reports import ReportedTopic, report_ticks

BURST = (START_TICK + 2 * TICKS_PER_DAY) * TICK_SECONDS  # after two quiet days
AT_FIRST = said("volcano eruption", 10, BURST + 60)
IN_BOTH = said("volcano eruption and lava flows", 4, BURST + 200, seed=6)
LATER = said("lava flows", 10, BURST + TICK_SECONDS + 60, seed=7)


@pytest.fixture(scope="module")
def quiet() -> list[PostRow]:
    return background(START_TICK, 2 * TICKS_PER_DAY + 3, per_tick=6)


def reported_at(rows: Sequence[PostRow], end: int) -> list[ReportedTopic]:
    """Return what there is to tell at this tick end, of topics that are sure."""
    posts = [ReplayPost(str(row.id), row) for row in sorted(rows, key=lambda row: (row.created_at, row.id))]
    reports = dict(report_ticks(posts, Replay()))
    return [one for one in reports[end] if one.topic.score >= 6.2]


def test_two_topics_of_one_trend_are_told_once(quiet: list[PostRow]) -> None:
    [story] = reported_at(quiet + AT_FIRST + IN_BOTH + LATER, BURST + 2 * TICK_SECONDS)

    assert {"volcano eruption", "lava flows"} <= set(story.terms)


def test_the_first_term_of_a_trend_is_among_the_first_three(quiet: list[PostRow]) -> None:
    later = said("the Lava Flows", 30, BURST + TICK_SECONDS + 60, seed=7)

    [story] = reported_at(quiet + AT_FIRST + IN_BOTH + later, BURST + 2 * TICK_SECONDS)

    assert story.topic.terms[0].term == "lava flows"
    assert "volcano eruption" in story.terms[:3]


def test_two_stories_are_told_as_two(quiet: list[PostRow]) -> None:
    stories = reported_at(quiet + AT_FIRST + LATER, BURST + 2 * TICK_SECONDS)

    assert sorted(story.terms[0] for story in stories) == ["lava flows", "volcano eruption"]


def test_a_story_is_called_as_people_write_it(quiet: list[PostRow]) -> None:
    told = said("Mount Etna", 12, BURST + 60)

    [story] = reported_at(quiet + told, BURST + TICK_SECONDS)

    assert story.topic.label == "Mount Etna"


def test_a_story_that_grew_has_the_name_of_when_it_was_largest(quiet: list[PostRow]) -> None:
    at_first = said("etna", 6, BURST + 60)
    later = said("Mount Etna", 30, BURST + TICK_SECONDS + 60, seed=7)

    ends = [reported_at(quiet + at_first + later, BURST + ticks * TICK_SECONDS) for ticks in (1, 2, 3)]

    assert [story.topic.label for [story] in ends] == ["etna", "Mount Etna", "Mount Etna"]
