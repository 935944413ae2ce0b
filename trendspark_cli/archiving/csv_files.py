"""Rows as CSV (RFC 4180) in gzip: the same bytes for the same rows, and nothing a spreadsheet would run.

NULL is `\\N`, several texts are a JSON list. A text that begins with `\\`, or as formulas of spreadsheets do,
has one `\\` put before it.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archived import ArchivedRow, Column, FileForm, Row

NULL = "\\N"
ESCAPED_STARTS = ("\\", "=", "+", "-", "@", "\t", "\r")
LONGEST_FIELD = 2**24  # characters, of a line too; what ingest takes is far shorter
MOST_CHARACTERS = 2**24  # of rows that are read at once
ROWS_PER_READ = 1000


class Writer:
    """Writes one file."""

    def __init__(self, path: Path, form: FileForm[ArchivedRow]) -> None:
        self._form = form
        self._file = path.open("wb")
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self._file, mtime=0)
        self._text = io.TextIOWrapper(self._gzip, encoding="utf-8", newline="")
        self._writer = csv.writer(self._text)
        self._are_texts = [column.kind in ("text", "word", "time") for column in form.columns]
        self._writer.writerow(form.names)

    def write(self, rows: Sequence[ArchivedRow]) -> None:
        """Add rows."""
        for values in self._form.values(rows):
            self._writer.writerow(
                [_field(value, is_text) for value, is_text in zip(values, self._are_texts, strict=True)]
            )

    def close(self) -> None:
        """Finish the file."""
        self._text.close()
        self._file.close()


def read_rows(path: Path, form: FileForm[Row]) -> Iterator[list[Row]]:
    """Yield the rows of a file as the store has them, at most 1,000 at a time.

    Raises IntegrityError for a file that is damaged or holds other columns.
    """
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
            reader = csv.reader(_lines(stream), strict=True)
            names = next(reader, [])
            if names != list(form.names):
                raise IntegrityError(f"{path.name} holds other columns than {form.table.name}: {str(names)[:200]}")
            for some in _groups(reader):
                columns = zip(form.columns, zip(*some, strict=True), strict=True)
                yield form.rows([_value(column, field) for field in fields] for column, fields in columns)
    except (OSError, EOFError, zlib.error, csv.Error, ValueError, msgspec.MsgspecError) as error:
        raise IntegrityError(f"{path.name} is no sound CSV file: {str(error)[:200]}") from error


def _lines(stream: TextIO) -> Iterator[str]:
    """Yield lines; raise IntegrityError for one that does not end."""
    while line := stream.readline(LONGEST_FIELD):
        if len(line) == LONGEST_FIELD:
            raise IntegrityError(f"a line has {LONGEST_FIELD:,} characters or more; expected fewer")
        yield line


def _groups(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    """Yield rows in groups that fit into memory: at most 1,000."""
    group: list[list[str]] = []
    characters = 0
    for row in rows:
        group.append(row)
        characters += sum(map(len, row))
        if len(group) == ROWS_PER_READ or characters > MOST_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group


def count_rows(path: Path, form: FileForm[ArchivedRow]) -> int:
    """Return how many rows a file holds, each of them read; raise IntegrityError for a damaged one."""
    return sum(len(rows) for rows in read_rows(path, form))


def _field(value: str | float | tuple[str, ...] | None, is_text: bool) -> str | float:
    if value is None:
        return NULL
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    if is_text and str(value).startswith(ESCAPED_STARTS):
        return f"\\{value}"
    return repr(value) if isinstance(value, float) else value


def _value(column: Column, field: str) -> str | float | tuple[str, ...] | None:
    if field == NULL:
        return None
    if column.kind == "int":
        return int(field)
    if column.kind == "real":
        return float(field)
    if column.kind == "texts":
        return msgspec.json.decode(field, type=tuple[str, ...])
    return field[1:] if field.startswith("\\") else field


def write_table(path: Path, names: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> None:
    """Write rows as plain CSV for people: NULL is nothing between two commas, texts are as in the archive's files."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in rows:
            writer.writerow(["" if value is None else _field(value, isinstance(value, str)) for value in row])
