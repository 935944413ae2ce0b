"""HTML of posts as the text people see."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

LONGEST = 20_000  # characters that are read: no post that people wrote is longer
_BLOCKS = {"p": "\n\n", "br": "\n", "li": "\n", "blockquote": "\n", "div": "\n"}
_UNSEEN = {"script", "style", "template"}
_TAG = re.compile(r"<[^<>]*>")


def text_of_html(content: str) -> str:
    """Return the text of a piece of HTML: paragraphs as blank lines, links as they are shown, no markup.

    What follows an unclosed tag or comment is text, and the time is in proportion to the length.
    """
    if "<" not in content and "&" not in content:
        return content[:LONGEST]
    content = content[:LONGEST]
    try:
        return _read(content)
    except (AssertionError, ValueError):  # sections no HTML has, and characters by numbers of thousands of digits
        return _read(content.replace("<![", "<! ").replace("&#", "&amp;#"))


def _read(content: str) -> str:
    reader = _Text()
    reader.feed(content)
    # Not closed: that tries each "<" of what is left against all that follows it.
    if reader.rawdata:
        reader.handle_data(unescape(_TAG.sub("", reader.rawdata)))
    return "".join(reader.parts).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS and self.parts:
            self.parts.append(_BLOCKS[tag])

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
