"""Reddit submissions, as the API, its listings and common dumps give them, to posts."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.base.texts import clean_text
from trendspark_cli.services.post_texts import MAX_COUNTER, stored_time

_GONE = {"[deleted]", "[removed]", ""}


def post_from_submission(item: Mapping[str, Any], place: str) -> Post | Rejection:
    """Return the post in a submission object, or why there is none; *place* names it when it has no id."""
    post_id = item.get("id")
    if not isinstance(post_id, str) or not post_id.isalnum() or not post_id.isascii():
        return Rejection("bad_id", f"item {place}")
    if not isinstance(item.get("title"), str) or "created_utc" not in item:
        return Rejection("missing_field", post_id[:40])
    try:
        created_at = stored_time(to_text(from_epoch(float(item["created_utc"]))))
    except (TypeError, ValueError, OverflowError, OSError):
        return Rejection("bad_time", post_id[:40])
    score = item.get("score", item.get("ups"))
    comments, crossposts = item.get("num_comments"), item.get("num_crossposts")
    if not (_is_count(score, -MAX_COUNTER) and _is_count(comments, 0) and _is_count(crossposts, 0)):
        return Rejection("bad_counter", post_id[:40])
    body = item.get("selftext")
    text = item["title"] if not isinstance(body, str) or body in _GONE else f"{item['title']}\n{body}"
    author, community = item.get("author"), item.get("subreddit")
    return Post(
        source="reddit",
        source_id=post_id,
        author=None if not isinstance(author, str) or author in _GONE else clean_text(author),
        community=clean_text(community) if isinstance(community, str) else None,
        text=clean_text(html.unescape(text) if "&" in text else text),
        url=_url(item, post_id),
        lang=None,
        created_at=created_at,
        likes=None if score is None else max(0, score),  # a score below zero is zero likes
        replies=comments,
        reposts=crossposts,
        quotes=None,
        views=None,
        edits=1 if isinstance(item.get("edited"), int | float) and item.get("edited") is not False else 0,
        observed_at=None,
    )


def _is_count(value: object, least: int) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value is None or (is_number and least <= value <= MAX_COUNTER)  # type: ignore[operator]


def _url(item: Mapping[str, Any], post_id: str) -> str:
    permalink = item.get("permalink")
    if isinstance(permalink, str) and permalink.startswith("/r/"):
        return "https://www.reddit.com" + clean_text(permalink)
    return f"https://www.reddit.com/comments/{post_id}/"
