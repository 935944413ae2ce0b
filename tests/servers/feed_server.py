"""A feed on 127.0.0.1, as RSS, Atom and JSON Feed, with validators and whatever headers a test wants."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from .certificates import Certificate
from .http_base import Clock, LocalServer
from .messages import Answer, JsonObject, Request

MOST = 200  # entries of a feed, the newest
TYPES = {
    "/rss.xml": "application/rss+xml",
    "/atom.xml": "application/atom+xml",
    "/feed.json": "application/feed+json",
}


def feed_entry(created_at: datetime, title: str, **fields: object) -> JsonObject:
    """An entry; without a guid the same call always makes the same one."""
    name = hashlib.sha256(f"{created_at} {title}".encode()).hexdigest()[:12]
    return {
        "guid": f"https://news.example/{name}",
        "link": f"https://news.example/{name}",
        "title": title,
        "text": "",
        "author": "",
        "published": created_at,
        "updated": None,
        **fields,
    }


class FeedServer(LocalServer):
    """A site with one feed, in three forms. `headers` are those of its answers, `has_validators` adds an ETag."""

    platform = "feeds"

    def __init__(
        self,
        entries: Iterable[JsonObject] = (),
        *,
        clock: Clock = time.time,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(clock=clock, certificate=certificate)
        self.headers: dict[str, str] = {}
        self.has_validators = True
        self.ttl = 0
        self._posts: dict[str, JsonObject] = {}
        self.add(entries)

    def add(self, entries: Iterable[JsonObject]) -> None:
        """Publish entries."""
        with self.lock:
            for entry in entries:
                self._posts[str(entry["guid"])] = {**entry, "id": f"127.0.0.1:{entry['guid']}"}

    def update(self, guid: str, **fields: object) -> None:
        """Change fields of an entry."""
        with self.lock:
            self._posts[guid].update(fields)

    def replace(self, entries: Iterable[JsonObject]) -> None:
        """Have these entries and no others."""
        with self.lock:
            self._posts.clear()
        self.add(entries)

    def endpoint_name(self, method: str, path: str) -> str:
        return "feed" if path in TYPES else "unknown"

    def respond(self, request: Request) -> Answer:
        if request.endpoint == "unknown":
            return Answer(404, b"not here")
        newest = sorted(self._posts.values(), key=lambda entry: str(entry["published"]), reverse=True)[:MOST]
        body = {"/rss.xml": self._rss, "/atom.xml": _atom, "/feed.json": _json}[request.path](newest)
        headers = {"content-type": TYPES[request.path], **self.headers}
        if self.has_validators:
            etag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
            headers["etag"] = etag
            if request.headers.get("if-none-match") == etag:
                return Answer(304, b"", headers)
        return Answer(200, body, headers)

    def _rss(self, entries: list[JsonObject]) -> bytes:
        ttl = f"<ttl>{self.ttl}</ttl>" if self.ttl else ""
        items = "".join(
            "<item>"
            + _element("title", entry["title"])
            + _element("link", entry["link"])
            + _element("guid", entry["guid"], ' isPermaLink="false"')
            + (f"<pubDate>{_rfc822(entry['published'])}</pubDate>" if entry["published"] else "")
            + _element("description", entry["text"])
            + _element("author", entry["author"])
            + "</item>"
            for entry in entries
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{ttl}{items}</channel></rss>'.encode()


def _atom(entries: list[JsonObject]) -> bytes:
    items = "".join(
        "<entry>"
        + _element("title", entry["title"])
        + f'<link href="{escape(str(entry["link"]))}"/>'
        + _element("id", entry["guid"])
        + f"<published>{_iso(entry['published'])}</published>"
        + f"<updated>{_iso(entry['updated'] or entry['published'])}</updated>"
        + _element("content", entry["text"], ' type="html"')
        + (f"<author>{_element('name', entry['author'])}</author>" if entry["author"] else "")
        + "</entry>"
        for entry in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>t</title>{items}</feed>'.encode()


def _json(entries: list[JsonObject]) -> bytes:
    items = [
        {
            "id": entry["guid"],
            "url": entry["link"],
            "title": entry["title"],
            "content_text": entry["text"],
            "date_published": _iso(entry["published"]),
        }
        for entry in entries
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": items}).encode()


def _element(name: str, value: object, attributes: str = "") -> str:
    return f"<{name}{attributes}>{escape(str(value))}</{name}>" if value else ""


def _rfc822(moment: object) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True) if isinstance(moment, datetime) else str(moment)


def _iso(moment: object) -> str:
    return moment.astimezone(UTC).isoformat() if isinstance(moment, datetime) else str(moment)
