"""Posts as X documents, with ids that carry their time as the real ones do."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from .messages import JsonObject

SNOWFLAKE_EPOCH_MILLISECONDS = 1288834974657  # 2010-11-04, the zero of X's ids
SEQUENCE_BITS = 22
TEXT_LIMIT = 280  # characters; longer posts are cut in `text` and whole in `note_tweet`

_HASHTAG = re.compile(r"(?<!\w)#(\w+)")
_CASHTAG = re.compile(r"(?<!\w)\$([A-Za-z]{1,6})\b")
_MENTION = re.compile(r"(?<!\w)@(\w+)")
_URL = re.compile(r"https?://\S+")


def x_id(moment: datetime, *, sequence: int = 0) -> int:
    """Return the id of a post made at *moment*; `sequence` (0..4194303) tells equals apart."""
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return ((milliseconds - SNOWFLAKE_EPOCH_MILLISECONDS) << SEQUENCE_BITS) | sequence


def id_time(post_id: int | str) -> float:
    """Return the Unix seconds an id carries."""
    milliseconds = (int(post_id) >> SEQUENCE_BITS) + SNOWFLAKE_EPOCH_MILLISECONDS
    return milliseconds / 1000


def x_post(
    created_at: datetime,
    text: str,
    *,
    author_id: str = "2244994945",
    lang: str = "en",
    sequence: int | None = None,
    metrics: dict[str, int] | None = None,
    referenced: Sequence[tuple[str, str]] = (),
    history: Sequence[str] = (),
) -> JsonObject:
    """Return a post with every field X can answer; the server hides what was not asked for.

    `text` is what the author typed: `& < >` are escaped and long texts cut as X does.
    `metrics` overrides single counts, `referenced` is (type, id) pairs, `history` the ids of
    earlier versions, oldest first. Without `sequence` it is derived from author and text, so
    the same call always makes the same id.
    """
    if sequence is None:
        sequence = zlib.crc32(f"{author_id}\n{text}".encode()) & ((1 << SEQUENCE_BITS) - 1)
    post_id = str(x_id(created_at, sequence=sequence))
    counts = ("retweet", "reply", "like", "quote", "bookmark", "impression")
    post: JsonObject = {
        "id": post_id,
        "text": _escaped(text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"),
        "edit_history_tweet_ids": [*history, post_id],
        "author_id": author_id,
        "conversation_id": post_id,
        "created_at": f"{created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        "lang": lang,
        "possibly_sensitive": False,
        "public_metrics": {**{f"{name}_count": 0 for name in counts}, **(metrics or {})},
    }
    if len(text) > TEXT_LIMIT:
        post["note_tweet"] = {"text": _escaped(text)}
    if entities := _entities(text):
        post["entities"] = entities
    if referenced:
        post["referenced_tweets"] = [{"type": kind, "id": other} for kind, other in referenced]
    return post


def retweet_of(original: JsonObject, created_at: datetime, *, author_id: str = "12") -> JsonObject:
    """Return a plain retweet: the original's text after "RT @name:", cut at 140 characters."""
    text = f"RT @{username_of(original['author_id'])}: {original['text']}"
    retweet = x_post(
        created_at,
        text,
        author_id=author_id,
        lang=original["lang"],
        referenced=[("retweeted", original["id"])],
    )
    retweet["text"] = text if len(text) <= 140 else text[:139] + "…"
    return retweet


def quote_of(
    original: JsonObject,
    created_at: datetime,
    text: str,
    *,
    author_id: str = "12",
) -> JsonObject:
    """Return a post that quotes *original*."""
    quoted = [("quoted", str(original["id"]))]
    return x_post(created_at, text, author_id=author_id, referenced=quoted)


def edit_of(previous: JsonObject, created_at: datetime, text: str) -> JsonObject:
    """Return the next version of *previous*: a new id whose history names the older ones."""
    return x_post(
        created_at,
        text,
        author_id=previous["author_id"],
        lang=previous["lang"],
        metrics=previous["public_metrics"],
        history=previous["edit_history_tweet_ids"],
    )


def username_of(author_id: str) -> str:
    """Return the name the server gives an author."""
    return f"user_{author_id}"


def user_document(author_id: str) -> JsonObject:
    """Return the user X puts in `includes.users`."""
    username = username_of(author_id)
    return {"id": author_id, "name": username.replace("_", " ").title(), "username": username}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _entities(text: str) -> JsonObject:
    kinds = (
        ("hashtags", _HASHTAG, "tag"),
        ("cashtags", _CASHTAG, "tag"),
        ("mentions", _MENTION, "username"),
    )
    found: JsonObject = {}
    for kind, pattern, key in kinds:
        if matches := list(pattern.finditer(text)):
            found[kind] = [{**_span(match), key: match[1]} for match in matches]
    if links := list(_URL.finditer(text)):
        found["urls"] = [{**_span(m), "url": m[0], "expanded_url": m[0]} for m in links]
    return found


def _span(match: re.Match[str]) -> JsonObject:
    return {"start": match.start(), "end": match.end()}
