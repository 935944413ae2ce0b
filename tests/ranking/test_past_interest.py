"""What mattered while past posts are ranked once more: nothing is known before its time."""

from __future__ import annotations

from tests.ranking.test_interest import KNOWN, rows, subject, vectors
from trendspark_cli.ranking.interest.marks import DatedMark, Mark
from trendspark_cli.ranking.past.past_interest import DAY, PastInterest, PastVectors

NOON = 100 * DAY + DAY // 2


def knowing(*names: str, marks: list[DatedMark] | None = None) -> PastInterest:
    found = PastInterest([names] if names else [], marks or [])
    for number, one in enumerate(KNOWN):
        found.know(number, NOON - DAY, one)
    return found


def test_names_move_past_trends_as_they_move_those_of_now() -> None:
    named = knowing("r/courters4")

    assert named.pull(vectors(), NOON, subject("court", 2)).points > 1.0
    assert named.pull(None, NOON, subject("court", 2)).points == 0.0


def test_a_mark_counts_from_when_it_was_made() -> None:
    marks = [DatedMark(NOON + DAY, Mark(subject("court", number), is_good=True)) for number in range(6)]
    marked = knowing(marks=marks)

    assert marked.pull(vectors(), NOON, subject("court", 7)).points == 0.0
    assert marked.pull(vectors(), NOON + 2 * DAY, subject("court", 7)).points > 0.2


def test_trends_of_long_ago_are_no_part_of_the_middle() -> None:
    named = knowing("r/courters4")

    assert named.pull(vectors(), NOON + 60 * DAY, subject("court", 2)).points == 0.0


def test_what_is_learned_of_a_day_counts_from_its_end() -> None:
    learning, posts = PastVectors(), rows()
    learning.advance(DAY, [])

    learning.advance(DAY + 900, posts)
    before = learning.vectors
    learning.advance(2 * DAY, [])

    assert before is None
    assert learning.vectors is not None
