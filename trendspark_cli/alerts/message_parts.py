"""Cut a message into parts a channel accepts: on lines where possible, never inside an entity or a character."""

from __future__ import annotations

import html
import re

_TOKEN = re.compile(r"<(/?)(\w+)[^>]*>|&(?:#\d+|#x[0-9a-fA-F]+|\w+);|.", re.DOTALL)
_NUMBERING = 16  # units kept free for "(12/34)\n"


def text_units(markup: str) -> int:
    """Return the length of *markup* after parsing, in UTF-16 units, as Telegram counts."""
    return sum(_units(match) for match in _TOKEN.finditer(markup))


def plain_text(markup: str) -> str:
    """Return *markup* without tags, entities resolved."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def message_parts(markup: str, limit: int) -> list[str]:
    """Return *markup* in parts of at most *limit* units after parsing; more than one part is numbered.

    Tags open at a cut are closed before it and opened again after it.
    """
    if text_units(markup) <= limit:
        return [markup]
    parts = _cut(markup, limit - _NUMBERING)
    return [f"({number}/{len(parts)})\n{part}" for number, part in enumerate(parts, 1)]


def _cut(markup: str, limit: int) -> list[str]:
    parts: list[str] = []
    open_tags: list[tuple[str, str]] = []  # (name, the opening tag as written)
    part, size = "", 0
    for line in markup.splitlines(keepends=True):
        if size and size + text_units(line) > limit:
            parts, part, size = [*parts, _closed(part, open_tags)], _reopened(open_tags), 0
        for match in _TOKEN.finditer(line):
            units = _units(match)
            if size + units > limit:
                parts, part, size = [*parts, _closed(part, open_tags)], _reopened(open_tags), 0
            part, size = part + match[0], size + units
            _follow(match, open_tags)
    if size:
        parts.append(_closed(part, open_tags))
    return parts


def _units(match: re.Match[str]) -> int:
    """Return how many UTF-16 units a tag (0), an entity or a character counts."""
    if match[2]:
        return 0
    return len(html.unescape(match[0]).encode("utf-16-le", "surrogatepass")) // 2


def _follow(match: re.Match[str], open_tags: list[tuple[str, str]]) -> None:
    if match[2] and not match[1]:
        open_tags.append((match[2], match[0]))
    elif match[2] and open_tags:
        open_tags.pop()


def _closed(part: str, open_tags: list[tuple[str, str]]) -> str:
    return part.rstrip("\n") + "".join(f"</{name}>" for name, _ in reversed(open_tags))


def _reopened(open_tags: list[tuple[str, str]]) -> str:
    return "".join(tag for _, tag in open_tags)
