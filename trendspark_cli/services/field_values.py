"""Fields of foreign records by their value, however they are written: ids, counters and times."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from trendspark_cli.base.texts import clean_text
from trendspark_cli.services.post_texts import MAX_COUNTER, stored_epoch, stored_time

JsonObject = Mapping[str, Any]  # as it came from somebody else: nothing about it is known

LONGEST_ID = 200  # characters
LARGEST_EXACT = 2**53  # a float above it may have been another number
_ROUNDED = re.compile(r"[+-]?\d+(?:[.,]\d+[eE]\+?|[eE]\+)\d+")  # 1.23457E+18, as spreadsheets write long ids
_WHOLE = re.compile(r"([+-]?\d{1,30})(?:\.0*)?", re.ASCII)
_DECIMAL_ID = re.compile(r"(\d+)\.0+", re.ASCII)


def identifier(value: Any) -> str | None:
    """Return an id as text; None for what cannot be one, such as a number that was rounded."""
    if isinstance(value, str):
        if value.isalnum() and len(value) <= LONGEST_ID:
            return value
        text = value.strip()
        if decimal := _DECIMAL_ID.fullmatch(text):
            return decimal[1] if int(decimal[1][:20]) < LARGEST_EXACT else None
        if not text or len(text) > LONGEST_ID or clean_text(text) != text or _ROUNDED.fullmatch(text):
            return None
        return text
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_EXACT:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**LONGEST_ID:
        return str(value)
    return None


def counter(value: Any, least: int = 0) -> int | None:
    """Return a counter; None when it is not told. Raises ValueError for what is none, or below *least*."""
    if type(value) is int and least <= value <= MAX_COUNTER:
        return value
    if value is None or value == "":
        return None
    if isinstance(value, str):
        whole = _WHOLE.fullmatch(value.strip())
        if whole is None:
            raise ValueError(value[:100])
        value = int(whole[1])
    if isinstance(value, float):
        if math.isnan(value):  # what pandas writes for nothing
            return None
        if not value.is_integer():
            raise ValueError(value)
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_COUNTER:
        raise ValueError("no counter")
    return value


def moment(value: Any) -> str:
    """Return a time, as text or as seconds, milliseconds or microseconds since 1970, in the stored form.

    Raises ValueError when it is none.
    """
    if isinstance(value, str):
        return stored_time(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return stored_epoch(value)
    raise ValueError("no time")


def text_or_none(value: Any) -> str | None:
    """Return a text that may be missing; a number is its digits. Raises ValueError for anything else."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return clean_text(value) or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(value, float) and math.isnan(value):
            return None
        return identifier(value) or str(value)
    raise ValueError("no text")
