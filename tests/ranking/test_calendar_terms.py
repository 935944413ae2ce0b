"""A day, a month or a date alone is no news, in whatever language; what happens on it is."""

from __future__ import annotations

import pytest

from tests.ranking.streams import Desk, opened_by, said
from tests.ranking.test_languages import quiet_hours
from trendspark_cli.ranking.bursts.telling import words_of_date
from trendspark_cli.ranking.text.calendar_terms import is_calendar_term
from trendspark_cli.ranking.text.terms import keys_of_posts
from trendspark_cli.ranking.text.words import chunks_of, words_of_chunk

DATES = (
    "Friday", "Freitag", "vendredi", "viernes", "sexta-feira", "venerdì", "пятница", "пятницу", "الجمعة", "शुक्रवार",
    "Παρασκευή", "Cumartesi", "perjantaina", "piątek", "週末", "ιανουαρίου", "sierpnia", "août", "weekend",
    "June 3rd", "27th", "August 2013", "10월", "gestern", "вчера", "mañana",
)  # fmt: skip
NEWS = ("Black Friday", "march", "Mars", "420", "777", "Friday fire", "90th", "May Day", "1848", "กา")


@pytest.mark.parametrize("date", DATES)
def test_a_date_alone_opens_nothing(desk: Desk, now: int, date: str) -> None:
    assert opened_by(desk.topics(quiet_hours(now) + said(date, 14, now - 1800), now), now) == []


@pytest.mark.parametrize("date", ["Friday", "vendredi", "пятница"])
def test_what_happens_on_it_does(desk: Desk, now: int, date: str) -> None:
    [topic] = opened_by(desk.topics(quiet_hours(now) + said(f"{date} Quibbleton", 14, now - 1800), now), now)

    assert "quibbleton" in topic.story.terms


@pytest.mark.parametrize(
    ("written", "of_date"),
    [
        (("Happy 4th of July", "4th of July", "Happy 4th"), ("july",)),
        (("Happy 4th of July", "Happy 4th", "Happy 4th, all"), ()),
    ],
)
def test_a_number_of_a_day_is_told_with_the_month_that_most_write_beside_it(
    desk: Desk, now: int, written: tuple[str, ...], of_date: tuple[str, ...]
) -> None:
    posts = [
        one for place, words in enumerate(written) for one in said(words, 7, now - 1800 + place, seed=place, every=60)
    ]
    for usual in ("Happy July", "July"):
        desk.learn(said(usual, 900, now - 8 * 86400, every=600))

    [trend] = opened_by(desk.topics(quiet_hours(now) + posts, now), now)

    assert trend.story.terms[0] in {"4th", "happy 4th", "july 4th"}
    assert tuple(term for term in trend.story.terms if term == "july") == of_date
    assert ("july" in trend.label) is bool(of_date)


def test_what_else_belongs_to_a_date_is_said_once_by_each_text() -> None:
    texts = ["the 4th of July, July"] * 9 + ["on the 4th", "a 4th time"]

    assert words_of_date(["4th"], texts) == ()
    assert words_of_date(["4th"], [*texts, "July 4th"]) == ("july",)
    assert words_of_date(["4th", "july 4th"], [*texts, "July 4th"]) == ()


@pytest.mark.parametrize("words", NEWS)
def test_what_only_looks_like_a_date_is_none(words: str) -> None:
    term = " ".join(word for chunk in chunks_of([words])[:-1] for word in words_of_chunk(chunk) if word)

    assert keys_of_posts([words])[0]
    assert not is_calendar_term(term)
