"""Addresses of feeds: what of them is secret, and how they are told to people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

# Compiled when the first feed is looked at: every command reads settings, and few have feeds.
_SECRET_NAMES = (
    r"(?i)(?:.*[-_.])?(?:\w*token|(?:api|private|secret)?key|secret|auth|password|passwd|pass|pw|sig|signature|hash|"
    r"credentials?|feed|user|k|code|jwt|sid)(?:[-_.].*)?"
)
_SECRET_PART = r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_-]{20,}(?:\.\w{1,5})?"  # of a path: no word, a token
SHORTEST = 4  # characters of a value that is worth hiding
MASK = "***"


def name_of(address: str) -> str:
    """Return an address as it is told and stored: without its scheme and without what is secret in it."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2].lower()
    path = "/".join(MASK if re.fullmatch(_SECRET_PART, part) else part for part in parts.path.split("/"))
    asked = []
    for pair in filter(None, parts.query.split("&")):
        name, equals, _ = pair.partition("=")
        asked.append(f"{name}={MASK}" if equals and _is_secret(name) else pair)
    return f"{host}{path}{'?' if asked else ''}{'&'.join(asked)}"


def names_of(addresses: Sequence[str]) -> dict[str, str]:
    """Return the name of each of these addresses; those that differ only in what is secret are counted."""
    names: dict[str, str] = {}
    seen: dict[str, int] = {}
    for address in addresses:
        name = name_of(address)
        seen[name] = seen.get(name, 0) + 1
        names[address] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return names


def secrets_of(address: str) -> list[str]:
    """Return what of an address must not be told: passwords, tokens in the path, and values that look like one."""
    parts = urlsplit(address)
    found = [parts.password or "", unquote(parts.password or "")]
    found += [part for part in parts.path.split("/") if re.fullmatch(_SECRET_PART, part)]
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        if _is_secret(name):
            found += [value, unquote(value)]
    return [value for value in dict.fromkeys(found) if len(value) >= SHORTEST]


def _is_secret(name: str) -> bool:
    return re.fullmatch(_SECRET_NAMES, name) is not None
