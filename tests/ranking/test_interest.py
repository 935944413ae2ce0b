"""What is named and marked: it orders topics that are sure, by what their communities and words are like."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest

from trendspark_cli.base.setting_values import INTEREST_NAMES
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.thresholds import SURE
from trendspark_cli.ranking.interest import post_words
from trendspark_cli.ranking.interest.judging import MOST_MOVED, Interest, moved
from trendspark_cli.ranking.interest.learning import LEARNED_EVERY_SECONDS, is_due
from trendspark_cli.ranking.interest.marks import Mark, weights_of
from trendspark_cli.ranking.interest.post_words import PostWords, place_of
from trendspark_cli.ranking.interest.subjects import Space, Subject
from trendspark_cli.ranking.interest.vectors import SIZE, Vectors, learn
from trendspark_cli.trends.interest import reason_words

FIELDS = ("court", "goal", "recipe", "guitar")
PLACES = 12  # communities of a field


def rows(of_each: int = 40, *, has_communities: bool = True) -> list[PostRow]:
    """Posts of 48 communities, each of which speaks the words of its field and some that all use."""
    chance = random.Random(5)
    found: list[PostRow] = []
    for place in range(len(FIELDS) * PLACES):
        field = FIELDS[place % len(FIELDS)]
        for _ in range(of_each):
            words = [f"{field}{chance.randrange(30)}" for _ in range(5)] + [f"any{chance.randrange(40)}"]
            name = f"{field}ers{place}"
            community, author = (name, None) if has_communities else (None, name)
            found.append(PostRow(len(found), "reddit", author, community, len(found), " ".join(words), ""))
    return found


def words_of(posts: list[PostRow]) -> PostWords:
    found = PostWords()
    found.add(posts)
    return found


@cache
def vectors() -> Vectors:
    """What the posts say, learned once."""
    learned = learn(words_of(rows()))
    assert learned is not None
    return learned


def subject(field: str, number: int = 0, posts: int = 8) -> Subject:
    place = FIELDS.index(field) + len(FIELDS) * number
    return Subject({place_of("reddit", f"{field}ers{place}"): posts, "reddit\nunheard of": 1}, (f"{field}1",))


KNOWN = [subject(field, number % PLACES) for number in range(8) for field in FIELDS]


def interest(*names: str, marks: list[Mark] | None = None, known: list[Subject] = KNOWN) -> Interest:
    return Interest(vectors(), [names] if names else [], marks or [], known)


def test_communities_that_speak_alike_lie_together() -> None:
    space = Space(vectors())

    law, other_law, cooking = (
        space.position(one) for one in (subject("court", 1), subject("court", 5), subject("recipe", 1))
    )

    assert law is not None
    assert other_law is not None
    assert cooking is not None
    assert law @ other_law > 0.8 > 0.2 > abs(law @ cooking)


def test_a_word_lies_where_the_communities_are_that_use_it() -> None:
    space = Space(vectors())

    word, place, other = (space.of_name(name) for name in ("court7", "R/Courters4", "r/goalers1"))

    assert word is not None
    assert place is not None
    assert other is not None
    assert word @ place > 0.2 > 0.1 > abs(word @ other)


def test_posts_without_a_community_teach_words_and_no_name_of_an_author_is_kept() -> None:
    learned = learn(words_of(rows(has_communities=False)))

    assert learned is not None
    assert learned.places == ()
    found = Interest(
        learned, [["court3 court4"]], [], [Subject({}, (f"{field}{n}",)) for n in range(8) for field in FIELDS]
    )
    assert found.pull(Subject({}, ("court9 court2",))).points > 1 > -0.1 > found.pull(Subject({}, ("goal9",))).points


def test_learning_is_the_same_each_time_and_survives_as_bytes() -> None:
    again = learn(words_of(rows()))

    assert again is not None
    assert again.to_bytes() == vectors().to_bytes()
    kept = Vectors.from_bytes(vectors().to_bytes())
    assert kept is not None
    assert kept.places == vectors().places
    assert np.abs(kept.of_words - vectors().of_words).max() < 0.01


@pytest.mark.parametrize("damaged", [b"", b"TSV1", b"x" * 5000, vectors().to_bytes()[:-1], vectors().to_bytes() + b"0"])
def test_what_is_damaged_is_learned_anew(damaged: bytes) -> None:
    assert Vectors.from_bytes(damaged) is None


def test_few_posts_teach_nothing() -> None:
    assert learn(words_of(rows(of_each=8))) is None
    assert learn(PostWords()) is None


def test_of_very_many_posts_some_are_kept_and_old_ones_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_words, "MOST_POSTS", 500)
    found = words_of(rows())

    assert 200 < found.posts <= 500
    assert found.pairs()[0].size == found.pairs()[1].size == found.posts * 6

    found.drop_before(len(rows()) // 2)

    assert found.posts < 260


def test_what_is_like_a_name_comes_sooner_and_what_is_not_later() -> None:
    found = interest("r/courters4")
    of_a_court = interest("r/courters4", known=[*KNOWN, *(subject("court", n % PLACES) for n in range(40))])

    like, unlike = found.pull(subject("court", 2)), of_a_court.pull(subject("goal", 2))

    assert like.points > 1.0 > -1.0 > unlike.points
    assert reason_words(like) == [f"{like.named:+.1f}: like what you named (r/courters4)"]


def test_five_good_words_do_as_well() -> None:
    found = interest("court1 court2 court3 court4 court5")

    assert found.pull(subject("court", 2)).points > 1.0


def test_of_several_profiles_the_one_that_cares_most_counts() -> None:
    both = Interest(vectors(), [["r/courters4"], ["r/goalers1"]], [], KNOWN)

    assert min(both.pull(subject("court", 2)).points, both.pull(subject("goal", 2)).points) > 0.5
    assert both.pull(subject("recipe", 2)).points < 0.1


def test_no_topic_moves_further_than_a_factor_of_two_and_none_that_is_not_sure() -> None:
    loud = interest("r/courters4", marks=[Mark(subject("court", n), is_good=True) for n in range(12)] * 9)

    points = loud.pull(subject("court", 2)).points

    assert points == MOST_MOVED
    assert moved(SURE + 4.0, -points) == SURE + 4.0 - MOST_MOVED
    assert (moved(SURE, -points), moved(SURE - 0.1, points)) == (SURE, SURE - 0.1)


def test_marks_count_from_the_fifth_on() -> None:
    said = [Mark(subject("goal", n), is_good=False) for n in range(2)] + [
        Mark(subject("court", n), is_good=True) for n in range(3)
    ]

    assert interest(marks=said[1:]).pull(subject("court", 7)).points == 0.0
    like, unlike = (interest(marks=said).pull(subject(field, 7)) for field in ("court", "goal"))
    assert like.points > 0.2 > -0.2 > unlike.points
    assert reason_words(unlike) == [f"{unlike.marked:+.1f}: like 2 marked noise"]


@pytest.mark.parametrize("is_good", [True, False])
def test_marks_of_one_kind_are_held_against_what_nobody_marked(is_good: bool) -> None:
    said = [Mark(subject("court", n), is_good=is_good) for n in range(5)]

    points = interest(marks=said).pull(subject("court", 7)).points

    assert points > 0.2 if is_good else points < -0.2


def test_marks_without_sense_move_next_to_nothing() -> None:
    chance = np.random.default_rng(1)
    spread = []
    for _ in range(8):
        places = chance.standard_normal((300, SIZE)) / 3.0
        without, sense = chance.random(300) < 0.2, places[:, 0] > 0.2
        moved_by = (weights_of(places, said, np.ones(300)) for said in (without, sense))
        spread.append([float((places @ weights).std()) for weights in moved_by])

    senseless, sensible = np.median(spread, axis=0)

    assert senseless < 0.15 < 1.0 < sensible


def test_noise_of_one_community_counts_for_that_community() -> None:
    bots, good = subject("recipe", 8), [Mark(subject("recipe", n), is_good=True) for n in range(4)]
    own = place_of("reddit", "recipeers34")
    assert bots.only_community == own

    said = interest(marks=[*good, Mark(bots, is_good=False)])

    assert said.pull(bots).points < said.pull(subject("recipe", 5)).points - 1.0
    assert interest(marks=[*good, Mark(bots, is_good=True)]).pull(bots).points >= 0.0


def test_a_mark_of_long_ago_with_words_alone_still_counts() -> None:
    said = [Mark(Subject({}, (f"court{n} court{n + 1}",)), is_good=n < 4) for n in range(8)]
    said += [Mark(Subject({}, (f"goal{n}",)), is_good=False) for n in range(9)]

    assert interest(marks=said).pull(subject("court", 7)).marked > interest(marks=said).pull(subject("goal", 7)).marked


def test_nothing_moves_before_anything_is_learned_or_known() -> None:
    assert Interest(None, [["court1"]], [], KNOWN).pull(subject("court")).points == 0.0
    assert interest("court1", known=KNOWN[:19]).pull(subject("court")).points == 0.0
    nowhere = Subject({"x\nunheard of": 3}, ("unheard",))
    assert interest("court1").pull(nowhere).points == 0.0


def test_a_name_that_no_post_knows_is_told_and_moves_nothing() -> None:
    found = interest("zebra", "r/none")

    assert found.unknown == ["zebra", "r/none"]
    assert found.pull(subject("court")).points == 0.0


@pytest.mark.parametrize(
    "names",
    ["r/", "!!", "a\x1b[2Jb", "x" * 61, ",".join(f"w{n}" for n in range(21)), '"open', '["r/news", 3]', "r/\u202e"],
)
def test_names_that_name_nothing_are_refused(names: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (what is said of it is the reader's `expected`)
        INTEREST_NAMES.read(names)


def test_vectors_are_learned_weekly_and_in_the_first_weeks_when_posts_have_doubled() -> None:
    week = LEARNED_EVERY_SECONDS

    assert [is_due(week, 0, 10, 10), is_due(week - 1, 0, 19, 10), is_due(week - 1, 0, 20, 10)] == [True, False, True]
    assert is_due(0, week, 10, 10)  # learned by a clock that was ahead


def test_a_vector_has_so_many_numbers() -> None:
    assert vectors().of_places.shape == (48, SIZE)
