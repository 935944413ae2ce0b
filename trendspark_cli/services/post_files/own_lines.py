"""Our own NDJSON, and lines of CSV with its names as columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from trendspark_cli.base.links import links_in
from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.base.texts import clean_or_none, clean_text, is_placeholder
from trendspark_cli.kinds.sources import author_of
from trendspark_cli.services.field_values import JsonObject, counter, identifier, moment, text_or_none
from trendspark_cli.services.post_files.reddit_dumps import RedditTexts
from trendspark_cli.services.post_texts import stored_time
from trendspark_cli.services.x.posts import Counter

REQUIRED = ("source", "source_id", "created_at", "text")
COUNTERS = ("likes", "replies", "reposts", "quotes", "views")
WORDS = ("author", "community", "url", "lang")
OPTIONAL = (*WORDS, *COUNTERS, "observed_at")
_SOURCE = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_MAY_BE_GONE = "[ \n\t"  # how the text of a placeholder begins
_OF_X = frozenset(
    ("author_id", "public_metrics", "edit_history_tweet_ids", "referenced_tweets", "conversation_id", "entities")
)


class OwnLine(msgspec.Struct):
    """A line as it should be."""

    source: str
    source_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    created_at: str
    text: str
    author: str | None = None
    community: str | None = None
    url: str | None = None
    lang: str | None = None
    likes: Counter = None
    replies: Counter = None
    reposts: Counter = None
    quotes: Counter = None
    views: Counter = None
    observed_at: str | None = None


_own_line = msgspec.json.Decoder(OwnLine).decode


def is_it(value: JsonObject) -> bool:
    """Tell whether an object names the id of a post at its source, as no other form does, or lacks nothing but that."""
    if "source_id" in value:
        return True
    return "id" not in value and "text" in value and isinstance(name := value.get("source"), str) and is_source(name)


def is_of_evaluation(value: JsonObject) -> bool:
    """Tell whether an object is a line as `backtest` reads them, with `id` instead of `source_id`."""
    source = value.get("source")
    return (
        "id" in value
        and "text" in value
        and "created_at" in value
        and isinstance(source, str)
        and is_source(source)
        and not isinstance(value.get("author"), dict)
        and _OF_X.isdisjoint(value)
    )


def quick_post(content: bytes) -> Post | None:
    """Return the post of a line in which every field is written as it should be; None when a closer look is needed."""
    try:
        line = _own_line(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not line.source_id.isalnum() or not is_source(line.source) or line.text[:1] in _MAY_BE_GONE:
        return None
    try:
        created_at = stored_time(line.created_at)
        observed_at = stored_time(line.observed_at) if line.observed_at else None
    except ValueError:
        return None
    author, community, url, lang = line.author, line.community, line.url, line.lang
    author = clean_or_none(author)
    author_id, name = author_of(line.source, author) if author else (None, None)
    text = clean_text(line.text)
    values = (
        line.source,
        line.source_id,
        author_id,
        clean_or_none(community),
        text,
        clean_or_none(url),
        clean_or_none(lang),
        created_at,
        line.likes,
        line.replies,
        line.reposts,
        line.quotes,
        line.views,
        0,
        observed_at,
        name,
        links_in(text) if "://" in text else (),
    )
    return tuple.__new__(Post, values)  # as the constructor does, faster


def read(value: JsonObject, place: str, texts: RedditTexts) -> Iterator[Post | Rejection]:
    """Yield the post of a line, or why there is none."""
    yield _post(value, value.get("source_id"), place)


def read_of_evaluation(value: JsonObject, place: str, texts: RedditTexts) -> Iterator[Post | Rejection]:
    """Yield the post of a line with `id` instead of `source_id`."""
    yield _post(value, value.get("id"), place)


@lru_cache(maxsize=1024)
def is_source(name: str) -> bool:
    """Tell whether a source may be called so."""
    return _SOURCE.fullmatch(name) is not None


def _post(value: JsonObject, id_at_source: Any, place: str) -> Post | Rejection:
    source, text = value.get("source"), value.get("text")
    if source is None or id_at_source is None or text is None or value.get("created_at") is None:
        return Rejection("missing_field", place)
    if not isinstance(source, str) or not is_source(source):
        return Rejection("unknown_source", place)
    source_id = identifier(id_at_source)
    if source_id is None:
        return Rejection("bad_id", place)
    if not isinstance(text, str):
        return Rejection("not_a_post", place)
    if is_placeholder(text):
        return Rejection("placeholder", place)
    try:
        created_at = moment(value["created_at"])
        observed_at = moment(value["observed_at"]) if value.get("observed_at") not in (None, "") else None
    except (ValueError, OverflowError, OSError):
        return Rejection("bad_time", place)
    try:
        likes, replies, reposts, quotes, views = (counter(value.get(name)) for name in COUNTERS)
    except ValueError:
        return Rejection("bad_counter", place)
    try:
        author, community, url, lang = (text_or_none(value.get(name)) for name in WORDS)
    except ValueError:
        return Rejection("not_a_post", place)
    author_id, name = author_of(source, author) if author else (None, None)
    text = clean_text(text)
    return Post(
        source=source,
        source_id=source_id,
        author=author_id,
        community=community,
        text=text,
        url=url,
        lang=lang,
        created_at=created_at,
        likes=likes,
        replies=replies,
        reposts=reposts,
        quotes=quotes,
        views=views,
        edits=0,
        observed_at=observed_at,
        author_name=name,
        links=links_in(text),
    )
