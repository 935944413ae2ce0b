"""Planted stories in ten languages over the words people use most in each, and decoys; and how they are found.

A stream comes twice, the same but for the spelling of its stories: always in one spelling (control), or in all that
people use. Each story has to open the same trend at the same tick in both, and nothing else may open any.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.ranking.text.words import canonical_word

START = datetime(2026, 10, 28, tzinfo=UTC)
TICK = timedelta(minutes=15)
TICKS_PER_DAY = 96
WORDS_OF_A_POST = 7
PEOPLE = 12  # tell a story, a post each
COPIES = 40  # of a decoy


@dataclass(frozen=True)
class Language:
    """What is told in a language, in all its spellings, the first of which is the control; and a day or month of it."""

    story: tuple[str, ...]
    date: str

    @property
    def term(self) -> str | None:
        """Return the term that all spellings are counted as."""
        return canonical_word(self.story[0])


LANGUAGES = {
    "es": Language(("Bogotá", "Bogota", "BOGOTÁ", "#Bogotá", "Bogota\u0301"), "viernes"),
    "de": Language(("Weißgasse", "Weissgasse", "WEISSGASSE", "WEIẞGASSE"), "Freitag"),
    "it": Language(("Etna", "l'Etna", "dell’Etna", "sull'Etna", "all’Etna", "nell'Etna"), "venerdì"),
    "fr": Language(("Élysée", "l'Élysée", "d’Elysée", "ÉLYSÉE", "l’Elysee"), "vendredi"),
    "tr": Language(("Diyarbakır", "DİYARBAKIR", "Diyarbakır'da", "diyarbakir", "DIYARBAKIR"), "perşembe"),
    "ru": Language(("самолёт", "самолет", "САМОЛЁТ", "Самолет"), "пятница"),
    "ar": Language(("مكتبة", "مكتبه", "مَكتبة", "مكـتبة"), "الجمعة"),
    "fa": Language(("کتابداری", "كتابداري", "کتابداري", "كتابداری"), "پنجشنبه"),
    "he": Language(('צה"ל', "צה״ל", "#צה״ל"), "נובמבר"),
    "el": Language(("σεισμός", "ΣΕΙΣΜΟΣ", "Σεισμός", "σεισμος", "ΣΕΙΣΜΌΣ"), "Παρασκευή"),
}
Counts = Mapping[str, Mapping[str, float]]
"""How often words are used, by language."""


def lines_of(counts: Counts, *, is_control: bool, seed: int = 1, days: int = 2, per_tick: int = 1) -> Iterator[str]:
    """Yield the posts of a stream in order, a line of JSON each; `per_tick`: everyday posts of each language."""
    posts: list[tuple[datetime, str, str]] = []
    for number, (code, language) in enumerate(LANGUAGES.items()):
        talk = _talk(counts[code], Random(f"{seed} {code}"), {canonical_word(word) for word in language.story})
        for tick in range(days * TICKS_PER_DAY + len(LANGUAGES) + 4):
            posts += [
                (START + tick * TICK + timedelta(seconds=number + 60 * n), "", next(talk)) for n in range(per_tick)
            ]
        begin = START + (days * TICKS_PER_DAY + number) * TICK
        spellings = language.story[:1] if is_control else language.story
        told = [spellings[n % len(spellings)] for n in range(PEOPLE)]
        posts += [(begin + timedelta(seconds=45 + 100 * n), "", f"{word} {next(talk)}") for n, word in enumerate(told)]
        posts += [(at, author, text) for at, author, text in _decoys(begin, code, language.date, talk)]
    for number, (at, author, text) in enumerate(sorted(posts, key=lambda post: (post[0], post[2]))):
        fields = {"source": "x", "source_id": f"{number:06}", "created_at": to_text(at), "text": text}
        yield json.dumps({**fields, "author": author or f"a{number}"}, ensure_ascii=False)


def _talk(counts: Mapping[str, float], random: Random, without: set[str | None]) -> Iterator[str]:
    """Yield what people say all day, in the words of their language, each as often as it is used."""
    words = [word for word in counts if canonical_word(word) not in without]
    weights = list(accumulate(counts[word] for word in words))
    while True:
        yield " ".join(random.choices(words, cum_weights=weights, k=WORDS_OF_A_POST))


def _decoys(begin: datetime, code: str, date: str, talk: Iterator[str]) -> Iterator[tuple[datetime, str, str]]:
    """Yield one account that repeats itself, three that copy one text, and people who say which day it is."""
    copied = next(talk)
    for number in range(COPIES):
        at = begin + timedelta(seconds=50 + 30 * number)
        yield at, f"flood {code}", f"flooded{code} {next(talk)}"
        yield at, f"ring {code} {number % 3}", f"copied{code} {copied}"
        if number < PEOPLE:
            yield at, "", f"{date} {next(talk)}"


def found(trends: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return by language when its story opened, and by its terms what opened beside."""
    when: dict[str, str] = {}
    of_terms = {language.term: code for code, language in LANGUAGES.items()}
    for trend in trends:
        codes = [of_terms[term] for term in trend["terms"] if term in of_terms]
        when[codes[0] if codes and codes[0] not in when else ", ".join(trend["terms"])] = trend["opened_at"]
    return when


def real_counts(words: int = 1_000) -> Counts:
    """Return how often the commonest words of each language are used, as wordfreq has them."""
    import wordfreq  # pip install wordfreq: its counts (CC BY-SA 4.0) are read here, and not kept

    return {
        code: {word: wordfreq.word_frequency(word, code) for word in wordfreq.top_n_list(code, words)}
        for code in LANGUAGES
    }


def write_stream(target: Path, counts: Counts, **options: Any) -> Path:
    """Write a stream to a file."""
    target.write_text("".join(f"{line}\n" for line in lines_of(counts, **options)), encoding="utf-8")
    return target


def language_table(of_spellings: Mapping[int, tuple[Mapping[str, str], Mapping[str, str]]], days: int) -> list[str]:
    """Return minutes from each story's first post, in one spelling / in all, by seed; and what else opened."""
    lines = [
        f"| minutes to the trend, one spelling / all | {' | '.join(f'seed {seed}' for seed in of_spellings)} |",
        "| --- |" + " --- |" * len(of_spellings),
    ]
    for number, (code, language) in enumerate(LANGUAGES.items()):
        begin = START + (days * TICKS_PER_DAY + number) * TICK + timedelta(seconds=45)
        cells = [" / ".join(_minutes(when.get(code), begin) for when in both) for both in of_spellings.values()]
        lines.append(f"| {code}: {', '.join(language.story[:2])} | {' | '.join(cells)} |")
    others = [" / ".join(str(len(when.keys() - LANGUAGES.keys())) for when in both) for both in of_spellings.values()]
    return [*lines, f"| anything else that opened, of {3 * len(LANGUAGES)} decoys | {' | '.join(others)} |"]


def _minutes(opened_at: str | None, begin: datetime) -> str:
    return "none" if opened_at is None else f"{(from_text(opened_at) - begin) / timedelta(minutes=1):.0f}"
