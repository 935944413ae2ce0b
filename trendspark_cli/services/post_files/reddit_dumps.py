"""Reddit: things of listings, and submissions as dumps have them or as people write those of PRAW."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.services.field_values import JsonObject
from trendspark_cli.services.post_files.json_values import members
from trendspark_cli.services.post_texts import without_entities
from trendspark_cli.services.reddit.posts import post_from_submission

KINDS = {"t1": "comment", "t2": "account", "t4": "comment", "more": "comment"}
_ONLY_HERE = ("subreddit", "subreddit_id", "selftext", "num_comments", "created_utc", "link_karma")
_TYPED = re.compile(r"[<>]|&(?!amp;|lt;|gt;)")  # Reddit escapes these, so a text that holds one is as it was typed
_ENTITY = re.compile(r"&(?:amp|lt|gt);")


class RedditTexts:
    """Texts of one file as they were typed: those of a file that was asked for with `raw_json=1` are so already.

    A file is raw when any of its texts holds a bare `<` or `>`, or a `&` that begins no entity. *is_raw* looks through
    the file; it is asked once, and only when a text can be read in both ways.
    """

    def __init__(self, is_raw: Callable[[], bool]) -> None:
        self._look = is_raw
        self._is_raw: bool | None = None

    def typed(self, text: str) -> str:
        """Return a text as its author typed it."""
        if self._is_raw is None and is_typed(text):
            self._is_raw = True
        if self._is_raw or "&" not in text or _ENTITY.search(text) is None:
            return text
        if self._is_raw is None:
            self._is_raw = self._look()
        return text if self._is_raw else without_entities(text)


def is_typed(text: str) -> bool:
    """Tell whether a text holds what Reddit would have escaped."""
    return _TYPED.search(text) is not None


def texts_of(value: JsonObject) -> Iterator[str]:
    """Yield what people typed in a thing of Reddit; nothing of any other object."""
    if not is_it(value):
        return
    inner = members(value.get("data")) if "kind" in value else value
    yield from (text for name in ("title", "selftext", "body") if isinstance(text := inner.get(name), str))


def is_it(value: JsonObject) -> bool:
    """Tell whether an object is a thing with its kind, or has the names only Reddit has."""
    kind = value.get("kind")
    if isinstance(kind, str) and "data" in value:
        return True
    return any(name in value for name in _ONLY_HERE)


def read(value: JsonObject, place: str, texts: RedditTexts) -> Iterator[Post | Rejection]:
    """Yield the post of a submission, or why there is none."""
    kind = value.get("kind")
    if isinstance(kind, str) and "data" in value:
        if kind != "t3":
            yield Rejection(KINDS.get(kind, "other_kind"), place)
            return
        value = members(value["data"])
    if "title" not in value:
        if "body" in value or "parent_id" in value or "link_id" in value:
            yield Rejection("comment", place)
            return
        if "link_karma" in value:
            yield Rejection("account", place)
            return
    yield post_from_submission(value, place, typed=texts.typed)
