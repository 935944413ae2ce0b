"""JSON as values. Of a large object, what is large in it stays undecoded until it is asked for, piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from trendspark_cli.services.field_values import JsonObject

LARGE = 2**20  # bytes: decoded, it takes ten times as much memory or more
LARGEST_AT_ONCE = 2**22  # bytes that are decoded at once when there is no other way

_decode = msgspec.json.Decoder().decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode


def decoded(content: bytes | msgspec.Raw) -> Any:
    """Return a JSON value; large lists and objects within a large object come as `msgspec.Raw`.

    Raises ValueError or RecursionError for what is none.
    """
    size = len(memoryview(content))
    try:
        if size > LARGE and begins_with(content, b"{"):
            return {name: _unless_large(raw) for name, raw in _members(content).items()}
        return _decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if size > LARGEST_AT_ONCE:
            raise ValueError(str(error)) from error
        return json.loads(bytes(content))  # takes NaN and lone surrogates, which are out there too


def members(value: Any) -> JsonObject:
    """Return what an object holds, decoded as `decoded` does; nothing for anything else."""
    if isinstance(value, msgspec.Raw) and begins_with(value, b"{"):
        value = decoded(value)
    return value if isinstance(value, dict) else {}


def elements(value: Any) -> Iterator[Any]:
    """Yield what a list holds, decoded as `decoded` does; nothing of anything else."""
    if isinstance(value, msgspec.Raw):
        if begins_with(value, b"["):
            yield from (decoded(raw) for raw in _elements(value))
    elif isinstance(value, list):
        yield from value


def begins_with(content: bytes | msgspec.Raw, first: bytes) -> bool:
    """Tell whether a JSON value begins with this byte, which says what kind it is of."""
    return bytes(memoryview(content)[:1]) == first


def _unless_large(raw: msgspec.Raw) -> Any:
    return raw if len(memoryview(raw)) > LARGE and not begins_with(raw, b'"') else decoded(raw)
