"""Rows that outlive the posts of a trend."""

from __future__ import annotations

from typing import NamedTuple


class TrendCount(NamedTuple):
    """A tick of a trend in one source, in the order of the columns; `tick` is text in the stored form."""

    trend_id: int
    tick: str
    source: str
    posts: int
    people: int
    expected: float | None


class KeptExample(NamedTuple):
    """A post that shows what a trend is about. `author` as posts have it, `name` as people knew them."""

    post_id: int
    source: str
    source_id: str
    author: str | None
    name: str | None
    text: str
    url: str | None
