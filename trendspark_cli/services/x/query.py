"""Build X search queries from topics, bracketed so that every condition holds for every keyword."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Profile
from trendspark_cli.collecting.expressions import is_expression

QUERY_LIMIT = 512  # characters; longer queries are refused on self-serve access
_PLAIN = re.compile(r"[#@$]?\w+|(?:from|to|url|context|entity):[\w.-]+")
_RESERVED = {"or", "and", "not"}


def queries_of(profile: Profile) -> tuple[str, ...]:
    """Return the X queries of a profile; raise ConfigError for a keyword that is too long.

    X knows no regular expressions: such keywords are for services whose posts we look through ourselves.
    """
    wanted, unwanted = (
        [keyword for keyword in keywords or () if not is_expression(keyword)]
        for keywords in (profile.keywords, profile.exclude_keywords)
    )
    return x_queries(wanted, unwanted, profile.languages)


def x_queries(keywords: Sequence[str], exclude: Sequence[str] = (), languages: Sequence[str] = ()) -> tuple[str, ...]:
    """Return as few queries as hold all *keywords*, each `(k1 OR "k 2") -is:retweet ...` within X's length.

    Raises ConfigError when one keyword alone does not fit.
    """
    if not keywords:
        return ()
    tail = " -is:retweet" + "".join(f" -{_term(word)}" for word in exclude)
    if languages:
        tail += " " + _any_of([f"lang:{language.lower()}" for language in languages])
    queries: list[str] = []
    group: list[str] = []
    for keyword in keywords:
        longer = [*group, _term(keyword)]
        if group and len(_any_of(longer) + tail) > QUERY_LIMIT:
            queries.append(_any_of(group) + tail)
            longer = longer[-1:]
        if len(_any_of(longer) + tail) > QUERY_LIMIT:
            raise ConfigError(
                f"the X query for keyword {keyword!r} has {len(_any_of(longer) + tail)} characters, "
                f"X accepts {QUERY_LIMIT}",
                hint="shorten KEYWORDS or EXCLUDE_KEYWORDS",
            )
        group = longer
    return (*queries, _any_of(group) + tail)


def x_queries_together(queries: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return as few queries as find all that *queries* find, within X's length, each with those it stands for."""
    groups: list[list[str]] = []
    for query in dict.fromkeys(queries):
        if groups and len(_together([*groups[-1], query])) <= QUERY_LIMIT:
            groups[-1].append(query)
        else:
            groups.append([query])
    return [(_together(group), tuple(group)) for group in groups]


def _together(queries: Sequence[str]) -> str:
    return queries[0] if len(queries) == 1 else " OR ".join(f"({query})" for query in queries)


def _any_of(terms: Sequence[str]) -> str:
    return f"({' OR '.join(terms)})"


def _term(keyword: str) -> str:
    """Return a keyword as X reads it: one word as it is, anything else as a phrase."""
    keyword = " ".join(keyword.replace('"', " ").split())
    if _PLAIN.fullmatch(keyword) and keyword.lower() not in _RESERVED:
        return keyword
    return f'"{keyword}"'
