"""What is archived: tables, the row class of each, and which column says how old a row is.

The fields of a row class are the only list of a table's columns, in the order of the files. Reading, restoring, the
Parquet schema, the CSV header, the DuckDB view and the column lists of SQL follow from it. A test holds them against
the database, so that no column is left behind. Which of them a file has: `archive_versions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from operator import itemgetter
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, cast

from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.store.rows.archive_versions import VERSIONS, Version
from trendspark_cli.store.rows.collecting import AuditRow
from trendspark_cli.store.rows.column_kinds import ColumnKind, kinds_of
from trendspark_cli.store.rows.outbox import AlertRow
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.rows.runs import JobRun

ArchivedRow = StoredPost | AuditRow | AlertRow | JobRun
Row = TypeVar("Row", bound=ArchivedRow, covariant=True)


class Column(NamedTuple):
    """One column of a file. One that is `gathered` holds rows of other tables: as JSON, or a text of each."""

    name: str
    kind: ColumnKind
    is_gathered: bool = False


@dataclass(frozen=True)
class ArchiveTable(Generic[Row]):
    """One table. `sources` are the values of its column `source` that get files of their own."""

    name: str
    row: type[Row]
    time_column: str
    versions: tuple[Version, ...]
    sources: tuple[str | None, ...] = (None,)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns of its rows, in order."""
        return tuple(Column(name, kind, gathered) for name, (kind, gathered) in kinds_of(self.row).items())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns of its rows, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def own_names(self) -> tuple[str, ...]:
        """Return the names of the columns the table itself has: all but those gathered from others, which come last."""
        return tuple(column.name for column in self.columns if not column.is_gathered)

    def rows(self, values: Iterable[Iterable[object]]) -> list[Row]:
        """Return rows of values in the order of the columns."""
        return cast(list[Row], list(map(self.row._make, values)))

    def time_of(self, row: ArchivedRow) -> str:
        """Return how old a row is, as text in the stored form."""
        return str(row[self._time_place])

    @cached_property
    def _time_place(self) -> int:
        return self.names.index(self.time_column)

    def form(self, source: str | None) -> FileForm[Row]:
        """Return the form in which files are written."""
        return FileForm(self, self.versions[-1], source)

    def form_of(self, key: str, source: str | None) -> FileForm[Row]:
        """Return the form of the file with that key; raise IntegrityError when no version put it there."""
        for version in self.versions:
            form = FileForm(self, version, source)
            if key.startswith((form.root, form.csv_root)):
                return form
        roots = " or ".join(repr(FileForm(self, version, source).root) for version in self.versions)
        raise IntegrityError(f"archive object {key[:120]!a} lies where no file of {self.name} does; expected {roots}")


@dataclass(frozen=True)
class FileForm(Generic[Row]):
    """The form of one file: where it lies, which columns it has, and what its rows have besides."""

    table: ArchiveTable[Row]
    version: Version
    source: str | None = None

    @cached_property
    def root(self) -> str:
        """Return where all Parquet files of this version lie, such as `posts/v2/`."""
        return self.version.layout.root.format(table=self.table.name, version=self.version.name)

    @cached_property
    def csv_root(self) -> str:
        """Return where all CSV files of this version lie, such as `posts/v2-csv/`."""
        return self.version.layout.csv_root.format(table=self.table.name, version=self.version.name)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns of the file, in order."""
        return tuple(column for column in self.table.columns if column.name not in self.besides)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns of the file, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def besides(self) -> Mapping[str, object]:
        """Return what rows have in columns that the file has not: what its folder says, and what came later."""
        later = self.table.versions[self.table.versions.index(self.version) + 1 :]
        defaults = self.table.row._field_defaults
        found: dict[str, object] = {name: defaults.get(name) for version in later for name in version.adds}
        if self.source is not None and not self.version.layout.repeats_source:
            found["source"] = self.source
        return found

    def folder(self, day: str, part_format: str) -> str:
        """Return where the files of a day lie: `posts/v2/source=x/dt=2026-11-01/`."""
        root = self.csv_root if part_format == "csv" else self.root
        own = f"source={self.source}/" if self.source is not None else ""
        return f"{root}{own}dt={day}/"

    def rows(self, columns: Iterable[Iterable[object]]) -> list[Row]:
        """Return rows of the values of each of the file's columns, in their order."""
        known = dict(zip(self.names, columns, strict=True))
        known |= {name: repeat(value) for name, value in self.besides.items()}
        return self.table.rows(zip(*(known[name] for name in self.table.names), strict=False))

    def values(self, rows: Iterable[ArchivedRow]) -> Iterator[Sequence[Any]]:
        """Yield of each row what the file has of it."""
        return map(self._own, rows) if self.besides else iter(rows)

    @cached_property
    def _own(self) -> Callable[[Sequence[object]], tuple[object, ...]]:
        return itemgetter(*(self.table.names.index(name) for name in self.names))


@dataclass(frozen=True)
class ArchiveFile:
    """A file on this machine and its form. `first`, `last`: the times of its rows, in the stored form, where known."""

    path: Path
    form: FileForm[ArchivedRow]
    first: str = ""
    last: str = "~"  # later than all


POSTS = ArchiveTable("posts", StoredPost, "created_at", VERSIONS["posts"], tuple(SOURCES.own))
TABLES: Mapping[str, ArchiveTable[ArchivedRow]] = {
    table.name: table
    for table in (
        POSTS,
        ArchiveTable("ingest_audit", AuditRow, "created_at", VERSIONS["ingest_audit"]),
        ArchiveTable("notifications", AlertRow, "created_at", VERSIONS["notifications"]),
        ArchiveTable("job_runs", JobRun, "started_at", VERSIONS["job_runs"]),
    )
}
