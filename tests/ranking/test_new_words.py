"""People of a language nobody used here before: all their words are new, and none of them is news for that."""

from __future__ import annotations

from itertools import accumulate
from random import Random

import pytest

from tests.ranking.streams import HOUR, Desk, post, said
from tests.ranking.test_languages import quiet_hours
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS

_SMALL_WORDS = "yang dan tidak ini itu untuk dengan saya ada akan sudah boleh"
SMALL_WORDS = _SMALL_WORDS.split()
_THINGS = (
    "apel rumah anjing kucing kereta kantor kamar buku kopi sup roti laut gunung hutan sungai kota jalan toko musik"
    " film jam hari malam pagi teman kakak ayah ibu anak sekolah payung meja kursi lampu pintu jendela sepatu baju topi"
)
THINGS = _THINGS.split()
_SYLLABLES = "ka lo mi ne ru sa to vi we zo bra cle dri fro gla pli sto tra"
_DULL = "der die das und ist nicht auch wird oder eine den zum hier"
DULL = _DULL.split()
MADE_UP = ["".join(Random(number).choices(_SYLLABLES.split(), k=4)) for number in range(400)]
SOME_OFTEN = list(accumulate(1.0 / (rank + 8) for rank in range(len(MADE_UP))))


def newcomers(now: int, talks: list[str]) -> list[PostRow]:
    """People who say these things within an hour."""
    return [post(text, now - 3300 + 80 * number, f"s{number}") for number, text in enumerate(talks)]


def small_talk(random: Random) -> list[str]:
    """What forty of them say: three things each, amid small words."""
    return [
        " ".join(random.choice(SMALL_WORDS) if place % 3 else random.choice(THINGS) for place in range(9))
        for _ in range(40)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_talk_of_everyday_things_in_a_language_that_is_new_here_is_no_topic(desk: Desk, now: int, seed: int) -> None:
    rows = quiet_hours(now) + newcomers(now, small_talk(Random(seed)))

    found = [desk.topics(rows, now + quarter * TICK_SECONDS) for quarter in (-3, -2, -1, 0, 2, 8)]

    assert not any(found)


@pytest.mark.parametrize("words", [60, 120, 400])
def test_nor_is_it_where_some_things_are_spoken_of_more_often(desk: Desk, now: int, words: int) -> None:
    random = Random(words)
    talks = [" ".join(random.choices(MADE_UP[:words], cum_weights=SOME_OFTEN[:words], k=5)) for _ in range(40)]

    assert desk.topics(quiet_hours(now) + newcomers(now, talks), now) == []


def test_talk_in_another_script_is_no_topic(desk: Desk, now: int) -> None:
    random = Random(7)
    letters = [chr(code) for code in range(ord("ㄱ"), ord("ㅎ"))]
    things = ["".join(random.choices(letters, k=4)) for _ in range(40)]
    talks = [" ".join(random.sample(things, 3)) for _ in range(40)]

    assert desk.topics(quiet_hours(now) + newcomers(now, talks), now) == []


def test_what_all_of_them_speak_of_is_a_topic(desk: Desk, now: int) -> None:
    random = Random(8)
    talks = [f"{' '.join(random.choices(THINGS, k=3))} Quibbleton" for _ in range(20)]

    [topic] = desk.topics(quiet_hours(now) + newcomers(now, talks), now)

    assert topic.terms[0].term == "quibbleton"


def test_a_story_amid_their_other_talk_is_a_topic(desk: Desk, now: int) -> None:
    random = Random(9)
    talks = [
        " ".join(random.choices(MADE_UP, cum_weights=SOME_OFTEN, k=4)) + (" Quibbleton" if n % 2 else "")
        for n in range(40)
    ]

    topics = desk.topics(quiet_hours(now) + newcomers(now, talks), now)

    assert [topic.terms[0].term for topic in topics] == ["quibbleton"]


def test_a_story_told_in_known_words_loses_nothing_by_them(desk: Desk, now: int) -> None:
    random = Random(10)
    story = quiet_hours(now) + said("quibbleton", 12, now - HOUR // 2)
    talks = [" ".join(random.choices(THINGS, k=3)) for _ in range(40)]

    alone, beside = (desk.topics(rows, now) for rows in (story, story + newcomers(now, talks)))

    assert [topic.terms[0].term for topic in (*alone, *beside)] == ["quibbleton", "quibbleton"]


def test_a_name_amid_words_that_say_nothing_is_a_topic_whatever_one_account_floods(desk: Desk, now: int) -> None:
    random = Random(4)
    told = [post(f"Weißgasse {' '.join(random.choices(DULL, k=6))}", now - 1500 + 100 * n, f"a{n}") for n in range(8)]
    flood = [post(f"flooded {' '.join(random.choices(DULL, k=6))}", now - 1500 + 30 * n, "one") for n in range(40)]
    rows = [*quiet_hours(now), *told, *said("Weißgasse", 5, now - 1400), *flood]

    [topic] = desk.topics(rows, now)

    assert topic.terms[0].term == "weissgasse"
