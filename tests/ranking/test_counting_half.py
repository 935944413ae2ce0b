"""What counts half: common words, of which some always meet by chance, and what one community speaks of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.ranking.streams import Desk, said
from tests.ranking.test_languages import quiet_hours
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.communities import is_of_one_place
from trendspark_cli.ranking.bursts.labels import are_common_words
from trendspark_cli.ranking.bursts.thresholds import SURE

NEWS = [f"They saw the {{}} burn at number {number}" for number in range(9)]


def beyond_sure(desk: Desk, posts: Sequence[PostRow], now: int) -> float:
    """How much the one topic of these posts scores above SURE."""
    [topic] = [one for one in desk.topics([*quiet_hours(now), *posts], now) if one.terms[0].term == "quibble"]
    return topic.score - SURE


@pytest.mark.parametrize(
    ("word", "written", "is_common"),
    [
        ("bridge", "bridge", True),
        ("bridge", "Bridge", False),
        ("bridge", "#bridge", False),
        ("777", "777", False),
        ("4th", "4th", False),
        ("5k", "5k", False),
        ("火災", "火災", False),
        ("мост", "мост", True),
        ("мост", "Мост", False),
    ],
)
def test_a_word_is_common_where_people_write_it_small(word: str, written: str, is_common: bool) -> None:
    assert are_common_words([word], [text.format(written) for text in NEWS]) is is_common


def test_one_name_among_the_words_of_a_topic_is_enough() -> None:
    texts = [text.format("bridge of Quibbleton") for text in NEWS]

    assert are_common_words(["bridge", "burn"], texts)
    assert not are_common_words(["bridge", "quibbleton"], texts)


def test_how_a_sentence_begins_or_is_shouted_says_nothing_of_names() -> None:
    assert not are_common_words(["bridge"], [f"Bridge burns at number {number}" for number in range(9)])
    assert not are_common_words(["bridge"], [f"THE BRIDGE BURNS AT {number}" for number in range(9)])


def test_a_link_is_no_common_word() -> None:
    assert not are_common_words(["news.example/bridge"], [f"see news.example/bridge {number}" for number in range(9)])


def test_common_words_count_half_of_what_a_name_does(desk: Desk, now: int) -> None:
    name = beyond_sure(desk, said("they saw Quibble", 14, now - 1800), now)
    common = beyond_sure(desk, said("they saw quibble", 14, now - 1800), now)

    assert name > 2.0
    assert common == pytest.approx(name / 2)


def test_what_one_community_speaks_of_counts_half(desk: Desk, now: int) -> None:
    def told(number: int, one: PostRow) -> PostRow:
        return one._replace(community="kiteclub" if number % 2 else f"place{number}")

    posts = said("they saw Quibble", 14, now - 1800)

    one_place = beyond_sure(desk, [told(number, one) for number, one in enumerate(posts)], now)
    everywhere = beyond_sure(desk, [told(2 * number, one) for number, one in enumerate(posts)], now)

    assert one_place < everywhere / 2 + 0.1  # the community dispersion is less, too


def test_where_half_of_all_posts_are_of_one_place_it_is_no_sign_of_anything() -> None:
    communities = np.array([1, 1, 1, 2, 3, 4])
    own = np.array([0, 1, 3])

    assert is_of_one_place(np.array([1, 1, 5, 2, 3, 4]), own, np.ones(6, np.bool_))
    assert not is_of_one_place(communities, own, np.ones(6, np.bool_))
    assert not is_of_one_place(np.arange(6), own, np.ones(6, np.bool_))
