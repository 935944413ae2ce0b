"""Tweets of X's API v1.1, as archives of before 2023 hold them, and the notices of its streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.base.texts import clean_text, is_placeholder
from trendspark_cli.services.field_values import JsonObject, counter, identifier, moment
from trendspark_cli.services.post_files.json_values import elements, members
from trendspark_cli.services.post_files.reddit_dumps import RedditTexts
from trendspark_cli.services.post_texts import without_entities
from trendspark_cli.services.x.posts import links_beside

_DELETIONS = frozenset(("delete", "scrub_geo", "status_withheld", "user_withheld"))
_NOTICES = frozenset(("limit", "disconnect", "warning", "friends", "friends_str"))


def is_it(value: JsonObject) -> bool:
    """Tell whether an object is a tweet, a user or a notice of this API."""
    if len(value) == 1:
        return not _DELETIONS.isdisjoint(value) or not _NOTICES.isdisjoint(value)
    if "screen_name" in value or "full_text" in value:
        return True
    return "text" in value and ("id_str" in value or isinstance(value.get("user"), dict))


def read(value: JsonObject, place: str, texts: RedditTexts) -> Iterator[Post | Rejection]:
    """Yield the post of a tweet, or why there is none; a retweet is the post it spreads."""
    if len(value) == 1:
        yield Rejection("other_kind" if _DELETIONS.isdisjoint(value) else "deletion", place)
        return
    if "screen_name" in value:
        yield Rejection("account", place)
        return
    original = value.get("retweeted_status")
    yield _post(original if isinstance(original, dict) else value, place)


def _post(tweet: JsonObject, place: str) -> Post | Rejection:
    found = tweet.get("id_str") if tweet.get("id_str") is not None else tweet.get("id")
    if found is None or tweet.get("created_at") is None:
        return Rejection("missing_field", place)
    tweet_id = identifier(found)
    if tweet_id is None or not tweet_id.isdecimal():
        return Rejection("bad_id", place)
    text = _text(tweet)
    if text is None:
        return Rejection("missing_field", place)
    if is_placeholder(text):
        return Rejection("placeholder", place)
    try:
        created_at = moment(tweet["created_at"])
    except (ValueError, OverflowError, OSError):
        return Rejection("bad_time", place)
    try:
        likes, reposts = counter(tweet.get("favorite_count")), counter(tweet.get("retweet_count"))
        replies, quotes = counter(tweet.get("reply_count")), counter(tweet.get("quote_count"))
    except ValueError:
        return Rejection("bad_counter", place)
    lang = tweet.get("lang")
    author, name = _author(members(tweet.get("user")))
    return Post(
        source="x",
        source_id=tweet_id,
        author=author,
        community=None,
        text=clean_text(without_entities(text)),
        url="https://x.com/i/status/" + tweet_id,
        lang=clean_text(lang) or None if isinstance(lang, str) else None,
        created_at=created_at,
        likes=likes,
        replies=replies,
        reposts=reposts,
        quotes=quotes,
        views=None,
        edits=0,
        observed_at=None,
        author_name=name,
        links=links_beside(_urls(tweet), tweet_id),
    )


def _text(tweet: JsonObject) -> str | None:
    """Return the whole text; that of long tweets stands in another place."""
    for holder in (members(tweet.get("extended_tweet")), tweet):
        for name in ("full_text", "text"):
            if isinstance(found := holder.get(name), str):
                return found
    return None


def _urls(tweet: JsonObject) -> list[Any]:
    """Return what is told of the links in a tweet; those of long tweets stand in another place."""
    holders = (tweet, members(tweet.get("extended_tweet")))
    return [url for holder in holders for url in elements(members(holder.get("entities")).get("urls"))]


def _author(user: JsonObject) -> tuple[str | None, str | None]:
    """Return the id and the name of an account."""
    author = next(filter(None, map(identifier, (user.get("id_str"), user.get("id")))), None)
    name = user.get("screen_name")
    return author, clean_text(name) or None if isinstance(name, str) else None
