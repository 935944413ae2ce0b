"""Rows that outlive the posts of a trend."""

from typing import NamedTuple

from trendspark_cli.store.rows.column_kinds import Time, Word


class TrendCount(NamedTuple):
    """A tick of a trend in one source, in the order of the columns; `tick` is text in the stored form."""

    trend_id: int
    tick: Time
    source: Word
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


class TrendCommunity(NamedTuple):
    """A community in which a trend has live posts, and how many."""

    trend_id: int
    source: str
    community: str
    posts: int


class TrendSummary(NamedTuple):
    """A trend in the words of the view `v_trends`, in the order in which it is exported."""

    id: int
    label: str
    kind: Word
    state: Word
    terms: str | None
    sources: str | None
    people: int
    posts_now: int
    posts_peak: int
    posts_total: int
    usual: float
    score: float
    first_post_at: Time
    detected_at: Time
    peak_at: Time
    last_post_at: Time
    ended_at: Time | None
    verdict: Word | None
    note: str | None
    summary: str | None
