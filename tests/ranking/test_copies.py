"""A text in many guises is one text; people who tell one story in words of their own are many."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random

import pytest

from tests.ranking.streams import Desk, background, post
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, WINDOW_TICKS
from trendspark_cli.ranking.text.near_duplicates import MANY_TEXTS

Guise = Callable[[Random, int], str]

ADVERT = "win a volcano eruption trip to iceland today"
LONG_ADVERT = f"{ADVERT}, free flights and hotel included for loyal customers, register before midnight"
OTHER_WORDS = ["fi" + "".join(letters) + "er" for letters in product("abcdefghijklmno", repeat=3)]
LOOKALIKES = {"o": "о", "a": "а", "e": "е", "i": "і", "c": "с", "p": "р"}


LONG_ADVERT_IN_CHINESE = "今天注册立刻赢取冰岛火山之旅免费机票酒店全包名额有限先到先得"


def beside(text: str, words: int) -> Guise:
    """Return what says a text with so many other words after it."""
    return lambda random, number: f"{text} {' '.join(random.sample(OTHER_WORDS, words))}"


def exchanged(words: int) -> Guise:
    """Return what says the long advert with so many of its words exchanged."""

    def guise(random: Random, number: int) -> str:
        said = LONG_ADVERT.split()
        for place in random.sample(range(len(said)), words):
            said[place] = random.choice(OTHER_WORDS)
        return " ".join(said)

    return guise


def shuffled(random: Random, number: int) -> str:
    words = ADVERT.split()
    return " ".join(random.sample(words, len(words)))


def letter_by_letter(change: Callable[[Random, str], str]) -> Guise:
    return lambda random, number: "".join(change(random, letter) for letter in ADVERT)


GUISES: dict[str, Guise] = {
    "one word added": beside(ADVERT, 1),
    "two words added": beside(ADVERT, 2),
    "six words added": beside(ADVERT, 6),
    "two names and a link": lambda random, number: f"@ann{number} @bob{number} {ADVERT} https://ad.example/{number}",
    "two of forty tags": lambda random, number: f"{ADVERT} #{' #'.join(random.sample(OTHER_WORDS[:40], 2))}",
    "two words exchanged": exchanged(2),
    "four words exchanged": exchanged(4),
    "Chinese, four characters added": lambda random, number: (
        LONG_ADVERT_IN_CHINESE + "".join(chr(random.randrange(0x3400, 0x4D00)) for _ in range(4))
    ),
    "shuffled": shuffled,
    "emoji": lambda random, number: f"{ADVERT} {random.choice('🎉🔥💯🚀')}{random.choice('🎁🏆👀🤑')}",
    "invisible characters": letter_by_letter(
        lambda random, c: c + random.choice(["", "", "\u200b", "\u200d", "\u00ad"])
    ),
    "letters of another alphabet": letter_by_letter(lambda random, c: random.choice([c, LOOKALIKES.get(c, c)])),
    "capitals": letter_by_letter(lambda random, c: random.choice([c, c.upper()])),
    "a number in few words": lambda random, number: f"win {1000 + number} now",
    "a number that is a year": lambda random, number: f"volcano eruption {1900 + number % 130}",
    "two numbers": lambda random, number: f"volcano eruption ticket {number + 100}-{random.randrange(10**6)} ${number}",
}


def quiet_hours(now: int) -> list[PostRow]:
    return background(now // TICK_SECONDS - WINDOW_TICKS[-1], WINDOW_TICKS[-1])


def flood(guise: Guise, posts: int, now: int) -> list[PostRow]:
    """As many new accounts, each with a text of its own, within ten minutes."""
    random = Random(posts)
    return [post(guise(random, n), now - 800 + n * 600 // posts, f"{posts} new {n}") for n in range(posts)]


@pytest.mark.parametrize("posts", [30, 400])
@pytest.mark.parametrize("guise", GUISES)
def test_one_text_in_many_guises_is_no_topic(desk: Desk, now: int, guise: str, posts: int) -> None:
    assert desk.topics(quiet_hours(now) + flood(GUISES[guise], posts, now), now) == []


def test_a_story_told_amid_a_flood_about_the_same_thing_is_found(desk: Desk, now: int) -> None:
    people = flood(beside("volcano eruption", 5), 12, now)

    [topic] = desk.topics(quiet_hours(now) + flood(beside(ADVERT, 3), 300, now) + people, now)

    assert topic.label == "volcano eruption"
    assert topic.observed == pytest.approx(13.9)


def test_headlines_of_one_story_are_a_voice_each(desk: Desk, now: int) -> None:
    headlines = [
        "Volcano eruption in Iceland forces thousands to leave their homes",
        "Thousands leave homes as volcano erupts near Reykjavik, Iceland",
        "Iceland volcano eruption: airlines cancel flights across northern Europe",
        "Flights cancelled across Europe after volcano eruption in Iceland",
        "Watch: lava reaches first houses after Iceland volcano eruption",
        "Iceland declares state of emergency after volcano eruption",
        "Scientists warned of this volcano eruption in Iceland last week",
        "Amazing pictures of the volcano eruption in Iceland this morning",
        "I live 10 km from the volcano eruption in Iceland, ask me anything",
        "Volcano eruption in Iceland seen from space by a weather satellite",
        "Town evacuated after Iceland volcano eruption opens second fissure",
        "My view of the Iceland volcano eruption from the plane yesterday",
    ]
    told = [post(text, now - 800 + 60 * n, f"author{n}") for n, text in enumerate(headlines)]

    [topic] = desk.topics(quiet_hours(now) + told, now)

    assert topic.observed == len(headlines) > MANY_TEXTS


def test_short_posts_of_many_people_are_a_voice_each(desk: Desk, now: int) -> None:
    [topic] = desk.topics(quiet_hours(now) + flood(beside("volcano eruption", 1), 40, now), now)

    assert topic.label == "volcano eruption"
    assert topic.observed > 35


def test_short_posts_of_many_people_in_a_script_without_spaces_are_a_voice_each(desk: Desk, now: int) -> None:
    def remark(random: Random, number: int) -> str:
        return "แผ่นดินไหว " + "".join(random.choices("กขคงจชซดตถ", k=6))

    [topic] = desk.topics(quiet_hours(now) + flood(remark, 40, now), now)

    assert topic.observed > 35
