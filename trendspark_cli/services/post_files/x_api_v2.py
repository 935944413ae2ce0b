"""Posts of X as its API v2 gives them: pages as twarc2 writes them, single tweets, tweets flattened by twarc."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.base.texts import clean_text, is_placeholder
from trendspark_cli.services.field_values import JsonObject, counter, identifier, moment
from trendspark_cli.services.post_files.json_values import begins_with, elements, members
from trendspark_cli.services.post_files.reddit_dumps import RedditTexts
from trendspark_cli.services.x.posts import Includes, Tweet, User, posts_of, tweet_from_object

_ONLY_TWEETS = (
    "author_id",
    "edit_history_tweet_ids",
    "edit_history_post_ids",
    "public_metrics",
    "referenced_tweets",
    "referenced_posts",
    "conversation_id",
    "note_tweet",
    "__twarc",
)
_SHORTEST_ID = 8  # digits: a tweet with nothing but id and text is one when its id looks like it


def is_it(value: JsonObject) -> bool:
    """Tell whether an object is a page, an answer of errors, a user or a tweet of this API."""
    if _is_page(value):
        return True
    if "text" not in value:
        return "username" in value and "id" in value
    return "id" in value and (any(name in value for name in _ONLY_TWEETS) or _has_id_of_x(value))


def read(value: JsonObject, place: str, texts: RedditTexts) -> Iterator[Post | Rejection]:
    """Yield the posts of a page or of one tweet, and why there is none where there is none."""
    if not _is_page(value):
        yield from _tweets([value], value, _flat_includes(value), place)
        return
    data = value.get("data")
    if isinstance(data, list) or (isinstance(data, msgspec.Raw) and begins_with(data, b"[")):
        yield from _tweets(elements(data), value, _includes(value.get("includes")), place)
    elif data is not None:
        yield from _tweets([members(data)], value, _includes(value.get("includes")), place)
    elif "meta" not in value:
        yield Rejection("error_page", place)


def _is_page(value: JsonObject) -> bool:
    if "data" in value or "meta" in value or "includes" in value:
        return True
    return isinstance(value.get("errors"), list | msgspec.Raw) or ("detail" in value and "title" in value)


def _has_id_of_x(value: JsonObject) -> bool:
    name = identifier(value.get("id"))
    return name is not None and name.isdecimal() and len(name) >= _SHORTEST_ID and isinstance(value.get("text"), str)


def _tweets(items: Any, page: JsonObject, includes: Includes, place: str) -> Iterator[Post | Rejection]:
    is_alone = not isinstance(page.get("data"), list | msgspec.Raw)
    for number, item in enumerate(items, 1):
        where = place if is_alone else f"{number} of {place}"
        found = _tweet(item, where)
        if isinstance(found, Rejection):
            yield found
            continue
        rejections: list[Rejection] = []
        yield from posts_of([found], includes, rejections)
        yield from rejections


def _tweet(item: Any, place: str) -> Tweet | Rejection:
    if isinstance(item, msgspec.Raw):
        item = members(item)
    if isinstance(item, dict):
        if "text" not in item and "username" in item:
            return Rejection("account", place)
        if "delete" in item or ("withheld" in item and "text" not in item):
            return Rejection("deletion", place)
        if "tweet_count" in item:
            return Rejection("other_kind", place)
        if isinstance(item.get("text"), str) and is_placeholder(item["text"]):
            return Rejection("placeholder", place)
        if (quick := _quick_tweet(item)) is not None:
            return quick
        try:
            item = _by_value(item)
        except _BadFieldError as bad:
            return Rejection(bad.reason, f"item {place}")
    return tweet_from_object(item, place)


def _quick_tweet(item: JsonObject) -> Tweet | None:
    """Return a tweet in which every field is written as it should be; None when a closer look is needed."""
    try:
        tweet = msgspec.convert(item, Tweet)
    except (msgspec.ValidationError, RecursionError):
        return None
    versions = tweet.edit_history_tweet_ids or tweet.edit_history_post_ids or ()
    words = (tweet.id, tweet.author_id or "a", tweet.lang or "a", *versions)
    return tweet if all(word.isalnum() for word in words) else None


class _BadFieldError(ValueError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _by_value(item: JsonObject) -> JsonObject:
    """Return a tweet with its ids as text and its counters as whole numbers, however they were written."""
    changed: dict[str, object] = {}
    for name in ("id", "author_id"):
        value = item.get(name)
        if value is None:
            continue
        changed[name] = identifier(value)
        if changed[name] is None:
            if name == "id":
                raise _BadFieldError("bad_id")
            del changed[name]
    if isinstance(metrics := item.get("public_metrics"), dict):
        try:
            changed["public_metrics"] = {
                name: counter(value) if name.endswith("_count") else value for name, value in metrics.items()
            }
        except ValueError:
            raise _BadFieldError("bad_counter") from None
    if (created := item.get("created_at")) is not None:
        try:
            changed["created_at"] = moment(created)
        except (ValueError, OverflowError, OSError):
            raise _BadFieldError("bad_time") from None
    return {**item, **changed}


def _includes(value: Any) -> Includes:
    """Return what a page was given beside its posts; what cannot be read of it is left out."""
    found = members(value)
    tweets = [_tweet(item, "") for item in elements(found.get("tweets"))]
    return Includes([tweet for tweet in tweets if isinstance(tweet, Tweet)], _users(elements(found.get("users"))))


def _flat_includes(tweet: JsonObject) -> Includes:
    """Return the objects that `twarc2 flatten` put inside a tweet, back as includes."""
    references = tweet.get("referenced_tweets")
    inner = [item for item in references if isinstance(item, dict)] if isinstance(references, list) else []
    whole = [_tweet(item, "") for item in inner if "text" in item]
    return Includes(
        [found for found in whole if isinstance(found, Tweet)],
        _users(item.get("author") for item in (tweet, *inner)),
    )


def _users(items: Any) -> list[User]:
    found = []
    for item in items:
        value = members(item)
        name, username = identifier(value.get("id")), value.get("username")
        if name is not None and isinstance(username, str):
            found.append(User(name, clean_text(username)))
    return found
