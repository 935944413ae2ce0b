"""Names of topics that a person would choose: the strongest name first, and little that adds to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from trendspark_cli.ranking.bursts.telling import NAME_SHARE
from trendspark_cli.ranking.bursts.term_evidence import TermEvidence
from trendspark_cli.ranking.text.calendar_terms import is_calendar_term
from trendspark_cli.ranking.text.folding import visible
from trendspark_cli.ranking.text.particles import without_particles
from trendspark_cli.ranking.text.stop_words import STOP_WORDS
from trendspark_cli.ranking.text.words import (
    LONGEST_TEXT,
    UNSPACED_RUN,
    WRITTEN_WORD,
    canonical_word,
    is_link,
)

MOST_PARTS = 3
LONGEST_LABEL = 48  # characters
MOST_WORDS = 4  # of one part
SHOUTED_SHARE = 0.5  # of a text's letters that are capitals: such a text tells nothing of names
LEAST_PAIR_SHARE, LEAST_NAME_PAIR_SHARE = 0.5, 1 / 3  # of a word's texts that have the pair
LEAST_DATE_SHARE = 0.75  # of a phrase's texts that a month or weekday stands beside: April Fools, Black Friday
LEAST_TEXTS, LEAST_SHARE = 2, 0.2  # of the texts that a further part stands in
READ_TOPICS = 16  # remembered: a topic that is weighed is then given its label by the same texts
_LINK = re.compile(r"\S*://\S*")
_SENTENCE_END = re.compile(r"[.!?:;\n…“”\"()\[\]|]")

Phrase = tuple[str, ...]


@dataclass(slots=True)
class _Word:
    """A word of a text: how it is counted and written, and whether it stands inside a sentence."""

    canonical: str | None
    written: str
    is_inside: bool


@dataclass(slots=True)
class _Texts:
    """Distinct texts as words, and where each word stands."""

    texts: list[list[_Word]] = field(default_factory=list)
    shouted: set[int] = field(default_factory=set)
    places: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


def label_by_strength(terms: Sequence[TermEvidence]) -> str:
    """Return a label where there are no texts: strongest first, no word twice, a pair only where it is half of a word.

    A link names a topic only where nothing else does.
    """
    posts = {term.term: term.posts for term in terms}
    plain = [term.term for term in terms if not is_link(term.term)] or [term.term for term in terms]
    parts: list[str] = []
    for term in plain:
        if " " not in term:
            pairs = [pair for pair in plain if term in pair.split() and " " in pair]
            term = next((pair for pair in pairs if posts[pair] >= LEAST_PAIR_SHARE * posts[term]), term)
        elif any(posts[term] < LEAST_PAIR_SHARE * posts.get(word, 0) for word in term.split()):
            continue
        if len(parts) < MOST_PARTS and not set(term.split()) & {word for part in parts for word in part.split()}:
            parts.append(term)
    return ", ".join(parts or plain[:1])


def label_by_texts(terms: Sequence[TermEvidence], texts: Sequence[str]) -> str:
    """Return the label that these texts give a topic, as most of them write it; empty when none has a term."""
    read = _read(tuple(texts))
    listed: list[Phrase] = [tuple(term.term.split()) for term in terms if not is_link(term.term)]
    held = {phrase: _holding(read, phrase) for phrase in listed}
    single = {phrase[0] for phrase in listed if len(phrase) == 1}
    words = [phrase for phrase in listed if held[phrase] and (len(phrase) == 1 or not single & set(phrase))]
    words = [phrase for phrase in words if not any(map(is_calendar_term, phrase))]
    names = {phrase for phrase in words if any(_is_name(read, word) for word in phrase)}
    count = len(read.texts)
    common = [word for word in words if 2 * len(_holding(read, word)) >= count] or words[:1]
    if not common:
        return ""
    first = next((word for word in common if word in names), common[0])
    least = max(LEAST_TEXTS, LEAST_SHARE * count)
    others = [word for word in words if word != first and len(_holding(read, word)) >= least]
    parts: list[Phrase] = []
    label = ""
    for word in [first, *sorted(others, key=lambda word: word not in names)]:
        taken = {one for part in parts for one in part}
        if len(parts) == MOST_PARTS or taken & set(word) or _closed_up(word) in map(_closed_up, parts):
            continue
        open_pairs = [pair for pair in listed if len(pair) > 1 and not taken & set(pair)]
        phrase = _grown(read, _paired(read, word, open_pairs, names), taken)
        longer = f"{label}, {_as_written(read, phrase)}" if label else _as_written(read, phrase)
        if len(longer) <= LONGEST_LABEL or not label:
            label = longer
            parts.append(phrase)
    return label


def _closed_up(phrase: Phrase) -> str:
    """Return the form in which words and the tag made of them are equal."""
    return "".join(phrase)


@lru_cache(READ_TOPICS)
def _read(texts: tuple[str, ...]) -> _Texts:
    """Return the texts as words, each different one once."""
    read, seen = _Texts(), set[tuple[str | None, ...]]()
    for text in texts:
        words = list(_words_of(visible(_LINK.sub(" ", text[:LONGEST_TEXT]))))
        signature = tuple(word.canonical for word in words)
        if signature in seen:
            continue
        seen.add(signature)
        number = len(read.texts)
        letters = [letter for word in words for letter in word.written if letter.isalpha()]
        if sum(letter.isupper() for letter in letters) > SHOUTED_SHARE * len(letters):
            read.shouted.add(number)
        for place, word in enumerate(words):
            if word.canonical is not None:
                read.places.setdefault(word.canonical, []).append((number, place))
        read.texts.append(words)
    return read


def _words_of(text: str) -> Iterator[_Word]:
    end, is_inside = 0, False
    for found in WRITTEN_WORD.finditer(text):
        if _SENTENCE_END.search(text, end, found.start()):
            yield _Word(None, "", False)  # no phrase crosses it
            is_inside = False
        yield _Word(canonical_word(found.group()), without_particles(found.group()), is_inside)
        end, is_inside = found.end(), True


def _places(read: _Texts, phrase: Phrase) -> Iterator[tuple[int, int]]:
    """Yield text and place of each use of a phrase."""
    for number, place in read.places.get(phrase[0], ()):
        words = read.texts[number][place : place + len(phrase)]
        if tuple(word.canonical for word in words) == phrase:
            yield number, place


def _holding(read: _Texts, phrase: Phrase) -> set[int]:
    """Return the texts that hold a phrase."""
    return {number for number, _ in _places(read, phrase)}


def are_common_words(terms: Sequence[str], texts: Sequence[str]) -> bool:
    """Tell whether all words of these terms are mostly written small inside sentences, so that no name is among them.

    False where that cannot be seen: of numbers, scripts without capitals, links, words that only begin sentences.
    """
    read = _read(tuple(texts))
    return all(not is_link(term) and _is_common(read, word) for term in terms for word in term.split(" "))


def _inside(read: _Texts, word: str) -> list[str]:
    """Return how a word is written where a sentence would not ask for a capital, or with a #."""
    uses = [read.texts[n][place] for n, place in read.places.get(word, ()) if n not in read.shouted]
    return [use.written for use in uses if use.is_inside or use.written[:1] == "#"]


def _is_name(read: _Texts, word: str) -> bool:
    """Tell whether a word is mostly written with a capital or a # where a sentence would not ask for it."""
    inside = _inside(read, word)
    marked = [written for written in inside if written[:1] in "#$" or written.lower() != written]
    return bool(inside) and len(marked) >= NAME_SHARE * len(inside)


def _is_common(read: _Texts, word: str) -> bool:
    """Tell whether a word is too seldom written so to be a name; a number ("4th", "5k") has no way to be."""
    inside = _inside(read, word)
    small = [
        written
        for written in inside
        if written[:1] not in "#$" and not written[:1].isdigit() and written.lower() == written != written.upper()
    ]
    return len(small) > (1.0 - NAME_SHARE) * len(inside)


def _paired(read: _Texts, word: Phrase, pairs: Sequence[Phrase], names: set[Phrase]) -> Phrase:
    """Return the pair that enough of a word's texts have, or the word."""
    if len(word) > 1:
        return word
    share = LEAST_NAME_PAIR_SHARE if word in names else LEAST_PAIR_SHARE
    least = share * len(_holding(read, word))
    held = [pair for pair in pairs if word[0] in pair and len(_holding(read, pair)) >= least]
    return max(held, key=lambda pair: len(_holding(read, pair)), default=word)


def _grown(read: _Texts, phrase: Phrase, taken: set[str]) -> Phrase:
    """Return the phrase with the neighbours that at least half of its texts have; of dates three quarters."""
    while len(phrase) < MOST_WORDS:
        uses = list(_places(read, phrase))
        texts = {number for number, _ in uses}
        around: Counter[tuple[bool, str]] = Counter()
        for is_before, offset in ((True, -1), (False, len(phrase))):
            found = {
                (number, word.canonical)
                for number, place in uses
                if 0 <= place + offset < len(read.texts[number])
                for word in [read.texts[number][place + offset]]
                if word.canonical is not None and word.canonical not in STOP_WORDS
                if not UNSPACED_RUN.search(word.canonical)
            }
            around.update((is_before, canonical) for _, canonical in found if canonical not in (*phrase, *taken))
        if not around:
            break
        (is_before, neighbour), times = max(around.items(), key=lambda item: (item[1], item[0]))
        longer = (neighbour, *phrase) if is_before else (*phrase, neighbour)
        is_common = times >= max(LEAST_TEXTS, (LEAST_DATE_SHARE if is_calendar_term(neighbour) else 0.5) * len(texts))
        if not is_common or neighbour == _closed_up(phrase) or len(" ".join(longer)) > LONGEST_LABEL:
            break
        phrase = longer
    return phrase


def _as_written(read: _Texts, phrase: Phrase) -> str:
    """Return a phrase as most of its texts write it, shouted ones only where there are no others."""
    calm: Counter[str] = Counter()
    shouted: Counter[str] = Counter()
    for number, place in _places(read, phrase):
        words = read.texts[number][place : place + len(phrase)]
        spelling = " ".join(word.written.removeprefix("#") for word in words)
        (shouted if number in read.shouted else calm)[spelling] += 1
    found = calm or shouted
    return max(found, key=lambda spelling: (found[spelling], spelling), default=" ".join(phrase))
