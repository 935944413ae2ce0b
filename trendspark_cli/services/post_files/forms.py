"""The forms of posts that are out there, one line each: by what only it has it is known, and where it is read.

A reader is a module with `is_it` (of a decoded JSON object) and `read` (what is in it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.services.field_values import JsonObject
from trendspark_cli.services.post_files import (
    jetstream_events,
    mastodon_statuses,
    own_lines,
    reddit_dumps,
    x_api_v1,
    x_api_v2,
)
from trendspark_cli.services.post_files.json_values import begins_with, elements, members
from trendspark_cli.services.post_files.reddit_dumps import RedditTexts

Found = Post | Rejection
DEEPEST_LIST = 3  # lists of pages of posts


class Form(NamedTuple):
    """A form of posts: its name as people call it, how it is known, and what reads a value of it at a place."""

    name: str
    is_it: Callable[[JsonObject], bool]
    read: Callable[[JsonObject, str, RedditTexts], Iterator[Found]]
    is_ours: bool = False  # people make such files themselves, so ids may have been rounded on the way


FORMS: tuple[Form, ...] = (
    Form("our NDJSON", own_lines.is_it, own_lines.read, is_ours=True),
    Form("Jetstream events", jetstream_events.is_it, jetstream_events.read),
    Form("Mastodon statuses", mastodon_statuses.is_it, mastodon_statuses.read),
    Form("tweets of the X API v1.1", x_api_v1.is_it, x_api_v1.read),
    Form("Reddit submissions", reddit_dumps.is_it, reddit_dumps.read),
    Form("pages or tweets of the X API v2", x_api_v2.is_it, x_api_v2.read),
    Form("lines of an evaluation", own_lines.is_of_evaluation, own_lines.read_of_evaluation, is_ours=True),
)


def form_of(value: JsonObject) -> Form | None:
    """Return the form a JSON object is in; None when it is in none."""
    return next((form for form in FORMS if form.is_it(value)), None)


def objects_in(value: Any, place: str, depth: int = 0) -> Iterator[tuple[JsonObject | None, str]]:
    """Yield the objects of a value that may each be in a form of its own; None for what is no object.

    Lists, listings of Reddit and answers of X's older search hold many. Raises ValueError for lists without end.
    """
    if isinstance(value, msgspec.Raw):
        value = members(value) if begins_with(value, b"{") else value
    many = value if isinstance(value, list | msgspec.Raw) else _many(value) if isinstance(value, dict) else None
    if many is None:
        yield (value if isinstance(value, dict) else None), place
        return
    if depth >= DEEPEST_LIST:
        raise ValueError("lists in lists")
    for number, element in enumerate(elements(many), 1):
        yield from objects_in(element, f"{place} item {number}", depth + 1)


def _many(value: JsonObject) -> list[Any] | msgspec.Raw | None:
    """Return the list in an object that is nothing but the envelope of one; None for any other object."""
    if "source_id" in value:
        return None
    found = value.get("statuses")
    data = value.get("data")
    if value.get("kind", "Listing") == "Listing" and (
        "kind" in value or (isinstance(data, dict) and "children" in data)
    ):
        found = members(data).get("children", [])
    return found if isinstance(found, list | msgspec.Raw) else None
