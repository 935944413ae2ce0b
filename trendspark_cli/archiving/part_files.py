"""The forms of archive files by name; their libraries are imported when a file is written or read."""

from __future__ import annotations

import importlib
import logging
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archived import ArchivedRow, FileForm, Row

log = logging.getLogger(__name__)
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


class PartWriter(Protocol):
    """Writes one file."""

    def write(self, rows: Sequence[ArchivedRow]) -> None:
        """Add rows of the table."""

    def close(self) -> None:
        """Finish the file; it is not flushed to the disk yet."""


@dataclass(frozen=True)
class PartFormat:
    """How files of one form are written and read, by a module with `Writer`, `read_rows`, `count_rows` and,
    of what DuckDB reads, `check`.

    All of them raise IntegrityError for what does not fit or is damaged.
    """

    suffix: str
    module: str

    def create(self, path: Path, form: FileForm[ArchivedRow]) -> PartWriter:
        """Begin a file."""
        writer: PartWriter = self._library().Writer(path, form)
        return writer

    def read(self, path: Path, form: FileForm[Row]) -> Iterator[list[Row]]:
        """Yield the rows of a file, at most 1,000 at a time."""
        rows: Iterator[list[Row]] = self._library().read_rows(path, form)
        with _errors_of(path):
            yield from rows

    def count(self, path: Path, form: FileForm[ArchivedRow]) -> int:
        """Return how many rows a file holds, all of it parsed."""
        library = self._library()
        with _errors_of(path):
            return int(library.count_rows(path, form))

    def check(self, path: Path, form: FileForm[ArchivedRow]) -> None:
        """Raise IntegrityError for a file of other columns, or too large to be read; its rows are not read."""
        library = self._library()
        with _errors_of(path):
            library.check(path, form)

    def prepare(self) -> None:
        """Import what reads these files."""
        self._library()

    def _library(self) -> Any:
        return importlib.import_module(self.module)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Whatever a library raises over a file that others may have written is that file's, and stops nothing else."""
    try:
        yield
    except _UNREADABLE as error:
        log.warning("%s cannot be read", path.name, exc_info=True)
        told = f"{type(error).__name__}: {error}"[:200]
        raise IntegrityError(f"{path.name} cannot be read: {told}") from error


FORMATS: Mapping[str, PartFormat] = {
    "parquet": PartFormat("parquet", "trendspark_cli.archiving.parquet_files"),
    "csv": PartFormat("csv.gz", "trendspark_cli.archiving.csv_files"),
}
