"""The five time fields of a crontab line, as Debian's cron reads them."""

from __future__ import annotations

import re
from typing import NamedTuple

_WORD = re.compile("[0-9A-Za-z]+")
_PLAIN = r"\*(/\d+)?|[\d,]+|\d+-\d+(/\d+)?"  # what cronsim reads as cron does
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
AT_BOOT = "@reboot"


class FieldKind(NamedTuple):
    """A field: its name, its lowest and highest number, and the names that stand for numbers."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """Say what may be written there."""
        names = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"{self.low}-{self.high}{names}, lists, ranges, `*/n` or `a-b/n`"


KINDS = (
    FieldKind("minute", 0, 59),
    FieldKind("hour", 0, 23),
    FieldKind("day-of-month", 1, 31),
    FieldKind("month", 1, 12, _MONTHS),
    FieldKind("day-of-week", 0, 7, _DAYS),
)


class FieldError(ValueError):
    """Cron does not take this field; the message says which, its text and what was expected."""


class Field(NamedTuple):
    """One field: in the form cronsim takes, and the rest that cron leaves unread."""

    text: str
    ignored: str = ""


def read_field(kind: FieldKind, text: str) -> Field:
    """Return a field as cron understands it; raise FieldError when cron refuses it."""
    numbers: set[int] = set()
    rest = text
    while True:
        found, rest = _read_range(kind, rest, text)
        numbers |= set(found)
        if not rest.startswith(","):
            break
        rest = rest[1:]
    if not numbers:
        return Field("", rest)  # a range that runs backwards: cron takes it, and it never comes
    if re.fullmatch(_PLAIN, text) and (len(numbers) > 1 or text.isdigit() or text.startswith("*")):
        return Field(text)
    listed = ",".join(str(number) for number in sorted(numbers))
    if not text.startswith("*"):
        return Field(listed, rest)
    # Cron and cronsim both go by the first character for their rules of days and of daylight saving.
    is_all = len(numbers) == kind.high - kind.low + 1
    return Field("*" if is_all else f"*/{kind.high + 1},{listed}", rest)


def _read_range(kind: FieldKind, rest: str, whole: str) -> tuple[range, str]:
    """Read `*`, `n` or `a-b`, the last two with a step; return its numbers and what follows."""
    if rest.startswith("*"):
        low, high, rest = kind.low, kind.high, rest[1:]
    else:
        low, rest = _read_number(kind, rest, whole)
        high = low
        if rest.startswith("-"):
            high, rest = _read_number(kind, rest[1:], whole)
        elif rest.startswith("/"):
            raise _refused(kind, whole, f"a step needs a range: {low}-{kind.high}{rest}")
    if not rest.startswith("/"):
        return range(low, high + 1), rest
    step = _WORD.match(rest, 1)
    if step is None or not step[0].isdigit() or int(step[0]) == 0:
        raise _refused(kind, whole, kind.expected)
    return range(low, high + 1, int(step[0])), rest[step.end() :]


def _read_number(kind: FieldKind, rest: str, whole: str) -> tuple[int, str]:
    word = _WORD.match(rest)
    if word is None:
        raise _refused(kind, whole, kind.expected)
    if word[0].lower() in kind.names:
        return kind.names.index(word[0].lower()) + kind.low, rest[word.end() :]
    if not word[0].isdigit() or not kind.low <= int(word[0]) <= kind.high:
        raise _refused(kind, whole, kind.expected)
    return int(word[0]), rest[word.end() :]


def _refused(kind: FieldKind, whole: str, expected: str) -> FieldError:
    return FieldError(f"a {kind.name} in place of {whole!r}: {expected}")
