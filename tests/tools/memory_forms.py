"""Files of posts of any size in each form that is read, made while they are written."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, cast

import zstandard

from tests.builders import own_line

BLOCK = 1 << 16  # bytes written at a time
PAGE = 100  # posts
SNOWFLAKE = 1404371205485498514


def own(number: int) -> dict[str, Any]:
    """Our own form."""
    text = f"post {number} about a bridge, a ferry and {number % 977} other things that float on water"
    return own_line(str(number), text=text, author=f"author{number % 5003}", likes=number % 31)


def tweet(number: int) -> dict[str, Any]:
    """A tweet of the X API v2."""
    text = {"text": f"the ferry {number}", "created_at": "2026-11-01T11:00:00.000Z", "author_id": "7"}
    links = {"urls": [{"start": 1, "end": 2, "url": "https://t.co/a", "expanded_url": f"https://a.example/{number}"}]}
    return {"id": str(SNOWFLAKE + number), **text, "entities": links}


def page(number: int) -> dict[str, Any]:
    """A page of the X API v2: a hundred tweets."""
    data = [tweet(number * PAGE + place) for place in range(PAGE)]
    return {"data": data, "includes": {"users": [{"id": "7", "username": "ada"}]}, "meta": {"result_count": PAGE}}


def flat(number: int) -> dict[str, Any]:
    """A tweet as twarc2 flattens it."""
    return {**tweet(number), "source": "Twitter for Android", "author": {"id": "7", "username": "ada"}}


def old_tweet(number: int) -> dict[str, Any]:
    """A tweet of X's API v1.1."""
    times = {"created_at": "Mon Jun 14 09:32:42 +0000 2021", "id_str": str(SNOWFLAKE + number)}
    return {**times, "full_text": f"the ferry {number}", "user": {"screen_name": "ada", "id_str": "7"}}


def submission(number: int) -> dict[str, Any]:
    """A submission of Reddit, escaped as its API does."""
    about = {"title": f"a &amp; b {number}", "selftext": "the ferry", "author": "ada", "subreddit": "port"}
    return {"id": f"a{number}", **about, "created_utc": 1793530800, "score": 12, "num_comments": 3}


def listing(number: int) -> dict[str, Any]:
    """A listing of Reddit: a hundred submissions."""
    children = [{"kind": "t3", "data": submission(number * PAGE + place)} for place in range(PAGE)]
    return {"kind": "Listing", "data": {"after": None, "children": children}}


def status(number: int) -> dict[str, Any]:
    """A status of Mastodon."""
    account = {"acct": "anna", "url": "https://town.example/@anna"}
    place = {"id": str(number), "uri": f"https://town.example/users/anna/statuses/{number}"}
    return {**place, "created_at": "2026-11-01T11:00:00.000Z", "content": f"<p>ferry {number}</p>", "account": account}


def event(number: int) -> dict[str, Any]:
    """An event of Jetstream."""
    record = {"text": f"ferry {number}", "createdAt": "2026-11-01T11:00:00Z"}
    created = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": f"3k{number}", "record": record}
    return {"did": "did:plc:abc", "time_us": 1793530800000000 + number, "kind": "commit", "commit": created}


def _objects(make: Callable[[int], Any], posts_each: int = 1) -> Callable[[int], Iterator[bytes]]:
    return lambda posts: (json.dumps(make(number)).encode() + b"\n" for number in range(posts // posts_each))


def _list(posts: int) -> Iterator[bytes]:
    for number in range(posts):
        yield (b"," if number else b"[") + json.dumps(own(number)).encode()
    yield b"]"


def _pretty_list(posts: int) -> Iterator[bytes]:
    for number in range(posts):
        yield (b",\n" if number else b"[\n") + json.dumps(own(number), indent=2).encode()
    yield b"\n]\n"


def _table(posts: int) -> Iterator[bytes]:
    yield b"source,source_id,created_at,text,likes\n"
    for number in range(posts):
        yield b'x,%d,2026-11-01T11:00:00Z,"ferry %d, ""and""\nbridge",3\n' % (SNOWFLAKE + number, number)


def _in_utf16(parts: Iterable[bytes]) -> Iterator[bytes]:
    yield b"\xff\xfe"
    for part in parts:
        yield part.decode().encode("utf-16-le")


FORMS: dict[str, Callable[[int], Iterator[bytes]]] = {
    "own lines": _objects(own),
    "a list": _list,
    "a pretty list": _pretty_list,
    "pretty objects": lambda posts: (json.dumps(own(number), indent=2).encode() for number in range(posts)),
    "a table": _table,
    "pages of X": _objects(page, PAGE),
    "tweets": _objects(tweet),
    "flattened tweets": _objects(flat),
    "tweets of v1.1": _objects(old_tweet),
    "listings of Reddit": _objects(listing, PAGE),
    "submissions": _objects(submission),
    "statuses of Mastodon": _objects(status),
    "events of Jetstream": _objects(event),
    "UTF-16": lambda posts: _in_utf16(_objects(own)(posts)),
}
PACKINGS = ("gzip", "zstd", "xz", "bzip2")
VARIANTS = (*((form, "") for form in FORMS), *(("own lines", packing) for packing in PACKINGS))
INGESTED = (  # to rows, too
    *((form, "") for form in ("own lines", "statuses of Mastodon", "events of Jetstream", "UTF-16")),
    *(("events of Jetstream", packing) for packing in PACKINGS),
)


def lines_of(form: str, posts: int) -> Iterator[bytes]:
    """Yield a file of a form, in blocks; *posts* is a multiple of a hundred."""
    return _blocks(FORMS[form](posts))


def packed(parts: Iterable[bytes], packing: str) -> Iterator[bytes]:
    """Yield these bytes, packed."""
    if not packing:
        yield from parts
        return
    sink = io.BytesIO()
    opening: dict[str, Callable[[], Any]] = {
        "gzip": lambda: gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=1),
        "zstd": lambda: zstandard.ZstdCompressor().stream_writer(sink, closefd=False),
        "xz": lambda: lzma.LZMAFile(sink, "wb", preset=0),  # noqa: SIM115 - closed below
        "bzip2": lambda: bz2.BZ2File(sink, "wb", compresslevel=1),
    }
    with cast(BinaryIO, opening[packing]()) as stream:
        for part in parts:
            stream.write(part)
            yield _taken(sink)
    yield _taken(sink)


def _taken(sink: io.BytesIO) -> bytes:
    written = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return written


def _blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)
