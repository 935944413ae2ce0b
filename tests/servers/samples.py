"""Posts, a clock and a search, shared by the tests of the servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from .clients import tweepy_client
from .messages import JsonObject
from .x_posts import x_post
from .x_server import XServer

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
QUERY = "python -is:retweet"


def at_now() -> float:
    return NOW.timestamp()


def posts(count: int, *, every_seconds: int = 60) -> list[JsonObject]:
    """Posts about python, newest first; the youngest is a minute old."""
    ages = [timedelta(seconds=60 + every_seconds * n) for n in range(count)]
    return [x_post(NOW - age, f"python number {n}") for n, age in enumerate(ages)]


def ids_of(documents: list[JsonObject]) -> list[str]:
    return [document["id"] for document in documents]


def search(server: XServer, *, seconds: float = 0.3, **options: Any) -> Any:
    """One search by tweepy, as the plain JSON document; it waits so many seconds for an answer."""
    client = tweepy_client(server, return_type=dict, seconds=seconds)
    return client.search_recent_tweets(options.pop("query", QUERY), **options)
