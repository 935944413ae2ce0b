"""Events of Bluesky's Jetstream, of its first and its second version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trendspark_cli.base.clock import from_text
from trendspark_cli.base.links import links_in, links_of
from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.base.texts import clean_text
from trendspark_cli.services.field_values import JsonObject, is_placeholder, moment, text_or_none
from trendspark_cli.services.post_files.json_values import elements, members
from trendspark_cli.services.post_files.reddit_dumps import RedditTexts

POSTS = "app.bsky.feed.post"


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
    record = members(commit.get("record"))
    did, key, text = event.get("did"), commit.get("rkey"), record.get("text")
    if not isinstance(text, str) or did is None or key is None:
        return Rejection("missing_field", place)
    if not isinstance(did, str) or not did.startswith("did:") or not isinstance(key, str) or not _is_plain(did + key):
        return Rejection("bad_id", place)
    if is_placeholder(text):
        return Rejection("placeholder", place)
    try:
        seen_at = moment(seen)
    except (ValueError, OverflowError, OSError):
        return Rejection("bad_time", place)
    languages = record.get("langs")
    lang = languages[0] if isinstance(languages, list) and languages else None
    return Post(
        source="bluesky",
        source_id=f"at://{did}/{POSTS}/{key}",
        author=did,
        community=None,
        text=clean_text(text),
        url=f"https://bsky.app/profile/{did}/post/{key}",
        lang=text_or_none(lang) if isinstance(lang, str) else None,
        created_at=_created(record.get("createdAt"), seen_at),
        likes=None,
        replies=None,
        reposts=None,
        quotes=None,
        views=None,
        edits=int(from_text(seen_at).timestamp()) if commit.get("operation") == "update" else 0,
        observed_at=None,
        links=links_of((*_addresses(record), *links_in(text))),
    )


def _addresses(record: JsonObject) -> Iterator[Any]:
    """Yield where a post leads: the text shows links without their end."""
    for facet in elements(record.get("facets")):
        yield from (members(feature).get("uri") for feature in elements(members(facet).get("features")))
    embed = members(record.get("embed"))
    for holder in (embed, members(embed.get("media"))):
        yield members(holder.get("external")).get("uri")


def _created(claimed: Any, seen_at: str) -> str:
    """Return when a post was made: what its writer's client claims, unless it was seen before that."""
    try:
        return min(moment(claimed), seen_at)
    except (ValueError, OverflowError, OSError):
        return seen_at


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and len(text) <= 160 and not set(text) & set(" /?#")
