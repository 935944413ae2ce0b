"""Tables as text, with our names as columns: each row becomes an object of our own form."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import IO

from trendspark_cli.services.post_files.json_scanning import LONGEST_VALUE
from trendspark_cli.services.post_files.own_lines import OPTIONAL, REQUIRED

Rows = Iterator[tuple[dict[str, str] | None, int]]

SEPARATORS = ",;\t|"
LONGEST_HEADER = 2**16  # bytes
_ESCAPED_QUOTE = re.compile(rb'\\"[^",;\t|\r\n]')  # as Spark and MySQL write one; others double it


def columns_of(head: bytes) -> tuple[list[str], str] | None:
    """Return the columns that the first line of a table names, and what separates them; None when it is no table."""
    lines = (line.decode("utf-8", "replace").strip() for line in head[:LONGEST_HEADER].split(b"\n"))
    line = next((line for line in lines if not _is_before_header([line])), "")
    if not line or line[0] in "{[<":
        return None
    separator = max(SEPARATORS, key=line.count)
    try:
        names = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return None
    columns = [name.strip().lower() for name in names]
    looks_like_names = len(columns) > 1 and len(set(columns)) == len(columns) and all(0 < len(n) <= 64 for n in columns)
    return (columns, separator) if looks_like_names else None


def _is_before_header(cells: list[str]) -> bool:
    """Tell whether a line is empty, or says to a spreadsheet what separates the columns: `sep=;`."""
    text = "".join(cells).strip()
    return not text or text[:4].lower() == "sep="


def reader_of(head: bytes) -> Callable[[IO[bytes]], Rows] | None:
    """Return what reads a table that begins so; None when it is none, or lacks a column that a post needs."""
    found = columns_of(head)
    if found is None or not set(REQUIRED) <= set(found[0]):
        return None
    columns, separator = found
    escape = "\\" if _ESCAPED_QUOTE.search(head) else None
    return lambda stream: _rows(stream, columns, separator, escape)


def _rows(stream: IO[bytes], columns: list[str], separator: str, escape: str | None) -> Rows:
    """Yield each row as our own form has it, None for one that cannot be read, with the line it begins in."""
    csv.field_size_limit(LONGEST_VALUE)
    text = io.TextIOWrapper(stream, "utf-8", errors="replace", newline="")
    reader = csv.reader(text, delimiter=separator, escapechar=escape)
    wanted = [(place, name) for place, name in enumerate(columns) if name in REQUIRED or name in OPTIONAL]
    while (header := next(reader, None)) is not None and _is_before_header(header):
        pass
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:
            yield None, line
            continue
        if row:
            yield {name: row[place] for place, name in wanted if place < len(row) and row[place] != ""}, line
    text.detach()
