"""Reddit submissions, as the API, its listings and common dumps give them, to posts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from trendspark_cli.base.clock import from_text
from trendspark_cli.base.links import links_in, links_of
from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.base.texts import clean_text, is_placeholder
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.services.field_values import JsonObject, counter, identifier, moment
from trendspark_cli.services.post_texts import MAX_COUNTER

LOWEST_SCORE = -MAX_COUNTER
_ACCOUNT = re.compile(SOURCES["reddit"].author_id, re.ASCII)


def post_from_submission(
    item: JsonObject, place: str, *, typed: Callable[[str], str] = lambda text: text
) -> Post | Rejection:
    """Return the post in a submission object, or why there is none; *place* names it when it has no id.

    *typed* makes a text what its author typed. The API is asked for texts as they were typed (`raw_json=1`).
    """
    post_id = identifier(item.get("id"))
    if post_id is None or not post_id.isalnum() or not post_id.isascii():
        return Rejection("bad_id", f"item {place}")
    title = item.get("title")
    if not isinstance(title, str) or item.get("created_utc") is None:
        return Rejection("missing_field", post_id[:40])
    if is_placeholder(title):
        return Rejection("placeholder", post_id[:40])
    try:
        created_at = moment(item["created_utc"])
    except (ValueError, OverflowError, OSError):
        return Rejection("bad_time", post_id[:40])
    try:
        score = counter(item.get("score", item.get("ups")), LOWEST_SCORE)
        comments, crossposts = counter(item.get("num_comments")), counter(item.get("num_crossposts"))
    except ValueError:
        return Rejection("bad_counter", post_id[:40])
    body = item.get("selftext")
    text = typed(title)
    if isinstance(body, str) and body and not is_placeholder(body):
        text = f"{text}\n{typed(body)}"
    author, name = _author(item)
    linked = item.get("url_overridden_by_dest") or item.get("url")
    beside = [typed(linked)] if isinstance(linked, str) and not item.get("is_self") and post_id not in linked else []
    return Post(
        source="reddit",
        source_id=post_id,
        author=author,
        community=_name(item.get("subreddit"), "display_name"),
        text=clean_text(text),
        url=_url(item, post_id),
        lang=None,
        created_at=created_at,
        likes=None if score is None else max(0, score),  # a score below zero is zero likes
        replies=comments,
        reposts=crossposts,
        quotes=None,
        views=None,
        edits=_version(item.get("edited")),
        observed_at=None,
        author_name=name,
        links=links_of((*beside, *links_in(text))),
    )


def _author(item: JsonObject) -> tuple[str | None, str | None]:
    """Return (id, name) of who wrote a submission; of those who deleted their account, neither."""
    name, author = _name(item.get("author"), "name"), item.get("author_fullname")
    if name is None:
        return None, None
    return (author, name) if isinstance(author, str) and _ACCOUNT.fullmatch(author) else (None, name)


def _name(value: object, key: str) -> str | None:
    """Return a name that is there as text, or in the object it belongs to."""
    if isinstance(value, Mapping):
        value = value.get(key)
    if not isinstance(value, str) or not value or is_placeholder(value):
        return None
    return clean_text(value) or None


def _version(edited: object) -> int:
    """Return what orders the versions of a post: when it was edited, in epoch seconds.

    0 was never edited, 1 at a time nobody knows: very old posts only say that they were.
    """
    if not edited:
        return 0
    try:
        return 1 if edited is True else int(from_text(moment(edited)).timestamp())
    except (ValueError, OverflowError, OSError):
        return 1 if str(edited).lower() == "true" else 0


def _url(item: JsonObject, post_id: str) -> str:
    permalink = item.get("permalink")
    if isinstance(permalink, str) and permalink.startswith("/r/"):
        return "https://www.reddit.com" + clean_text(permalink)
    return f"https://www.reddit.com/comments/{post_id}/"
