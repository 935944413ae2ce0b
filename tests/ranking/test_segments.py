"""Posts kept as numbers: nothing is lost on the way to the database and back, and topics get their words again."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ranking.streams import HOUR, Desk, background, post, said
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.baseline.uses import count_uses, in_order, join_codes
from trendspark_cli.ranking.bursts.joining import join
from trendspark_cli.ranking.bursts.post_columns import PostColumns
from trendspark_cli.ranking.bursts.segments import Segment, coded_posts, read_segment
from trendspark_cli.ranking.bursts.topics import Topic, find_topics
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.text.terms import Vocabulary, keys_of_posts

POSTS = st.lists(
    st.builds(post, st.text(max_size=60), st.integers(0, 2**40), st.none() | st.text(max_size=9)), min_size=1
)


def fields(segment: Segment) -> list[object]:
    """Everything a segment says, comparable."""
    numbers = [segment.ids, segment.created, segment.authors, segment.communities, segment.words]
    return [segment.source_names, segment.sources.tolist(), segment.codes.tolist(), *(n.tolist() for n in numbers)]


def stored(rows: Sequence[PostRow], size: int = 40) -> list[Segment]:
    """Rows in segments that went to the database and back."""
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [Segment.from_row(read_segment(part, Vocabulary()).to_row()) for part in parts]


def topics_of(desk: Desk, segments: Sequence[Segment], now: int, texts: Mapping[int, str]) -> list[Topic]:
    """The topics of a window made of segments."""
    window = Window(lambda post_ids: {number: texts[number] for number in post_ids if number in texts})
    window.add_segments(segments)
    return find_topics(window, now, desk.history, desk.sources)


@pytest.fixture
def rows(now: int) -> list[PostRow]:
    """Four quiet hours with a burst at their end."""
    return background(now // TICK_SECONDS - 16, 16) + said(
        "volcano eruption", 12, now - HOUR, ["ann", "bob", None, "cid"]
    )


def test_a_window_is_the_same_in_whatever_order_its_segments_come(rows: list[PostRow]) -> None:
    segments = stored(Random(3).sample(rows, len(rows)), 7)
    by_time = stored(sorted(rows, key=lambda row: (row.created_at, row.id)), 50)

    columns = [join(partial(iter, parts)) for parts in (segments, segments[::-1], by_time)]

    for name in PostColumns._fields:
        of_each = [np.asarray(getattr(one, name)).tolist() for one in columns]
        assert of_each == of_each[:1] * 3, name


@given(POSTS)
def test_a_segment_is_the_same_after_it_was_stored(rows: list[PostRow]) -> None:
    segment = read_segment(rows, Vocabulary())

    assert fields(Segment.from_row(segment.to_row())) == fields(segment)


@given(
    st.lists(st.lists(st.sampled_from(["volcano", "the", "and", "ash", "AT&T", "of"]), max_size=9), min_size=1),
    st.randoms(use_true_random=False),
)
def test_posts_have_in_segments_the_terms_of_their_texts_in_whatever_order_they_leave(
    texts: list[list[str]], random: Random
) -> None:
    rows = [post(" ".join(words), 900 * number) for number, words in enumerate(texts)]
    order = random.sample(range(len(rows)), len(rows))
    parts = [coded_posts(segment) for segment in stored(rows, 3)]

    uses = count_uses(in_order(join_codes(parts), np.array(order)), [1] * len(rows))

    found = [set(uses.keys[run.places].tolist()) for run in uses.runs]
    assert found == keys_of_posts([rows[number].text for number in order])


def test_a_window_filled_once_gives_at_every_tick_the_topics_of_one_that_grows(
    desk: Desk, now: int, rows: list[PostRow]
) -> None:
    texts = {row.id: row.text for row in rows}
    segments = [*stored(rows), *stored(background(now // TICK_SECONDS - 40, 3, seed=3)), *stored(said("late", 9, now))]
    filled = Window(lambda post_ids: {number: texts[number] for number in post_ids if number in texts})
    filled.fill(lambda: iter(segments))

    for end in (now - TICK_SECONDS, now):
        topics = find_topics(filled, end, desk.history, desk.sources)
        assert topics == topics_of(desk, segments, end, texts)


def test_a_post_has_the_same_numbers_in_every_process() -> None:
    code = (
        "from trendspark_cli.ranking.bursts.segments import read_segment\n"
        "from trendspark_cli.ranking.text.terms import Vocabulary, keys_of_posts\n"
        "print(read_segment([(1, 'x', 'ann', None, 9, 'Boston marathon', '')], Vocabulary()).to_row())"
    )

    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert len(printed) == 1


def test_segments_in_any_order_give_the_topics_of_their_posts(desk: Desk, now: int, rows: list[PostRow]) -> None:
    texts = {row.id: row.text for row in rows}

    found = topics_of(desk, stored(rows)[::-1], now, texts)

    assert found == desk.topics(rows, now)
    assert [topic.label for topic in found] == ["volcano eruption"]


def test_a_topic_is_named_though_some_of_its_posts_are_gone(desk: Desk, now: int, rows: list[PostRow]) -> None:
    texts = {row.id: row.text for row in rows if row.id % 3 == 0}

    [topic] = topics_of(desk, stored(rows), now, texts)

    assert topic.label == "volcano eruption"


def test_a_topic_whose_words_nobody_has_any_more_is_none(desk: Desk, now: int, rows: list[PostRow]) -> None:
    texts = {row.id: "something else" for row in rows}

    assert topics_of(desk, stored(rows), now, texts) == []


def test_segments_may_reach_back_beyond_the_window(desk: Desk, now: int, rows: list[PostRow]) -> None:
    older = said("volcano eruption", 30, now - 10 * HOUR, every=60)
    texts = {row.id: row.text for row in rows + older}

    assert topics_of(desk, stored(older + rows, 1_000), now, texts) == desk.topics(rows, now)


def test_a_post_without_words_or_author_takes_little_room() -> None:
    [segment] = stored([post("", number) for number in range(1_000)], 1_000)

    assert sum(len(part or b"") for part in segment.to_row()) < 41 * 1_000
    assert np.unique(segment.authors).size == 1_000


def test_posts_stored_before_communities_were_kept_have_none(rows: list[PostRow]) -> None:
    kept = Segment.from_row((*read_segment(rows, Vocabulary()).to_row()[:-1], None))

    assert np.unique(kept.communities).size == len(rows)
