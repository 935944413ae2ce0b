"""The forms of archive files by name; their libraries are imported when a file is written or read."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from trendspark_cli.store.rows.archived import ArchivedRow, ArchiveTable, Row


class PartWriter(Protocol):
    """Writes one file."""

    def write(self, rows: Sequence[ArchivedRow]) -> None:
        """Add rows of the table."""

    def close(self) -> None:
        """Finish the file; it is not flushed to the disk yet."""


@dataclass(frozen=True)
class PartFormat:
    """How files of one form are written and read, by a module with `Writer`, `read_rows` and `count_rows`.

    All of them raise IntegrityError for what does not fit or is damaged.
    """

    suffix: str
    module: str

    def create(self, path: Path, table: ArchiveTable[ArchivedRow]) -> PartWriter:
        """Begin a file."""
        writer: PartWriter = self._library().Writer(path, table)
        return writer

    def read(self, path: Path, table: ArchiveTable[Row]) -> Iterator[list[Row]]:
        """Yield the rows of a file, at most 1,000 at a time."""
        rows: Iterator[list[Row]] = self._library().read_rows(path, table)
        return rows

    def count(self, path: Path, table: ArchiveTable[ArchivedRow]) -> int:
        """Return how many rows a file holds, all of it parsed."""
        return int(self._library().count_rows(path, table))

    def _library(self) -> Any:
        return importlib.import_module(self.module)


FORMATS: Mapping[str, PartFormat] = {
    "parquet": PartFormat("parquet", "trendspark_cli.archiving.parquet_files"),
    "csv": PartFormat("csv.gz", "trendspark_cli.archiving.csv_files"),
}
