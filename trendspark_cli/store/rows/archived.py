"""What is archived: tables, the row class of each, and which column says how old a row is.

The fields of a row class are the only list of a table's columns, in the order of the files. Reading, restoring, the
Parquet schema, the CSV header, the DuckDB view and the column lists of SQL follow from it. A test holds them against
the database, so that no column is left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar, cast

from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.store.rows.collecting import AuditRow
from trendspark_cli.store.rows.column_kinds import ColumnKind, kinds_of
from trendspark_cli.store.rows.outbox import AlertRow
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.rows.runs import JobRun

SCHEMA_VERSION = "v1"  # of the files; part of their names

ArchivedRow = StoredPost | AuditRow | AlertRow | JobRun
Row = TypeVar("Row", bound=ArchivedRow, covariant=True)


class Column(NamedTuple):
    """One column of a file. One that is `gathered` holds rows of other tables as JSON."""

    name: str
    kind: ColumnKind
    is_gathered: bool = False


@dataclass(frozen=True)
class ArchiveTable(Generic[Row]):
    """One table. `sources` are the values of its column `source` that get files of their own."""

    name: str
    row: type[Row]
    time_column: str
    sources: tuple[str | None, ...] = (None,)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns of its files, in order."""
        return tuple(Column(name, kind, gathered) for name, (kind, gathered) in kinds_of(self.row).items())

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns of its files, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def own_names(self) -> tuple[str, ...]:
        """Return the names of the columns the table itself has: all but those gathered from others, which come last."""
        return tuple(column.name for column in self.columns if not column.is_gathered)

    def rows(self, values: Iterable[Iterable[object]]) -> list[Row]:
        """Return rows of values in the order of the columns."""
        return [cast(Row, self.row._make(each)) for each in values]

    def time_of(self, row: ArchivedRow) -> str:
        """Return how old a row is, as text in the stored form."""
        return str(getattr(row, self.time_column))


POSTS = ArchiveTable("posts", StoredPost, "created_at", tuple(SOURCES))
TABLES: Mapping[str, ArchiveTable[ArchivedRow]] = {
    table.name: table
    for table in (
        POSTS,
        ArchiveTable("ingest_audit", AuditRow, "created_at"),
        ArchiveTable("notifications", AlertRow, "created_at"),
        ArchiveTable("job_runs", JobRun, "started_at"),
    )
}
