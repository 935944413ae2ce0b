"""What people type to find posts, and whether a text fits it; nothing here knows how texts are kept or indexed.

An index may name too many posts and never too few: whoever asks one looks at each text again with `fits`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trendspark_cli.ranking.text.folding import folded, visible
from trendspark_cli.ranking.text.words import LETTER, UNSPACED

LONGEST_QUERY = 1_000  # characters
MOST_PARTS = 32
LONGEST_TERM = 64  # characters; of longer ones, such as keys and hashes, the beginning counts
SHOWN = 60  # characters of what was wrong
OPERATORS = frozenset(("AND", "OR", "NOT", "NEAR"))
_PLAIN_TERM = re.compile("[a-z0-9]+")
_RUN = re.compile(f"{LETTER}+")
# A character of a script without spaces is a term of its own, so that any piece of a run is found.
_TERM = re.compile(f"[{UNSPACED}]|(?:(?![{UNSPACED}_]){LETTER})+")
_UNSPACED_TERM = re.compile(f"[{UNSPACED}]")
_PART = re.compile(r"(?P<sign>-*)(?:\"(?P<phrase>[^\"]*)\"(?P<star>\**)(?=\s|$)|(?P<word>\S+))|\s+")


class Part(NamedTuple):
    """Words that must stand side by side, or must not; the last of them whole, or as the beginning of a word."""

    terms: tuple[str, ...]
    is_prefix: bool
    is_excluded: bool


class IndexTerm(NamedTuple):
    """A term to look up in an index, or the beginning of terms."""

    text: str
    is_prefix: bool


class SearchQuery(NamedTuple):
    """What is looked for: each part must be in the text, and no excluded one."""

    parts: tuple[Part, ...]

    def fits(self, text: str) -> bool:
        """Tell whether a text holds all that is looked for and nothing excluded."""
        if text.isascii() and not self._may_fit(text.lower()):
            return False
        joined = f" {' '.join(terms_of(text))} "
        return all((_wanted(part) in joined) is not part.is_excluded for part in self.parts)

    def _may_fit(self, text: str) -> bool:
        """Tell in less time whether a plain text in small letters has at least the words."""
        return all(part.is_excluded or all(term in text for term in part.terms) for part in self.parts)

    def index_terms(self) -> list[IndexTerm]:
        """Return what each text that fits has of what `index_terms_of` returns."""
        found: dict[IndexTerm, None] = {}
        for part in self.parts:
            if not part.is_excluded:
                found |= dict.fromkeys(_looked_up(part))
        return list(found)


def read_query(text: str) -> SearchQuery:
    """Return what people mean by: words that must all be there, "phrases in quotes", beginnings*, -exclusions.

    Raises ValueError that names what is none of these.
    """
    if len(text) > LONGEST_QUERY:
        raise ValueError(f"the search has {len(text)} characters; expected at most {LONGEST_QUERY}")
    parts = [_part(found) for found in _PART.finditer(text) if not found[0].isspace()]
    if len(parts) > MOST_PARTS:
        raise ValueError(f"the search has {len(parts)} words; expected at most {MOST_PARTS}")
    if all(part.is_excluded for part in parts):
        told = "only what must not be there" if parts else "nothing"
        raise ValueError(f"the search says {told}; expected a word, such as bridge")
    return SearchQuery(tuple(parts))


def _part(found: re.Match[str]) -> Part:
    """Return one part as it is meant."""
    told = repr(found[0] if len(found[0]) <= SHOWN else f"{found[0][:SHOWN]}…")
    if len(found["sign"]) > 1:
        raise ValueError(f"{told}: no such option; one - before a word excludes it")
    if found["phrase"] is not None:
        words, stars = found["phrase"], found["star"]
    else:
        words = found["word"].rstrip("*")
        stars = found["word"][len(words) :]
        if '"' in words:
            raise ValueError(f"{told}: expected a quote around words, one before the first and one after the last")
        if words.partition("(")[0] in OPERATORS:
            raise ValueError(f"{told}: there are no operators; a word is found in quotes or small letters")
        if words[:1] == "(":
            raise ValueError(f"{told}: brackets mean nothing here; all words must be in a post")
    if len(stars) > 1 or "*" in words:
        raise ValueError(f"{told}: expected one * at the end of a word")
    if not (terms := terms_of(words)):
        raise ValueError(f"{told}: expected a letter or a digit")
    return Part(tuple(terms), bool(stars), bool(found["sign"]))


def terms_of(text: str) -> list[str]:
    """Return the terms of a text in their order: spellings of one word are one term, as the ranking has it."""
    if text.isascii():
        return [term[:LONGEST_TERM] for term in _PLAIN_TERM.findall(text.lower())]
    return [term[:LONGEST_TERM] for run in _RUN.findall(visible(text)) for term in _terms_of_run(run)]


def index_terms_of(text: str) -> list[str]:
    """Return what an index keeps of a text, each term once. Of scripts without spaces, pairs and last characters."""
    return list(dict.fromkeys(_paired(terms_of(text))))


def _terms_of_run(run: str) -> list[str]:
    if run.isascii():
        return _PLAIN_TERM.findall(run.lower())
    return _TERM.findall(folded(run))


def _paired(terms: Sequence[str]) -> Iterator[str]:
    """Yield terms, those of scripts without spaces with the one after them: one alone is in too many texts."""
    for place, term in enumerate(terms):
        following = terms[place + 1] if place + 1 < len(terms) else ""
        yield term + following if _is_unspaced(term) and _is_unspaced(following) else term


def _looked_up(part: Part) -> Iterator[IndexTerm]:
    *before, last = _paired(part.terms)
    yield from (IndexTerm(term, is_prefix=False) for term in before)
    if not _is_unspaced(last):
        yield IndexTerm(last, part.is_prefix)
    elif len(part.terms) == 1 or not _is_unspaced(part.terms[-2]):  # else the pair before has it
        yield IndexTerm(last, is_prefix=True)


def _is_unspaced(term: str) -> bool:
    return bool(term) and not term.isascii() and _UNSPACED_TERM.fullmatch(term) is not None


def _wanted(part: Part) -> str:
    """Return how the terms of a part stand among those of a text."""
    return f" {' '.join(part.terms)}{'' if part.is_prefix else ' '}"
