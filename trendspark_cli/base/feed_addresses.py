"""Addresses of feeds: what of them is secret, and how they are told to people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

# Compiled when the first feed is looked at: every command reads settings, and few have feeds.
_SECRET_NAMES = (
    r"(?i)(?:.*[-_.])?(?:\w*token|(?:api|private|secret)?key|secret|auth|password|passwd|pass|pw|sig|signature|hash|"
    r"credentials?|jwt|sid)(?:[-_.].*)?"
)
_PERHAPS_SECRET_NAMES = r"(?i)(?:.*[-_.])?(?:feed|user|k|code)(?:[-_.].*)?"  # of ordinary words, and of tokens
_TOKEN = r"(?=.*\d)(?=.*[A-Za-z])[\w.~%+/=-]{16,}|\d{16,}|[A-Za-z]{24,}"  # a value that nobody would choose
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
        name, equals, value = pair.partition("=")
        asked.append(f"{name}={MASK}" if equals and _is_secret(name, value) else pair)
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
        if _is_secret(name, value):
            found += [value, unquote(value)]
    return [value for value in dict.fromkeys(found) if len(value) >= SHORTEST]


def without_secrets(text: str, secrets: Sequence[str], host: str) -> str:
    """Return a link or an id of the feed of a host without the secrets of the feed's address.

    A token goes wherever it stands. What may be a word goes on that host only, as a whole value or part of a path.
    """
    for secret in secrets:
        if re.fullmatch(_TOKEN, secret):
            text = text.replace(secret, MASK)
        elif _host(text) in ("", host):
            text = re.sub(rf"(?<![^/=:]){re.escape(secret)}(?![^/&;#?@])", MASK, text)
    return text


def _is_secret(name: str, value: str) -> bool:
    if re.fullmatch(_PERHAPS_SECRET_NAMES, name):
        return re.fullmatch(_TOKEN, value) is not None
    return re.fullmatch(_SECRET_NAMES, name) is not None


def _host(link: str) -> str:
    try:
        return (urlsplit(link).hostname or "").lower()
    except ValueError:
        return ""
