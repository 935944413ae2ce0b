"""Statuses of Mastodon's API, as files of them have them."""

from __future__ import annotations

from collections.abc import Iterator

from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.services.field_values import JsonObject
from trendspark_cli.services.mastodon.posts import post_of
from trendspark_cli.services.post_files.reddit_dumps import RedditTexts


def is_it(value: JsonObject) -> bool:
    """Tell whether an object is a status or an account of Mastodon."""
    return "acct" in value or ("account" in value and "content" in value)


def read(value: JsonObject, place: str, texts: RedditTexts) -> Iterator[Post | Rejection]:
    """Yield the post of a status, or why there is none; a boost is the post it spreads."""
    if "acct" in value:
        yield Rejection("account", place)
        return
    boosted = value.get("reblog")
    yield post_of(boosted if isinstance(boosted, dict) else value, place)
