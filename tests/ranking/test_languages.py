"""A burst is found in whatever script it is written, and one account's flood or a ring of copies in it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest

from tests.ranking.streams import HOUR, Desk, background, post
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, WINDOW_TICKS
from trendspark_cli.ranking.bursts.spelling import name_topic
from trendspark_cli.ranking.text.folding import folded
from trendspark_cli.ranking.text.stop_words import STOP_WORDS
from trendspark_cli.ranking.text.words import link_of

Filler = Callable[[Random], str]


def words_of(first: str, last: str, length: int = 5) -> Filler:
    """Return what makes three words of characters in a range."""

    def filler(random: Random) -> str:
        letters = [chr(code) for code in range(ord(first), ord(last) + 1)]
        return " " + " ".join("".join(random.choices(letters, k=length)) for _ in range(3))

    return filler


def run_of(first: str, last: str) -> Filler:
    """Return what makes eight characters in a row: a script without spaces."""
    return lambda random: "".join(chr(random.randrange(ord(first), ord(last) + 1)) for _ in range(8))


LATIN = words_of("a", "z", 7)
STORIES: dict[str, tuple[str, Filler]] = {
    "Chinese": ("火山喷发", run_of("一", "龥")),
    "Japanese": ("津波警報", run_of("ぁ", "ん")),
    "Thai": ("แผ่นดินไหว", run_of("ก", "ฮ")),
    "Arabic": ("زلزال عنيف", words_of("ا", "ي")),
    "Hindi": ("भूकंप चेतावनी", words_of("क", "ह")),
    "Russian": ("землетрясение", words_of("а", "я")),
    "Greek": ("ηφαίστειο", words_of("α", "ω")),
    "a hashtag": ("#harbourbridge", LATIN),
    "a cashtag": ("$TSLA", LATIN),
    "words beside emoji": ("🌋volcano🔥eruption🌋", LATIN),
}


def quiet_hours(now: int) -> list[PostRow]:
    return background(now // TICK_SECONDS - WINDOW_TICKS[-1], WINDOW_TICKS[-1])


def told(story: str, filler: Filler, times: int, at: int, authors: Sequence[str | None] = (None,)) -> list[PostRow]:
    """People who speak of a story, each with other words beside it."""
    random = Random(len(story))
    return [post(f"{story}{filler(random)}", at + 20 * n, authors[n % len(authors)]) for n in range(times)]


@pytest.mark.parametrize("script", STORIES)
def test_a_story_is_one_topic_named_by_its_own_words(desk: Desk, now: int, script: str) -> None:
    story, filler = STORIES[script]

    topics = desk.topics(quiet_hours(now) + told(story, filler, 14, now - 1800), now)

    [topic] = topics
    plain = folded(story).lstrip("#").replace("🌋", "").replace("🔥", " ")
    assert all(word in plain for part in topic.label.split(", ") for word in part.split())


@pytest.mark.parametrize(
    ("story", "name"),
    [
        ("火山喷发", "火山喷发"),
        ("東京マラソン", "東京マラソン"),
        ("津波警報", "津波警報"),
        ("แผ่นดินไหว", "แผ่นดินไหว"),
        ("東京 iPhone", "東京, iPhone"),
        ("ﾃｽﾄ運転", "ﾃｽﾄ運転"),
    ],
)
def test_a_story_without_spaces_is_named_as_it_is_written(desk: Desk, now: int, story: str, name: str) -> None:
    filler = run_of("㐀", "䶵")
    rows = [
        row._replace(text=f"{row.text} {filler(Random(row.id))}") for row in told(story, lambda _: " ", 14, now - 1800)
    ]

    [topic] = desk.topics(quiet_hours(now) + rows, now)

    assert name_topic(topic, {row.id: row.text for row in rows}).label == name


@pytest.mark.parametrize("script", STORIES)
def test_one_account_that_repeats_it_is_no_topic(desk: Desk, now: int, script: str) -> None:
    story, filler = STORIES[script]

    assert desk.topics(quiet_hours(now) + told(story, filler, 60, now - HOUR, ["flooder"]), now) == []


@pytest.mark.parametrize("script", STORIES)
def test_a_ring_of_accounts_that_copies_it_is_no_topic(desk: Desk, now: int, script: str) -> None:
    story, filler = STORIES[script]
    text = f"{story}{filler(Random(1))}"
    copies = [post(f"{text} https://t.co/{n}", now - HOUR + 60 * n, f"ring{n % 40}") for n in range(50)]

    assert desk.topics(quiet_hours(now) + copies, now) == []


@pytest.mark.parametrize(
    "words", ["the with about", "nicht auch wird", "para como está", "и не на", "في على من", "है और नहीं"]
)
def test_words_that_say_nothing_in_their_language_are_no_topic(desk: Desk, now: int, words: str) -> None:
    assert {folded(word) for word in words.split()} <= STOP_WORDS

    assert desk.topics(quiet_hours(now) + told(words, LATIN, 30, now - 1800), now) == []


def test_emoji_alone_are_no_topic(desk: Desk, now: int) -> None:
    assert (
        desk.topics(quiet_hours(now) + told("🎉🎉", lambda random: "🔥" * random.randrange(5), 30, now - 1800), now)
        == []
    )


def test_people_who_share_a_link_speak_of_one_story_whatever_their_language(desk: Desk, now: int) -> None:
    link = "https://www.news.example/city/bridge-closed"
    english = told("harbour bridge closed", LATIN, 8, now - 1800)
    german = told("hafenbrücke gesperrt", LATIN, 8, now - 1800)
    rows = [row._replace(text=f"{row.text} {link}?utm_source=feed{n}") for n, row in enumerate(english + german)]

    [topic] = desk.topics(quiet_hours(now) + rows, now)

    assert topic.terms[0].term == "news.example/city/bridge-closed"
    assert "news.example" not in topic.label
    assert {"harbour bridge", "hafenbrucke gesperrt"} <= {term.term for term in topic.terms}


def test_without_the_link_these_are_two_stories(desk: Desk, now: int) -> None:
    rows = told("harbour bridge closed", LATIN, 8, now - 1800) + told("hafenbrücke gesperrt", LATIN, 8, now - 1800)

    assert len(desk.topics(quiet_hours(now) + rows, now)) == 2


def test_links_that_nobody_shares_are_no_topic(desk: Desk, now: int) -> None:
    rows = [post(f"look https://news.example/{n}", now - 1800 + n, f"a{n}") for n in range(60)]

    assert desk.topics(quiet_hours(now) + rows, now) == []


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("https://www.News.example/A/b/", "news.example/a/b"),
        ("(http://m.news.example/a?utm_source=x&fbclid=1#top)", "news.example/a"),
        ("https://video.example/watch?v=abc&t=10s", "video.example/watch?v=abc"),
        ("https://news.example/", None),
        ("https://t.co/abc", None),
        ("https://", None),
        ("https://news.example/" + "x" * 300, None),
    ],
)
def test_a_link_is_known_by_where_it_leads(written: str, link: str | None) -> None:
    assert link_of(written) == link
