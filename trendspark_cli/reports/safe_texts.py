"""Texts of others for pages and feeds: nothing that XML refuses, no link but one to a page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from trendspark_cli.base.console import shortened
from trendspark_cli.base.redaction import redact

LONGEST_ADDRESS = 2000  # characters; what is longer is shown and no link
# What XML 1.0 takes, and lone surrogates that no encoding takes.
_NO_ADDRESS = re.compile(r"[\s\"<>\\`{}|^]")  # browsers make of these what they like
_REFUSED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def shown_text(text: str, length: int) -> str:
    """Return a text of somebody else on one line, masked, at most so long."""
    return _REFUSED.sub("", shortened(redact(text), length))


def web_link(url: str | None) -> str:
    """Return an address when it is one of a web page, else nothing: only such become links."""
    if not url or len(url) > LONGEST_ADDRESS or not url.isprintable() or _NO_ADDRESS.search(url):
        return ""
    try:
        parts = urlsplit(url)
        is_page = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        return ""
    return url if is_page else ""
