"""Where posts lead: addresses of pages, in one form for all posts that share a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

MOST_LINKS = 5  # of one post; more are lists
LONGEST_LINK = 500  # characters
# As the ranking knows them: every post has a link of its own there, so that no two share one.
SHORTENERS = frozenset(("t.co", "bit.ly", "tinyurl.com", "ow.ly", "buff.ly", "dlvr.it", "goo.gl", "is.gd"))
TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|igshid|mc_\w+|ref(?:_\w+)?|source|feature|si|s|t)=", re.IGNORECASE)
_IN_TEXT = re.compile(r"https?://[^\s<>\"\u200b\u2026]+", re.IGNORECASE)
_IN_FORM = re.compile(r"https?://([a-z0-9.-]+)/(?:[^?#]*[^?#/])?")  # most: there is nothing to leave out
_AFTER = ".,;:!?'\")]}*_~|"  # what follows a link in a text and is none of it
_CLOSED = {")": "(", "]": "["}


def links_of(urls: Iterable[object]) -> tuple[str, ...]:
    """Return the pages these addresses lead to, each once, in the form they are stored in; at most five."""
    found = dict.fromkeys(link for url in urls if isinstance(url, str) and (link := clean_link(url)) is not None)
    return tuple(found)[:MOST_LINKS] if found else ()


def links_in(text: str) -> tuple[str, ...]:
    """Return the pages that the links in a text lead to, as `links_of` does."""
    return links_of(map(_trimmed, _IN_TEXT.findall(text))) if "://" in text else ()


@lru_cache(maxsize=4096)  # one story is shared by many
def clean_link(url: str) -> str | None:
    """Return an address of the web without fragment, name and password, and what only says where a reader came from.

    None for what is no address of a page: a shortened link, an endless one, anything but http and https.
    """
    url = url.strip()
    if not url.isprintable() or " " in url or len(url) > 4 * LONGEST_LINK:
        return None
    if in_form := _IN_FORM.fullmatch(url):
        return url if in_form[1].removeprefix("www.") not in SHORTENERS and len(url) <= LONGEST_LINK else None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host or host.removeprefix("www.") in SHORTENERS:
        return None
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        place = f"{place}:{port}"
    query = "&".join(part for part in parts.query.split("&") if part and not TRACKING.match(part))
    link = f"{scheme}://{place}{parts.path.rstrip('/') or '/'}{'?' if query else ''}{query}"
    return link if len(link) <= LONGEST_LINK else None


def _trimmed(link: str) -> str:
    """Return a link of a text without what stands after it: a full stop, or a bracket that was opened before it."""
    while link and link[-1] in _AFTER:
        opened = _CLOSED.get(link[-1])
        if opened is not None and link.count(opened) >= link.count(link[-1]):
            break
        link = link[:-1]
    return link.partition("](")[0]
