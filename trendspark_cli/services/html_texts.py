"""HTML of posts as the text people see."""

from __future__ import annotations

from html.parser import HTMLParser

_BLOCKS = {"p": "\n\n", "br": "\n", "li": "\n", "blockquote": "\n", "div": "\n"}
_UNSEEN = {"script", "style", "template"}


def text_of_html(content: str) -> str:
    """Return the text of a piece of HTML: paragraphs as blank lines, links as they are shown, no markup."""
    if "<" not in content and "&" not in content:
        return content
    reader = _Text()
    reader.feed(content)
    reader.close()
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
