"""Events of Bluesky's Jetstream, of its first and its second version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.services.bluesky.posts import POSTS, post_of
from trendspark_cli.services.field_values import JsonObject
from trendspark_cli.services.post_files.json_values import members
from trendspark_cli.services.post_files.reddit_dumps import RedditTexts


def is_it(value: JsonObject) -> bool:
    """Tell whether an object is an event: of an account, with its kind and its time."""
    if isinstance(value.get("$type"), str):
        return "payload" in value or value["$type"].startswith("network.bsky.jetstream")
    return "did" in value and "time_us" in value


def read(value: JsonObject, place: str, texts: RedditTexts) -> Iterator[Post | Rejection]:
    """Yield the post of an event, or why there is none."""
    if "$type" in value:
        event = members(value["payload"]) if "payload" in value else value
        kind = str(event.get("$type", "")).rpartition("#")[2]
        yield _post(event, kind, event, event.get("time"), place)
    else:
        yield _post(value, str(value.get("kind")), members(value.get("commit")), value.get("time_us"), place)


def _post(event: JsonObject, kind: str, commit: JsonObject, seen: Any, place: str) -> Post | Rejection:
    if kind != "commit":
        return Rejection("account" if kind in ("account", "identity") else "other_kind", place)
    if commit.get("collection") != POSTS:
        return Rejection("other_kind", place)
    if commit.get("operation") == "delete":
        return Rejection("deletion", place)
    return post_of(event.get("did"), commit, seen, place)
