"""What posts are filed under is no news: a tag in brackets, a size of pictures, a note of a crosspost."""

from __future__ import annotations

import pytest

from tests.ranking.streams import Desk, opened_by, said
from tests.ranking.test_languages import quiet_hours
from trendspark_cli.ranking.bursts.telling import is_tag

TAGS = ("[Megathread]", "(spoilers S3E9)", "[640x427]", "(x-post from /r/gaming)", "[OC] [Quibbleton]")


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_in_brackets_opens_nothing(desk: Desk, now: int, tag: str) -> None:
    assert opened_by(desk.topics(quiet_hours(now) + said(tag, 14, now - 1800), now), now) == []


def test_what_posts_under_a_tag_speak_of_does(desk: Desk, now: int) -> None:
    [topic] = opened_by(desk.topics(quiet_hours(now) + said("[Breaking] Quibbleton burning", 14, now - 1800), now), now)

    assert "quibbleton" in topic.story.terms


def test_a_word_that_most_write_without_brackets_is_none(desk: Desk, now: int) -> None:
    said_so = said("[Quibbleton]", 6, now - 1800) + said("in Quibbleton", 8, now - 1700, seed=6)

    [topic] = opened_by(desk.topics(quiet_hours(now) + said_so, now), now)

    assert topic.story.terms[0] == "quibbleton"


def test_one_text_many_times_is_one_text() -> None:
    assert not is_tag("quibbleton", ["[Quibbleton]"] * 9 + ["Quibbleton burns", "in Quibbleton"])


@pytest.mark.parametrize("text", ["[" * 4000, "[quibbleton" * 400, "(" * 1000 + "quibbleton" + "]" * 900])
def test_brackets_that_never_close_hold_nothing(text: str) -> None:
    assert not is_tag("quibbleton", [f"{text} {number}" for number in range(10)])
