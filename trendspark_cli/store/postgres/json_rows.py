"""Rows as one text, for a statement that takes all of them; a module of its own, since what only reads needs none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

_ROWS = list[tuple[bool | int | Annotated[float, msgspec.Meta(ge=-1e308, le=1e308)] | str | None, ...]]


def as_json(rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as a list of lists; raise ValueError for what JSON would turn into another value."""
    msgspec.convert(rows, _ROWS)
    return msgspec.json.encode(rows).decode()
