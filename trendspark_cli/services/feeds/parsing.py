"""What a feed says, in whichever of its forms; and what a page is that is none."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

from trendspark_cli.base.clock import from_text
from trendspark_cli.services.field_values import JsonObject, moment
from trendspark_cli.services.html_pages import is_page
from trendspark_cli.services.post_files.json_values import elements, members

SECONDS = 5  # of a processor, for the process that reads: an entry takes half a millisecond
BUSY = 4  # times as long by the clock, on a machine that others use
MOST_ENTRIES = 300
LONGEST = 20_000  # characters of one field, as of those that another process reads
JSON_FEED = "https://jsonfeed.org/version/"
_FEED_LINK = re.compile(rb"<link\b[^<>]{0,500}>", re.IGNORECASE)
_HREF = re.compile(rb"""\bhref\s*=\s*["']?([^"'\s<>]{1,500})""", re.IGNORECASE)
_IS_FEED = re.compile(rb"application/(?:rss\+xml|atom\+xml|feed\+json)", re.IGNORECASE)
_LOOKED_AT = 200_000  # bytes of a page


class Entry(NamedTuple):
    """One entry as it came; times are epoch seconds."""

    id: str
    link: str
    title: str
    summary: str  # HTML
    author: str
    language: str
    published: float | None
    updated: float | None


class Feed(NamedTuple):
    """What a feed holds. `minutes` is how long it says that it may be kept, 0 when it does not."""

    entries: tuple[Entry, ...]
    language: str = ""
    minutes: int = 0


class NoFeedError(Exception):
    """What came is no feed; the text says what it is, `hint` which address may be one."""

    def __init__(self, told: str, hint: str = "") -> None:
        super().__init__(told)
        self.hint = hint


def read_feed(content: bytes, content_type: str, address: str, *, seconds: int = SECONDS) -> Feed:
    """Return the feed in the body of an answer. Raises NoFeedError when it is none, OSError when no process starts."""
    if not content.strip():
        raise NoFeedError("the answer is empty")
    if content.lstrip()[:1] == b"{":
        return _json_feed(content)
    found = _read_apart(content, content_type if content_type.isascii() and content_type.isprintable() else "", seconds)
    entries = tuple(_entry(members(each)) for each in elements(found.get("entries")))
    if not found.get("version") and not entries:
        if is_page(content, content_type):
            raise NoFeedError("it is a web page, and no feed", _named_feed(content, address))
        raise NoFeedError("it is neither RSS nor Atom nor JSON Feed")
    minutes = str(found.get("ttl", ""))
    return Feed(
        entries, str(found.get("language", "")), int(minutes) if re.fullmatch(r"\d{1,6}", minutes, re.ASCII) else 0
    )


def _read_apart(content: bytes, content_type: str, seconds: int) -> JsonObject:
    """Return what a process of its own made of a feed."""
    program = Path(__file__).with_name("parser_process.py")
    command = [sys.executable, "-P", str(program), str(seconds), content_type[:200]]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=seconds * BUSY, check=False)
    except subprocess.TimeoutExpired as error:
        raise NoFeedError("reading it takes too long") from error
    if done.returncode < 0:
        raise NoFeedError("reading it takes too long")
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        raise NoFeedError("reading it takes too much memory") from error
    if not isinstance(found, dict) or "error" in found:
        raise NoFeedError("it makes no sense as a feed")
    return found


def _entry(found: Any) -> Entry:
    texts = {name: str(found.get(name) or "") for name in Entry._fields[:6]}
    return Entry(**texts, published=found.get("published"), updated=found.get("updated"))


def _json_feed(content: bytes) -> Feed:
    """Return what a JSON Feed holds."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NoFeedError("it is JSON that makes no sense") from error
    if not str(members(found).get("version", "")).startswith(JSON_FEED):
        raise NoFeedError("it is JSON, but no JSON Feed")
    entries = tuple(_json_entry(members(item)) for item in islice(elements(found.get("items")), MOST_ENTRIES))
    return Feed(entries, str(found.get("language") or ""))


def _json_entry(item: Any) -> Entry:
    authors = [members(each).get("name") for each in (*elements(item.get("authors")), item.get("author"))]
    text = item.get("summary") or item.get("content_html") or _as_html(item.get("content_text"))
    told = (item.get("id"), item.get("url"), item.get("title"), text, next(filter(None, authors), ""))
    texts = [str(value)[:LONGEST] if isinstance(value, str | int) else "" for value in (*told, item.get("language"))]
    named = dict(zip(Entry._fields[:6], texts, strict=True))
    return Entry(**named, published=_seconds(item.get("date_published")), updated=_seconds(item.get("date_modified")))


def _as_html(text: Any) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;") if isinstance(text, str) else ""


def _seconds(value: Any) -> float | None:
    try:
        return from_text(moment(value)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _named_feed(content: bytes, address: str) -> str:
    """Return the address of the feed that a page names as its own, "" when it names none."""
    for link in _FEED_LINK.findall(content[:_LOOKED_AT]):
        target = _HREF.search(link)
        if _IS_FEED.search(link) and target is not None:
            try:
                return str(urljoin(address, target[1].decode("utf-8", "replace")))
            except ValueError:
                return ""
    return ""
