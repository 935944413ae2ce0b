"""Regular expressions as keywords: `/colou?r (of|for)/`. Only those whose search has a bound, whatever the text is.

Python's engine goes back and tries again, so an expression and a text that fit each other badly may take years. What
can be tried again is counted when an expression is read, and one that may try too often is refused in words.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_TEXT = 1000  # characters that are searched: a post of Bluesky has 300
MOST_WAYS = 2000  # to match one place of a text, tried one after the other
UNBOUNDED = 1000  # ways that `*`, `+` and `{n,}` have in a text so long
_FORM = re.compile(r"\s*/(.+)/([a-z]*)\s*", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<open>\((?:\?:)?)|(?P<close>\))|(?P<or>\|)|(?P<quantifier>[*+?]\??|\{\d{1,4}(?:,\d{0,4})?\}\??)"
    r"|(?P<item>\\[^0-9].?|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}*+?|])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:[dDwWsSbBnt]|[^A-Za-z0-9])")


class _Group(NamedTuple):
    """An open bracket: how many ways its branches have so far, those of the present branch, and of what was before."""

    before: int
    branches: int


def is_expression(keyword: str) -> bool:
    """Tell whether a keyword is a regular expression."""
    return _FORM.fullmatch(keyword) is not None


def read_expression(keyword: str) -> re.Pattern[str]:
    """Return what finds an expression, in capitals or not. Raises ValueError, in words, for one we do not take."""
    form = _FORM.fullmatch(keyword)
    if form is None:
        raise ValueError("it is not written between two /")
    if form[2] not in ("", "i"):
        raise ValueError(f"what follows it is {form[2]!r}, and only i is known")
    ways = _ways(form[1])
    if ways > MOST_WAYS:
        raise ValueError("a text could keep it busy for too long: write {1,9} for +, and fewer alternatives")
    try:
        found = re.compile(form[1], re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"it makes no sense: {error}") from error
    if found.search("") is not None:
        raise ValueError("it is found in every text")
    return found


def _ways(expression: str) -> int:
    """Return in how many ways one place of a text can be tried."""
    groups: list[_Group] = []
    ways, place, last = 1, 0, ""
    branches = 0
    while place < len(expression):
        token = _TOKEN.match(expression, place)
        if token is None:
            raise ValueError(f"{expression[place : place + 3]!r} in it is not taken: no look-around, no references")
        kind, text, place = str(token.lastgroup), token[0], token.end()
        if kind == "item" and text[0] == "\\":
            if _ESCAPE.match(text) is None:
                raise ValueError(f"{text[:2]!r} in it is not taken")
            place = token.start() + 2
        elif kind == "open":
            groups.append(_Group(ways, branches))
            ways, branches = 1, 0
        elif kind == "or":
            ways, branches = 1, branches + ways
        elif kind == "close":
            if not groups:
                raise ValueError("a bracket in it is closed that was not opened")
            group = groups.pop()
            ways, branches = group.before * (branches + ways), group.branches
        elif kind == "quantifier":
            if last not in ("item", "close") or (last == "close" and text[0] != "?"):
                raise ValueError(f"{text!r} in it may follow a character or [...], and only ? may follow a bracket")
            ways *= _repeats(text)
        last = kind
    if groups:
        raise ValueError("a bracket in it is not closed")
    return branches + ways


def _repeats(quantifier: str) -> int:
    """Return how many ways a quantifier has."""
    if quantifier[0] == "?":
        return 2
    if quantifier[0] in "*+":
        return UNBOUNDED
    least, comma, most = quantifier.strip("{}?").partition(",")
    if not comma:
        return 1
    return max(1, int(most) - int(least) + 1) if most else UNBOUNDED
