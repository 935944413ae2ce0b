"""A message as a channel takes it: its markup or none, in parts it accepts.

A message is cut on lines where possible, never inside an entity or a character.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping

from trendspark_cli.kinds.channels import MessageForm

_TOKEN = re.compile(r"<(/?)(\w+)[^>]*>|&(?:#\d+|#x[0-9a-fA-F]+|\w+);|.", re.DOTALL)
_CHARACTER = re.compile(r"()().", re.DOTALL)  # of a text without markup; the groups are those of a tag
_LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
_NUMBERING = 16  # units kept free for "(12/34)\n"
_UNITS: Mapping[str, Callable[[str], int]] = {
    "utf16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "characters": len,
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
}


def text_units(text: str, form: MessageForm) -> int:
    """Return the length of a text as its channel counts it: markup aside, in the channel's unit."""
    return _Measure(form).of(text)


def plain_text(markup: str) -> str:
    """Return *markup* without tags, entities resolved."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def rendered(markup: str, form: MessageForm) -> str:
    """Return an alert's markup as a channel takes it; without markup, addresses stand behind what was a link."""
    return markup if form.markup == "html" else plain_text(_LINK.sub(r"\2 \1", markup))


def message_parts(markup: str, form: MessageForm) -> list[str]:
    """Return an alert's markup in parts that a channel takes; more than one part is numbered.

    Tags open at a cut are closed before it and opened again after it.
    """
    text, measure = rendered(markup, form), _Measure(form)
    if measure.of(text) <= form.text_limit:
        return [text]
    parts = _cut(text, form.text_limit - _NUMBERING, measure)
    return [f"({number}/{len(parts)})\n{part}" for number, part in enumerate(parts, 1)]


class _Measure:
    """How long texts of a channel are: in which unit, and whether they hold tags and entities."""

    def __init__(self, form: MessageForm) -> None:
        self._length = _UNITS[form.unit]
        self._has_markup = form.markup == "html"
        self.tokens = _TOKEN if self._has_markup else _CHARACTER

    def units(self, match: re.Match[str]) -> int:
        """Return how many units a tag (0), an entity or a character counts."""
        if match[2]:
            return 0
        return self._length(html.unescape(match[0]) if self._has_markup else match[0])

    def of(self, text: str) -> int:
        """Return how many units a text counts."""
        return sum(self.units(match) for match in self.tokens.finditer(text))


def _cut(text: str, limit: int, measure: _Measure) -> list[str]:
    parts: list[str] = []
    open_tags: list[tuple[str, str]] = []  # (name, the opening tag as written)
    part, size = "", 0
    for line in text.splitlines(keepends=True):
        if size and size + measure.of(line) > limit:
            parts, part, size = [*parts, _closed(part, open_tags)], _reopened(open_tags), 0
        for match in measure.tokens.finditer(line):
            units = measure.units(match)
            if size + units > limit:
                parts, part, size = [*parts, _closed(part, open_tags)], _reopened(open_tags), 0
            part, size = part + match[0], size + units
            _follow(match, open_tags)
    if size:
        parts.append(_closed(part, open_tags))
    return parts


def _follow(match: re.Match[str], open_tags: list[tuple[str, str]]) -> None:
    if match[2] and not match[1]:
        open_tags.append((match[2], match[0]))
    elif match[2] and open_tags:
        open_tags.pop()


def _closed(part: str, open_tags: list[tuple[str, str]]) -> str:
    return part.rstrip("\n") + "".join(f"</{name}>" for name, _ in reversed(open_tags))


def _reopened(open_tags: list[tuple[str, str]]) -> str:
    return "".join(tag for _, tag in open_tags)
