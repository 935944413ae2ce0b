"""Make foreign values storable: times in the one stored form, counters within reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from trendspark_cli.base.clock import from_epoch, from_text, to_text

MAX_COUNTER = 10**12  # likes or views beyond it are a fault of the sender (9e15 was seen)

_STORED = 24  # characters of a stored time
_SECONDS = re.compile(r"(:[0-5]\d)(?:(\.\d{3})\d{0,6}|)(?:Z|\+00:00)", re.ASCII)
_EPOCH = re.compile(
    r"(-?\d{1,7}|\d{9,20})(?:\.\d*)?|\d\.\d{9,20}[eE]\+?\d{1,2}", re.ASCII
)  # eight digits are a date; rounded ones are none
_COMPACT = re.compile(r"((?:19|20)\d{6})(\d{6})", re.ASCII)
_IN_WORDS = re.compile(
    r"[A-Z][a-z]{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(\d\d?) (\d\d:\d\d:\d\d) ([+-]\d{4}) (\d{4})",
    re.ASCII,
)
_IN_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:GMT|UTC|UT|Z|[+-]\d{4})", re.ASCII
)
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_ZONE = re.compile(r" ?(?:UTC|GMT|Z)$")


def stored_time(text: str) -> str:
    """Return an ISO 8601 *text* in the one stored form.

    Raises ValueError when it is no time between 1970 and 9999.
    """
    if _is_minute(text[:16]) and (seconds := _stored_seconds(text[16:])) is not None:
        return text if len(text) == _STORED else text[:16] + seconds
    try:
        moment = _moment(text)
    except OverflowError as error:  # the first and last years, moved to UTC
        raise ValueError(text) from error
    if moment.year < 1970:
        raise ValueError(text)
    return to_text(moment)


def _moment(text: str) -> datetime:
    """Return a time written in any of the ways that are out there; one without a zone is UTC."""
    text = text.strip()
    if _EPOCH.fullmatch(text):
        if (compact := _COMPACT.fullmatch(text)) is not None:
            return from_text(f"{compact[1]}T{compact[2]}")
        return from_epoch(_seconds(float(text)))
    try:
        return from_text(text)
    except ValueError:
        pass
    if in_words := _IN_WORDS.fullmatch(text):  # Mon Jun 14 09:32:42 +0000 2021
        month = _MONTHS.index(in_words[1].lower()) // 3 + 1
        return from_text(f"{in_words[5]}-{month:02}-{int(in_words[2]):02}T{in_words[3]}{in_words[4]}")
    if _IN_MAIL.fullmatch(text):  # Sun, 29 Nov 2026 09:32:42 GMT
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return from_text(_ZONE.sub("Z", text.upper()))  # a small t or z, or the zone in letters


def stored_epoch(number: float) -> str:
    """Return a number of seconds, milliseconds, microseconds or nanoseconds since 1970 in the one stored form.

    Raises ValueError, OverflowError or OSError when it is no time between 1970 and 9999.
    """
    if number < 0:
        raise ValueError(number)
    return to_text(from_epoch(_seconds(number)))


def stored_micros(micros: int) -> str:
    """Return whole microseconds since 1970 in the one stored form."""
    return f"{_stored_second(micros // 1_000_000)}.{micros // 1000 % 1000:03}Z"


@lru_cache(maxsize=4096)
def _stored_second(seconds: int) -> str:
    return to_text(from_epoch(seconds)).partition(".")[0]


def _seconds(number: float) -> float:
    return number if number < 1e11 else number / (1e3 if number < 1e14 else 1e6 if number < 1e17 else 1e9)


@lru_cache(maxsize=4096)
def _is_minute(text: str) -> bool:
    """Tell whether *text* is `YYYY-MM-DDTHH:MM` of 1970 or later; pages hold few different minutes."""
    try:
        return len(text) == 16 and text[10] == "T" and from_text(text).year >= 1970 and text.isascii()
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _stored_seconds(text: str) -> str | None:
    """Return `:SS.mmmZ` of seconds of UTC with any part of a second, as nearly all posts are given, or None."""
    found = _SECONDS.fullmatch(text)
    return f"{found[1]}{found[2] or '.000'}Z" if found is not None else None


_FEW_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # the last one last: `&amp;lt;` is `&lt;`


def without_entities(text: str) -> str:
    """Return *text* with `&lt;`, `&gt;` and `&amp;` as what was typed, once: X and Reddit escape no other character."""
    if "&" in text:
        for entity, character in _FEW_ENTITIES:
            text = text.replace(entity, character)
    return text
