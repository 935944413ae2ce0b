"""How Reddit orders and pages a listing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from .messages import JsonObject
from .reddit_posts import html_escaped

PAGE_LIMIT = 100  # larger limits are lowered to this without a word
DEFAULT_LIMIT = 25
LISTING_LIMIT = 1000  # nothing below this can be reached


def newest_first(posts: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the posts as /new lists them."""
    return sorted(posts, key=lambda post: (post["created_utc"], post["id"]), reverse=True)


def hottest_first(posts: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the posts as /hot lists them, by the formula Reddit once published."""
    return sorted(posts, key=lambda post: (_heat(post), post["id"]), reverse=True)


def listing_page(ordered: Sequence[JsonObject], query: Mapping[str, str]) -> JsonObject:
    """Return one page of *ordered*.

    An `after` or `before` that is not in the listing (deleted, or older than the 1,000th)
    answers an empty page, as Reddit does: a reader that relies on it sees nothing for ever.
    """
    reachable = list(ordered[:LISTING_LIMIT])
    names = [post["name"] for post in reachable]
    limit = _limit(query)
    start, stop = 0, limit
    if after := query.get("after"):
        if after not in names:
            return listing([], query)
        start = names.index(after) + 1
        stop = start + limit
    elif before := query.get("before"):
        if before not in names:
            return listing([], query)
        stop = names.index(before)
        start = max(stop - limit, 0)
    page = reachable[start:stop]
    has_more = bool(page) and stop < len(reachable)
    has_newer = bool(page) and start > 0 and (query.get("count", "0") != "0" or "before" in query)
    return listing(
        page,
        query,
        after=page[-1]["name"] if has_more else None,
        before=page[0]["name"] if has_newer else None,
    )


def listing(
    posts: Sequence[JsonObject],
    query: Mapping[str, str],
    *,
    after: str | None = None,
    before: str | None = None,
) -> JsonObject:
    """Return *posts* as a Listing document."""
    is_raw = query.get("raw_json") == "1"
    shown = posts if is_raw else [html_escaped(post) for post in posts]
    return {
        "kind": "Listing",
        "data": {
            "after": after,
            "before": before,
            "children": [{"kind": "t3", "data": post} for post in shown],
            "dist": len(posts),
            "geo_filter": None,
            "modhash": None,
        },
    }


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", "")
    return min(max(int(text), 1), PAGE_LIMIT) if text.isdigit() else DEFAULT_LIMIT


def _heat(post: JsonObject) -> float:
    score = int(post["score"])
    sign = (score > 0) - (score < 0)
    order = math.log10(max(abs(score), 1))
    return sign * order + (float(post["created_utc"]) - 1134028003) / 45000
