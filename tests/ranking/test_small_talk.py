"""People who talk of nothing open no trend, whatever their language; and a name they all say does."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.ranking.streams import Desk, post
from tests.ranking.test_languages import quiet_hours
from trendspark_cli.ranking.text.stop_words import STOP_WORDS

# A language a line: its code, and what twelve people say, each of something else.
SENTENCES = {
    code: sentences
    for line in (Path(__file__).parent / "small_talk.txt").read_text(encoding="utf-8").splitlines()
    for code, *sentences in [line.split("|")]
}
_SYLLABLES = "ka lo mi ne ru sa to vi we zo bra cle dri fro gla pli sto tra"
SYLLABLES = _SYLLABLES.split()
# Among the commonest words of a language, and more often news in English: told apart by history alone.
NEWS_IN_ENGLISH = {"war", "sam", "nasa", "rất"}


def test_there_are_thirty_languages_and_more() -> None:
    assert len(SENTENCES) >= 36
    assert all(len(sentences) == 12 for sentences in SENTENCES.values())


@pytest.mark.parametrize("language", SENTENCES)
def test_small_talk_of_a_language_nobody_used_before_is_no_topic(desk: Desk, now: int, language: str) -> None:
    said = [post(text, now - 3000 + 200 * n, f"a{n}") for n, text in enumerate(SENTENCES[language])]

    assert desk.topics(quiet_hours(now) + said, now) == []


@pytest.mark.parametrize("language", SENTENCES)
def test_a_name_amid_small_talk_is_a_topic(desk: Desk, now: int, language: str) -> None:
    said = [post(f"{text} Quibbleton", now - 3000 + 200 * n, f"a{n}") for n, text in enumerate(SENTENCES[language])]

    [topic] = desk.topics(quiet_hours(now) + said, now)

    assert topic.terms[0].term == "quibbleton"


@pytest.mark.parametrize("language", SENTENCES)
def test_the_commonest_words_of_a_language_in_any_order_are_no_topic(desk: Desk, now: int, language: str) -> None:
    words = Counter(
        word
        for text in SENTENCES[language]
        for word in set(re.findall(r"[^\W\d_][\w'’\u0300-\u036f\u0900-\u0963]+", text.lower()))
    )
    common = [word for word, texts in words.items() if texts > 1 and word not in NEWS_IN_ENGLISH]
    random = Random(3)
    said = []
    for number in range(40):
        made_up = ["".join(random.choices(SYLLABLES, k=4)) for _ in range(3)]
        text = " ".join(random.choices(common, k=6) + made_up)
        said.append(post(text, now - 3300 + 80 * number, f"a{number}"))

    assert desk.topics(quiet_hours(now) + said, now) == []


NEWS = "nasa putin india china maine asia russia россия москва война trump apple google tesla nato mali lima"


@pytest.mark.parametrize("name", NEWS.split())
def test_what_is_news_is_no_stop_word(name: str) -> None:
    assert name not in STOP_WORDS
