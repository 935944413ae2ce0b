"""A post of Bluesky as its records tell it: in the stream, in files of it, and where counters are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from trendspark_cli.base.clock import from_epoch, from_text
from trendspark_cli.base.links import links_in, links_of
from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.base.texts import clean_text, is_placeholder
from trendspark_cli.services.field_values import JsonObject, moment, text_or_none
from trendspark_cli.services.post_files.json_values import elements, members

POSTS = "app.bsky.feed.post"
FIRST_POSTS = datetime(2022, 11, 1, tzinfo=UTC)  # no post is older
_TID = re.compile(r"[2-7a-j][2-7a-z]{12}\Z")
_TID_DIGITS = str.maketrans("234567abcdefghijklmnopqrstuvwxyz", "0123456789abcdefghijklmnopqrstuv")
_PLAIN = re.compile(r"[!\"$-.0->@-~]{0,160}")  # printed in ASCII, without a space and what parts an address
_CLOCK_BITS = 10  # of a TID: the lowest tell clocks apart, the others are microseconds
HIDING = ("porn", "sexual", "nudity", "graphic-media", "!hide", "!takedown", "!no-unauthenticated")  # labels


def post_of(did: Any, commit: JsonObject, seen: Any, place: str) -> Post | Rejection:
    """Return the post of a commit that made or changed one, or why there is none; *seen* is when the service saw it."""
    record = members(commit.get("record"))
    key, text = commit.get("rkey"), record.get("text")
    if not isinstance(text, str) or did is None or key is None:
        return Rejection("missing_field", place)
    post_id = id_of(did, key)
    if post_id is None:
        return Rejection("bad_id", place)
    if is_placeholder(text):
        return Rejection("placeholder", place)
    try:
        seen_at = moment(seen)
    except (ValueError, OverflowError, OSError):
        return Rejection("bad_time", place)
    lang = next(iter(languages_of(record)), None)
    return Post(
        source="bluesky",
        source_id=post_id,
        author=did,
        community=None,
        text=clean_text(text),
        url=f"https://bsky.app/profile/{did}/post/{key}",
        lang=text_or_none(lang),
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


def id_of(did: Any, key: Any) -> str | None:
    """Return the id of a post by its account and its key there; None when they are none."""
    if not isinstance(did, str) or not did.startswith("did:") or not isinstance(key, str) or not _is_plain(did + key):
        return None
    return f"at://{did}/{POSTS}/{key}"


def made_at(post_id: str, latest: datetime) -> datetime | None:
    """Return when a post was made by what its key says; None when that is no time, or not before *latest*.

    That is good enough to tell which day's files may have the post. Clients make keys, so posts get no time from it.
    """
    key = post_id.rpartition("/")[2]
    if _TID.match(key) is None:
        return None
    moment = from_epoch((int(key.translate(_TID_DIGITS), 32) >> _CLOCK_BITS) / 1e6)
    return moment if FIRST_POSTS <= moment <= latest else None


def ids_of_account(did: str) -> str | None:
    """Return what the ids of all posts of an account begin with."""
    return f"at://{did}/" if did.startswith("did:") and _is_plain(did) else None


def languages_of(record: JsonObject) -> list[str]:
    """Return the languages that a post says it is in."""
    languages = record.get("langs")
    return [language for language in languages if isinstance(language, str)] if isinstance(languages, list) else []


def tags_of(record: JsonObject) -> Iterator[str]:
    """Yield the tags of a post, without their #: those in its text and those beside it."""
    found = (members(feature).get("tag") for feature in _features(record))
    yield from (tag for tag in (*found, *elements(record.get("tags"))) if isinstance(tag, str))


def is_hidden(record: JsonObject) -> bool:
    """Tell whether a post's writer says of it that it is not for everybody to see."""
    return "labels" in record and has_hiding(elements(members(record["labels"]).get("values")))


def has_hiding(labels: Iterable[Any]) -> bool:
    """Tell whether one of these labels asks not to show what it is put on."""
    return any(members(label).get("val") in HIDING and members(label).get("neg") is not True for label in labels)


def _features(record: JsonObject) -> Iterator[Any]:
    """Yield what is marked in a text. Where is told in bytes; the marks themselves hold all that we need."""
    for facet in elements(record.get("facets")):
        yield from elements(members(facet).get("features"))


def _addresses(record: JsonObject) -> Iterator[Any]:
    """Yield where a post leads: the text shows links without their end."""
    if "facets" in record:
        yield from (members(feature).get("uri") for feature in _features(record))
    if "embed" not in record:
        return
    embed = members(record["embed"])
    for holder in (embed, members(embed.get("media"))):
        yield members(holder.get("external")).get("uri")


def _created(claimed: Any, seen_at: str) -> str:
    """Return when a post was made: what its writer's client claims, unless it was seen before that."""
    try:
        return min(moment(claimed), seen_at)
    except (ValueError, OverflowError, OSError):
        return seen_at


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None
