"""Keep secrets out of everything that is written: every text passes through here on its way out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote

MASK = "***"
_SHORTEST = 6  # masking shorter values would blank out ordinary words
# Forms a secret takes even when it is not a setting of ours: headers, URLs with a password or a bot token.
_SHAPES = (
    (re.compile(r"(?i)\b(bearer|basic)\s+(?=\S*\d|\S{24})[\w~+/.=%-]{8,}"), r"\1 " + MASK),
    (re.compile(r"(/bot)\d{5,}:[\w-]{10,}"), r"\1" + MASK),
    (re.compile(r"(\b\w+://[^\s/:@]*:)[^\s/]+(@)"), r"\1" + MASK + r"\2"),
)
_values: list[str] = []


def install(secrets: Iterable[str]) -> None:
    """Mask these values from now on, in the forms in which they may show up."""
    forms = {form for secret in secrets for form in _forms(secret)}
    _values[:] = sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)


def excerpt(text: object, length: int) -> str:
    """Return the beginning of *text*, masked before it is cut: half a secret would not be recognised later."""
    return redact(str(text))[:length]


def _forms(secret: str) -> Iterable[str]:
    """Yield the ways a value may be written: as it is, quoted for URLs, escaped for JSON and Python."""
    yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), unquote(secret))
    for escaped in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]):
        yield from (escaped, escaped.replace("/", "\\/"))


def redact(text: str) -> str:
    """Return *text* with every known secret and everything shaped like one masked."""
    for value in _values:
        if value in text:
            text = text.replace(value, MASK)
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text
