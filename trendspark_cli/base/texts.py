"""Foreign text without what no database or terminal can take."""

from __future__ import annotations

import re

# Lone surrogates, NUL and control characters; tab and newline stay, everything else stays.
_CONTROLS = re.compile("[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_UNSTORABLE = re.compile("[\ud800-\udfff\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LINK = r"\[[^\[\]]{0,60}\]\([^()]{0,200}\)"  # as Markdown has it: Reddit says which rule was broken
_PLACEHOLDER = re.compile(rf"\s*\[\s*(?:deleted|removed)\b(?:[^\[\]]|{_LINK}){{0,100}}\]\s*", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Return *text* without characters that cannot be stored or shown; nothing else is lost."""
    if text.isprintable():  # much faster than the search, and true of most posts
        return text
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n"))


def clean_or_none(text: str | None) -> str | None:
    """Return *text* without characters that cannot be stored or shown; None when nothing is left of it."""
    return (clean_text(text) or None) if text else None


def without_controls(text: str) -> str:
    """Return *text* without characters that cannot be stored or shown, its line ends as they are."""
    return text if text.isprintable() else _CONTROLS.sub("", text)


def is_placeholder(text: str) -> bool:
    """Tell whether a text is what a service shows in place of one that was taken away."""
    return text[:40].lstrip()[:1] == "[" and _PLACEHOLDER.fullmatch(text) is not None
