"""Read one feed with feedparser, in a process of its own: whatever a feed does to it ends with that process.

Bytes come on stdin, and reach feedparser as a file: bytes it would open as the name of one. What is found goes to
stdout as JSON.
"""

from __future__ import annotations

import calendar
import io
import json
import resource
import sys
from typing import Any

MEMORY = 1024 * 2**20  # bytes of address space
MOST_ENTRIES = 300
LONGEST = 20_000  # characters of one field


def main() -> None:
    """Read, and write what was found. Arguments: seconds of a processor, and what the answer said that it is."""
    seconds, content_type = int(sys.argv[1]), sys.argv[2]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    content = sys.stdin.buffer.read()
    import feedparser

    headers = {"content-type": content_type} if content_type else {}
    try:
        found = feedparser.parse(io.BytesIO(content), response_headers=headers)
        result = _result(found)
    except (ValueError, RecursionError, MemoryError, LookupError, AttributeError, TypeError) as error:
        result = {"error": type(error).__name__}
    sys.stdout.write(json.dumps(result))


def _result(found: Any) -> dict[str, object]:
    feed = found.get("feed", {})
    return {
        "version": found.get("version", ""),
        "title": _text(feed.get("title")),
        "language": _text(feed.get("language")),
        "ttl": _text(feed.get("ttl")),
        "entries": [_entry(entry) for entry in found.get("entries", [])[:MOST_ENTRIES]],
    }


def _entry(entry: Any) -> dict[str, object]:
    content: Any = next(iter(entry.get("content", [])), {})
    return {
        "id": _text(entry.get("id")),
        "link": _text(entry.get("link")),
        "title": _text(entry.get("title")),
        "summary": _text(entry.get("summary")) or _text(content.get("value")),
        "author": _text(entry.get("author")),
        "language": _text(entry.get("language")),
        "published": _seconds(entry.get("published_parsed")),
        "updated": _seconds(entry.get("updated_parsed")),
    }


def _text(value: Any) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""


def _seconds(value: Any) -> int | None:
    """Return a time as seconds since 1970, None for what is none."""
    try:
        return calendar.timegm(value) if value is not None else None
    except (ValueError, TypeError, OverflowError):
        return None


if __name__ == "__main__":
    main()
