"""Entries of a feed become posts: new ones once, changed ones as versions, those under a new id not again."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.base.feed_addresses import without_secrets
from trendspark_cli.base.links import links_in, links_of
from trendspark_cli.base.models import Post, Rejection
from trendspark_cli.base.texts import clean_text
from trendspark_cli.services.feeds.parsing import Entry, Feed
from trendspark_cli.services.feeds.state import State, short_hash
from trendspark_cli.services.html_texts import text_of_html

MOST_NEW = 100  # entries of one poll, the newest: a feed that gives all of its ids anew does not flood
OLDEST = timedelta(days=14)  # entries: what is older is no news
EARLIEST = 631_152_000.0  # 1990: a year before it was read out of something else
LONGEST_TEXT = 1000  # characters of what follows the title: a whole article would drown what titles say
LONGEST_ID = 150  # characters
EVERYWHERE_ONE = re.compile(r"(?:https?://|tag:|urn:|yt:video:|t[135]_)\S+")  # ids that no other feed of a host uses
OPAQUE_LINKS = ("news.google.com",)  # hosts whose entries lead through a script: nobody can tell where


class Read(NamedTuple):
    """What a poll brought: posts, what is none, the state with it, and whether all entries were new."""

    posts: list[Post]
    rejections: list[Rejection]
    state: State
    all_new: bool
    oldest: str  # time of the oldest entry


class Origin(NamedTuple):
    """The feed: its name, its host, and what must not be told of its address."""

    name: str
    host: str
    secrets: Sequence[str]


def read_entries(feed: Feed, origin: Origin, state: State, now: datetime) -> Read:
    """Return what is new or changed in a feed."""
    links = Counter((entry.link, entry.title) for entry in feed.entries if entry.link)
    fresh: list[tuple[str, Post]] = []
    rejections: list[Rejection] = []
    seen: dict[str, str] = {}
    alike: list[str] = []
    known_alike = set(state.alike)
    met = 0
    for index, entry in enumerate(feed.entries, 1):
        post = _post(entry, feed, origin, now)
        if isinstance(post, str):
            rejections.append(Rejection(post, f"entry {index}"))
            continue
        key, content = short_hash(post.source_id), short_hash(post.text)
        likes = [short_hash("t", entry.title, str(entry.published or entry.summary))]
        # A link alone says nothing: all entries of a feed may lead to one page.
        likes += [short_hash("l", entry.link, entry.title)] if links[entry.link, entry.title] == 1 else []
        before = state.seen.get(key)
        is_known = before is not None or not known_alike.isdisjoint(likes)
        met += is_known
        if key not in seen and (not is_known or before not in (None, content)):
            fresh.append((post.created_at, post._replace(edits=_edited(entry, now)) if before is not None else post))
        seen.setdefault(key, content)
        alike += likes
    young = [post for at, post in sorted(fresh, key=lambda each: each[0], reverse=True) if at > to_text(now - OLDEST)]
    times = [at for at, _ in fresh]
    return Read(
        young[:MOST_NEW], rejections, state.with_seen(seen, alike), bool(seen) and not met, min(times, default="")
    )


def _post(entry: Entry, feed: Feed, origin: Origin, now: datetime) -> Post | str:
    """Return the post of an entry, or the reason why there is none."""
    title = _plain(entry.title)
    body = _shortened(_plain(entry.summary))
    link = without_secrets(entry.link.strip(), origin.secrets, origin.host)
    is_opaque = origin.host in OPAQUE_LINKS
    if is_opaque:
        body = ""
    text = body if body.startswith(title) else "\n".join(filter(None, (title, body)))
    if not text:
        return "missing_field"
    at = _time(entry, now)
    name = without_secrets(entry.id.strip(), origin.secrets, origin.host) or link or f"{title} {entry.published or ''}"
    author = clean_text(_plain(entry.author))[:80]
    lang = (entry.language or feed.language).partition("-")[0].strip().lower()
    return Post(
        source="feeds",
        source_id=_id(clean_text(name), origin),
        author=f"{author}@{origin.host}" if author else origin.host,
        community=origin.name,
        text=clean_text(text),
        url=clean_text(link) if _is_web(link) else None,
        lang=lang if re.fullmatch(r"[a-z]{2,3}", lang) else None,
        created_at=at,
        likes=None,
        replies=None,
        reposts=None,
        quotes=None,
        views=None,
        edits=0,
        observed_at=None,
        links=() if is_opaque else links_of((link, *links_in(text))),
    )


def _id(name: str, origin: Origin) -> str:
    """Return an entry's id: of its host where its own id is one everywhere, else of its feed."""
    if len(name) > LONGEST_ID or " " in name or not name.isprintable():
        name = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
    place = origin.host if EVERYWHERE_ONE.fullmatch(name) else f"{origin.host}/{short_hash(origin.name)[:6]}"
    return f"{place}:{name}"


def _time(entry: Entry, now: datetime) -> str:
    """Return when an entry was made, never later than now; now when it does not say."""
    latest = now.timestamp()
    claimed = next((at for at in (entry.published, entry.updated) if at is not None and at >= EARLIEST), latest)
    return to_text(from_epoch(min(claimed, latest)))


def _edited(entry: Entry, now: datetime) -> int:
    latest = now.timestamp()
    at = entry.updated
    return int(min(at, latest)) if at is not None and at >= EARLIEST and at != entry.published else int(latest)


def _plain(html: str) -> str:
    return " ".join(text_of_html(html).split())


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT].rpartition(" ")[0] + " …"


def _is_web(link: str) -> bool:
    try:
        parts = urlsplit(link)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
