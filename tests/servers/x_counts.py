"""The answer of /2/tweets/counts/recent: how many posts match, per slice of time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime

from .messages import JsonObject, Request
from .x_posts import id_time
from .x_problems import invalid_request
from .x_search import RefusedRequestError, Window

GRANULARITY_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def counts_document(request: Request, window: Window, posts: Iterable[JsonObject]) -> JsonObject:
    """Return the counts of the matching posts, oldest slice first.

    Slices are aligned to the clock, so the first and the last are usually partial.
    """
    granularity = request.query.get("granularity", "hour")
    if granularity not in GRANULARITY_SECONDS:
        message = f"The `granularity` query parameter value [{granularity}] is not valid"
        raise RefusedRequestError(invalid_request({"granularity": granularity}, message))
    step = GRANULARITY_SECONDS[granularity]
    times = sorted(id_time(post["id"]) for post in posts if window.holds(post))
    start, end = id_time(window.after_id + 1), id_time(window.before_id)
    slices: list[JsonObject] = []
    while start < end:
        stop = min((start // step + 1) * step, end)
        count = bisect_left(times, stop) - bisect_left(times, start)
        slices.append({"start": _written(start), "end": _written(stop), "tweet_count": count})
        start = stop
    return {"data": slices, "meta": {"total_tweet_count": len(times)}}


def _written(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.000Z"
