"""Whether somebody else than the service answered: a page for people where data should be."""

from __future__ import annotations

import re

PAGE = "answered with a web page: a proxy or a captive portal spoke in its place"
_BEGINS = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_LOOKED_AT = 2000  # bytes


def is_page(content: bytes, content_type: str) -> bool:
    """Tell whether a body is HTML, by what it begins with or what is said of it."""
    if _BEGINS.match(content[:_LOOKED_AT]):
        return True
    return content_type.strip().lower().startswith(("text/html", "application/xhtml")) and content.lstrip()[:1] == b"<"
