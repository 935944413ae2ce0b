"""What forecasts of single posts rest on."""

from __future__ import annotations

from typing import NamedTuple


class ForecastProgress(NamedTuple):
    """How far forecasting of single posts has come.

    Posts up to `seen_post_id` were looked at. Those before the position (`left_created_at`, `left_post_id`) have
    settled. `swept_day` (since 1970): when authors not heard of for long were last forgotten.
    """

    seen_post_id: int = 0
    left_created_at: str = ""
    left_post_id: int = 0
    swept_day: int = 0


class NewestSeen(NamedTuple):
    """The newest post, and the newest change of counters, when a run began."""

    newest_post: int
    newest_change: int


class WatchedRow(NamedTuple):
    """A post whose engagement is watched; times in epoch seconds. Engagement: likes, reposts and quotes."""

    id: int
    source: str
    author: str | None
    community: str | None
    created_at: int
    collected_at: int
    observed_at: int  # when its counters were last read or asked for
    engagement: int
    comments: int
    created_text: str


class PostForecast(NamedTuple):
    """What was last expected of a post: final engagement, the usual one, and what had been enough (0: unknown)."""

    post_id: int
    forecast: float
    usual: float
    enough: float
    looked_at: str
