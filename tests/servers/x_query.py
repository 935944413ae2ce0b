"""X's search language: the part TrendSpark uses, read as X reads it.

    query   = all ("OR" all)*          AND binds tighter than OR
    all     = one one*                 a space joins
    one     = ["-"] word | "(" query ")"

Words are compared whole, without case and accents. Not covered: url_title, geo and context
operators; they are refused as X refuses operators an app may not use.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

from .messages import JsonObject
from .x_posts import username_of

Matcher = Callable[[JsonObject], bool]

_TOKEN = re.compile(r'-?(?:[a-z_]+:)?"[^"]*"|-?\(|\)|[^\s()"]+')
_WORD = re.compile(r"\w+")
_OPERATOR = re.compile(r"([a-z_]+):(.+)", re.DOTALL)
_REFERENCES = {"retweet": "retweeted", "reply": "replied_to", "quote": "quoted"}
_CONJUNCTION_REQUIRED = ("is:", "has:", "lang:")  # may not be the only thing asked for


class QueryError(ValueError):
    """The query is not in the language; the message is X's explanation."""


def parse_query(query: str) -> Matcher:
    """Return a function that says whether a post matches. Raises QueryError."""
    tokens = _TOKEN.findall(query)
    if not any(_stands_alone(token) for token in tokens):
        raise QueryError(
            "There were errors processing your request: is/has/lang cannot be used"
            " as a standalone operator (at position 1)"
        )
    reader = _Reader(tokens)
    matcher = reader.any_of()
    if reader.peek() is not None:
        raise QueryError("There were errors processing your request: missing opening parenthesis")
    return matcher


def _stands_alone(token: str) -> bool:
    ignored = token.startswith(("-", *_CONJUNCTION_REQUIRED)) or token in ("(", ")", "OR")
    return not ignored


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.position = 0

    def peek(self) -> str | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self) -> str:
        self.position += 1
        return self.tokens[self.position - 1]

    def any_of(self) -> Matcher:
        choices = [self.all_of()]
        while self.peek() == "OR":
            self.take()
            choices.append(self.all_of())
        return lambda post: any(choice(post) for choice in choices)

    def all_of(self) -> Matcher:
        parts: list[Matcher] = []
        while self.peek() not in (None, ")", "OR"):
            parts.append(self.one())
        if not parts:
            raise QueryError("There were errors processing your request: no viable alternative")
        return lambda post: all(part(post) for part in parts)

    def one(self) -> Matcher:
        token = self.take()
        if token == "-(":
            raise QueryError("There were errors processing your request: negated group")
        if token == "(":
            inner = self.any_of()
            if self.peek() != ")":
                raise QueryError("There were errors processing your request: missing ')'")
            self.take()
            return inner
        if token.startswith("-") and len(token) > 1:
            wanted = _term(token[1:])
            return lambda post: not wanted(post)
        return _term(token)


def _term(token: str) -> Matcher:
    if token.lower() in ("and", "or"):
        raise QueryError(
            f"There were errors processing your request: Ambiguous use of {token.lower()} as a"
            f' keyword. Use a space to logically join two clauses, or "{token.lower()}" to find'
            f" occurrences of {token.lower()} in text"
        )
    if operator := _OPERATOR.fullmatch(token):
        return _operator(operator[1], operator[2])
    if token.startswith("#"):
        return _in_entities("hashtags", "tag", token[1:])
    if token.startswith("$"):
        return _in_entities("cashtags", "tag", token[1:])
    if token.startswith("@"):
        return _in_entities("mentions", "username", token[1:])
    return _words(token.strip('"'))


def _operator(name: str, value: str) -> Matcher:
    value = value.strip('"').casefold()
    if name == "lang":
        return lambda post: bool(post.get("lang") == value)
    if name == "from":
        return lambda post: value in (post["author_id"], username_of(post["author_id"]))
    if name == "url":
        return lambda post: value in str(post.get("entities", {}).get("urls", "")).casefold()
    if name == "is" and value in _REFERENCES:
        wanted = _REFERENCES[value]
        return lambda post: any(r["type"] == wanted for r in post.get("referenced_tweets", ()))
    if name == "has" and value in ("links", "hashtags", "mentions", "cashtags"):
        kind = "urls" if value == "links" else value
        return lambda post: kind in post.get("entities", {})
    raise QueryError(
        "There were errors processing your request: Reference to invalid operator"
        f" '{name}'. Operator is not available in current product or product packaging."
    )


def _in_entities(kind: str, key: str, value: str) -> Matcher:
    wanted = _folded(value)

    def matches(post: JsonObject) -> bool:
        found = post.get("entities", {}).get(kind, ())
        return any(_folded(one[key]) == wanted for one in found)

    return matches


def _words(phrase: str) -> Matcher:
    wanted = _WORD.findall(_folded(phrase))

    def matches(post: JsonObject) -> bool:
        whole = html.unescape(post.get("note_tweet", post)["text"])
        if not wanted:  # an emoji or other sign
            return phrase in whole
        words = _WORD.findall(_folded(whole))
        starts = range(len(words) - len(wanted) + 1)
        return any(words[start : start + len(wanted)] == wanted for start in starts)

    return matches


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
