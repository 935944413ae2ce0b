"""Tables as commands print them into a pipe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

FIRST_HEADINGS = {"id", "service", "run", "job", "at", "name", "what", "term", "state", "setting", "profile", "gap"}
FIRST_HEADINGS |= {"trends", "channel", "wanted", "table", "opened"}


@dataclass
class PlainTable:
    """A table of a plain output, and the line that follows it."""

    headings: list[str]
    rows: list[list[str]]
    then: str = ""


def plain_tables(lines: Sequence[str]) -> list[PlainTable]:
    """Return the tables of a plain output."""
    found: list[PlainTable] = []
    starts: list[int] = []
    for line in lines:
        headings = re.split(r" {2,}", line)
        if not starts and len(headings) > 1 and headings[0] in FIRST_HEADINGS:
            starts = [match.start() for match in re.finditer(r"(?:(?<=  )|^)\S", line)]
            found.append(PlainTable(cells_at(line, starts) or [], []))
        elif starts and (cells := cells_at(line, starts)) is not None:
            found[-1].rows.append(cells)
        elif starts:
            starts, found[-1].then = [], line.strip()[:16]
    return found


def cells_at(line: str, starts: Sequence[int]) -> list[str] | None:
    """Return the cells of a plain line; None when it is no row."""
    if any(line[start - 2 : start].strip() for start in starts[1:]):
        return None
    return [line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]
