"""Whether a topic's terms say what happened: not when it is only a date, or what posts are filed under."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from trendspark_cli.ranking.text.calendar_terms import is_calendar_term
from trendspark_cli.ranking.text.words import LONGEST_TEXT, plain_words

NAME_SHARE = 0.6  # of a name's uses inside sentences that begin with a capital or #
TAG_SHARE = 0.5  # of a term's texts that have it in brackets only
DATE_SHARE = 0.5  # of a date's texts that have another word of it
MOST_TEXTS = 20  # of each term: the newest
_BRACKETS = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")


def says_what(terms: Sequence[str], texts_of: Callable[[int], Sequence[str]]) -> bool:
    """Tell whether one of a topic's terms says more than when, or how posts are filed.

    `texts_of` gives the newest texts of a term by its place in `terms`; none where nobody knows them.
    """
    return any(
        not is_calendar_term(term) and not is_tag(term, texts_of(place)[-MOST_TEXTS:])
        for place, term in enumerate(terms)
    )


def is_tag(term: str, texts: Sequence[str]) -> bool:
    """Tell whether at least half of the different texts have a term in brackets only: [OC], [640x427], (spoilers)."""
    different = {text[:LONGEST_TEXT] for text in texts}
    return bool(different) and sum(_is_bracketed(term, text) for text in different) >= TAG_SHARE * len(different)


def words_of_date(terms: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
    """Return what else belongs to a date, given its texts: other words that say when, which half of them have.

    "july" of "4th", where people mostly write "July 4th" or "4th of July". Words of the topic's terms are left out.
    """
    different = {text[:LONGEST_TEXT] for text in texts}
    known = {word for term in terms for word in term.split()}
    uses = Counter(word for text in different for word in set(plain_words(text).split()) - known)
    half = DATE_SHARE * len(different)
    return tuple(sorted(word for word, count in uses.items() if count >= half and is_calendar_term(word)))


def _is_bracketed(term: str, text: str) -> bool:
    outside, brackets = _BRACKETS.subn(" ", text)
    return bool(brackets) and f" {term} " not in f" {plain_words(outside)} "
