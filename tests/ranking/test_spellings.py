"""One word is one term, however people write it; what only looks alike is not."""

from __future__ import annotations

import pytest

from trendspark_cli.ranking.text.keys import term_key
from trendspark_cli.ranking.text.terms import keys_of_posts

ARTICLES = (
    "Etna l'Etna L’Etna dell'Etna sull’Etna all'Etna nell'Etna d'Etna qu'Etna",
    "Hospitalet l'Hospitalet d'Hospitalet n'Hospitalet",
    "Água d'água",
    "Éirinn d'Éirinn b'Éirinn",
    "Éireannach tÉireannach",
    "AT&T l'AT&T dell’AT&T",
    "U.S.A. l'U.S.A. L’U.S.A. l'USA",
)
SPELLINGS = (
    "Bogotá Bogota BOGOTÁ Bogota\u0301",
    "ΣΕΙΣΜΌΣ σεισμός Σεισμος ΣΕΙΣΜΟΣ",
    "DİYARBAKIR Diyarbakır DIYARBAKIR diyarbakir",
    "самолёт самолет САМОЛЁТ",
    "Weißgasse Weissgasse WEISSGASSE WEIẞGASSE",
    "Łódź Lodz LODZ",
    "مدرسة مدرسه",
    "کتاب كتاب كِتَاب",
    "مصري مصری مصرى",
    'צה"ל צה״ל',
    "צ'כיה צ׳כיה",
    "e-mail E-Mail email e‑mail ｅ－ｍａｉｌ",
    "ＮＡＳＡ NASA N.A.S.A.",
    "GPT-4.5 GPT‑4.5 gpt-4.5 GPT4.5",
    "AT&T AT&amp;T at&t #AT&T",
    "U.S. U.S u.s.",
    "O'Brien O’Brien",
)
NAMES = {
    "R&B": "r&b",
    "AT&T": "at&t",
    "C++": "c++",
    "C#": "c#",
    ".NET": ".net",
    "U.S.": "u.s",
    "$BRK.B": "$brk.b",
    "GPT-4.5": "gpt4.5",
    "6.8": "6.8",
}
OTHERS = ("GPT-4.5 GPT-4.1", "C++ C#", "U.S. us", "$TSLA TSLA", "5-4 54", "Sa'ad ad", "D'Angelo Dangelos", ".NET net")


def terms_of(text: str) -> set[int]:
    """The keys of a text's terms."""
    return keys_of_posts([text])[0]


@pytest.mark.parametrize("words", [*ARTICLES, *SPELLINGS])
def test_one_word_in_its_usual_spellings_is_one_term(words: str) -> None:
    first, *others = words.split()

    assert [terms_of(word) for word in others] == [terms_of(first)] * len(others)
    assert len(terms_of(first)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_name_made_of_signs_is_one_term(name: str) -> None:
    assert terms_of(name) == {term_key(NAMES[name])}


@pytest.mark.parametrize("words", OTHERS)
def test_what_only_looks_alike_is_another_term(words: str) -> None:
    one, other = words.split()

    assert terms_of(one) != terms_of(other)


def test_a_name_and_the_number_after_it_are_a_pair() -> None:
    assert terms_of("S&P 500") == {term_key("s&p"), term_key("500"), term_key("s&p 500")}
