"""Make foreign values storable: times in the one stored form, counters within reason."""

from __future__ import annotations

import re
from functools import lru_cache

from trendspark_cli.base.clock import from_text, to_text

MAX_COUNTER = 10**12  # likes or views beyond it are a fault of the sender (9e15 was seen)

_SECONDS = re.compile(r":[0-5]\d\.\d{3}Z", re.ASCII)


def stored_time(text: str) -> str:
    """Return an ISO 8601 *text* in the one stored form.

    Raises ValueError when it is no time between 1970 and 9999.
    """
    if _is_minute(text[:16]) and _is_seconds(text[16:]):
        return text
    try:
        moment = from_text(text)
    except OverflowError as error:  # the first and last years, moved to UTC
        raise ValueError(text) from error
    if moment.year < 1970:
        raise ValueError(text)
    return to_text(moment)


@lru_cache(maxsize=4096)
def _is_minute(text: str) -> bool:
    """Tell whether *text* is `YYYY-MM-DDTHH:MM` of 1970 or later; pages hold few different minutes."""
    try:
        return len(text) == 16 and text[10] == "T" and from_text(text).year >= 1970 and text.isascii()
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _is_seconds(text: str) -> bool:
    """Tell whether *text* is `:SS.mmmZ`; most posts are given in whole seconds."""
    return _SECONDS.fullmatch(text) is not None
