"""Posts from files and stdin, one JSON value a line: our own format, X API v2 as twarc2 writes it, Reddit listings."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Any

import msgspec

from trendspark_cli.base.errors import InputError
from trendspark_cli.base.input_files import opened
from trendspark_cli.base.models import Page, Post, Rejection
from trendspark_cli.base.texts import clean_text
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.services.post_texts import stored_time
from trendspark_cli.services.reddit.posts import post_from_submission
from trendspark_cli.services.x.posts import Counter, Includes, Tweet, posts_of, rejection_reason, tweet_from_object

POSTS_PER_PAGE = 1000  # one transaction each
LONGEST_LINE = 32 * 2**20  # bytes: a page of 100 posts with everything expanded is below 1 MB
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class OwnLine(msgspec.Struct):
    """A line of our own NDJSON."""

    source: Name
    source_id: Name
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


_own_line = msgspec.json.Decoder(OwnLine)


class PostFile:
    """A file of posts, read in pages of bounded size; reading it again stores nothing twice."""

    def __init__(self, path: str) -> None:
        name = os.fsencode(Path(path).name).decode("utf-8", "replace")
        self.name = "stdin" if path == "-" else clean_text(name)
        self._path = path

    def pages(self, limit: int | None = None) -> Iterator[Page]:
        """Yield pages of at most 1,000 posts in the order of the file, until *limit* posts were read.

        Raises InputError when the file cannot be read.
        """
        posts: list[Post] = []
        rejections: list[Rejection] = []
        read = 0
        for found in self._items():
            if isinstance(found, Post):
                posts.append(found)
                read += 1
            else:
                rejections.append(found)
            if len(posts) + len(rejections) >= POSTS_PER_PAGE or read == limit:
                yield self._page(posts, rejections)
                posts, rejections = [], []
            if read == limit:
                return
        if posts or rejections:
            yield self._page(posts, rejections)

    def _page(self, posts: list[Post], rejections: list[Rejection]) -> Page:
        return Page(
            posts=tuple(posts), fetched=len(posts) + len(rejections), rejections=tuple(rejections), endpoint="file"
        )

    def _items(self) -> Iterator[Post | Rejection]:
        try:
            with opened(self._path) as stream:
                for number, line in _lines(stream):
                    yield from _decode_line(line, f"line {number}")
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{self._path!r} cannot be read: {error}",
                hint="what was read before is stored; give a readable file, or - for stdin",
            ) from error


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Yield numbered lines; None for one that is too long. A document spread over lines comes as one line."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LONGEST_LINE)
            yield number, None
        elif number == 1 and line.strip() in (b"{", b"["):
            rest = stream.read(LONGEST_LINE)
            yield number, line + rest if not stream.read(1) else None
        elif line.strip():
            yield number, line


def _decode_line(line: bytes | None, place: str) -> Iterator[Post | Rejection]:
    if line is None:
        yield Rejection("too_large", place)
        return
    try:
        yield _own_post(_own_line.decode(line), place)  # the fast path: our own format, nothing wrong with it
        return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        yield Rejection("not_json", place)
        return
    try:
        yield from _decode_value(value, place)
    except RecursionError:
        yield Rejection("not_json", place)


def _decode_value(value: Any, place: str) -> Iterator[Post | Rejection]:
    """Recognise which of the formats a JSON value is in."""
    if isinstance(value, list):
        for index, item in enumerate(value, 1):
            yield from _decode_value(item, f"{place} item {index}")
    elif not isinstance(value, dict):
        yield Rejection("not_a_post", place)
    elif "source_id" in value or ("source" in value and "text" in value):
        yield _own_object(value, place)
    elif value.get("kind") == "Listing" or (isinstance(value.get("data"), dict) and "children" in value["data"]):
        children = value["data"].get("children") if isinstance(value.get("data"), dict) else None
        for index, child in enumerate(children if isinstance(children, list) else [], 1):
            yield from _decode_value(child, f"{place} item {index}")
    elif isinstance(value.get("kind"), str) and isinstance(value.get("data"), dict):
        if value["kind"] == "t3":
            yield post_from_submission(value["data"], place)
        else:
            yield Rejection("not_a_post", place)
    elif "data" in value or "meta" in value:
        yield from _x_page(value, place)
    elif "subreddit" in value or "created_utc" in value:
        yield post_from_submission(value, place)
    elif "id" in value and "text" in value:
        yield from _x_page({"data": [value], "includes": _flat_includes(value)}, place)
    else:
        yield Rejection("not_a_post", place)


def _own_object(value: dict[str, Any], place: str) -> Post | Rejection:
    cleaned = {clean_text(key): clean_text(item) if isinstance(item, str) else item for key, item in value.items()}
    try:
        return _own_post(msgspec.convert(cleaned, OwnLine), place)
    except msgspec.ValidationError as error:
        problem = str(error)
        is_counter = any(f"$.{name}" in problem for name in ("likes", "replies", "reposts", "quotes", "views"))
        return Rejection("bad_counter" if is_counter else rejection_reason(problem), place)


def _own_post(line: OwnLine, place: str) -> Post | Rejection:
    if line.source not in SOURCES:
        return Rejection("unknown_source", place)
    source_id = clean_text(line.source_id)
    if source_id != line.source_id or not source_id.strip():
        return Rejection("bad_id", place)
    try:
        created_at = stored_time(line.created_at)
        observed_at = stored_time(line.observed_at) if line.observed_at else None
    except (ValueError, OverflowError):
        return Rejection("bad_time", place)
    author, community, url, lang = (
        clean_text(value) if value else None for value in (line.author, line.community, line.url, line.lang)
    )
    return Post(
        line.source,
        source_id,
        author,
        community,
        clean_text(line.text),
        url,
        lang,
        created_at,
        line.likes,
        line.replies,
        line.reposts,
        line.quotes,
        line.views,
        0,
        observed_at,
    )


def _x_page(value: dict[str, Any], place: str) -> Iterator[Post | Rejection]:
    """Decode a page as twarc2 writes it, whose `data` is a list, or one post for a look-up."""
    data = value.get("data")
    items = data if isinstance(data, list) else [data] if isinstance(data, dict) else []
    rejections: list[Rejection] = []
    tweets: list[Tweet] = []
    for index, item in enumerate(items, 1):
        decoded = tweet_from_object(item, f"{index} of {place}")
        if isinstance(decoded, Tweet):
            tweets.append(decoded)
        else:
            rejections.append(decoded)
    try:
        includes = msgspec.convert(value.get("includes") or {}, Includes)
    except msgspec.ValidationError:
        includes = Includes()
    yield from posts_of(tweets, includes, rejections)
    yield from rejections


def _flat_includes(tweet: dict[str, Any]) -> dict[str, Any]:
    """Return the objects that `twarc2 flatten` put inside a post, back as includes."""
    author = tweet.get("author")
    references = tweet.get("referenced_tweets")
    whole = [r for r in references if isinstance(r, dict) and "text" in r] if isinstance(references, list) else []
    return {"tweets": whole, "users": [author] if isinstance(author, dict) else []}
