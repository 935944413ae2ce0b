"""A column of an archived table is listed once, in its row class; everything else follows from that list."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.store.duckdb.archive_query import query_files
from trendspark_cli.store.named_queries import filled
from trendspark_cli.store.rows.archive_versions import VERSIONS
from trendspark_cli.store.rows.archived import TABLES, ArchivedRow, ArchiveFile, ArchiveTable
from trendspark_cli.store.rows.archives import Manifest
from trendspark_cli.store.rows.column_kinds import Gathered, GatheredTexts, Time, Word
from trendspark_cli.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.every_store

TIME = "2026-11-01T12:00:00.000Z"
GATHERED = {"text": None, "texts": ("https://a.example/x", "https://b.example/?q=1,2")}
VALUES = {"int": 7, "real": 0.5, "text": "a text", "word": "x", "time": TIME}


class WiderRow(NamedTuple):
    """A row class after somebody added a column to it, and to nothing else."""

    id: int
    source: Word
    created_at: Time
    mood: Word | None
    warmth: float
    metrics: Gathered | None = None
    places: GatheredTexts | None = None


WIDER: ArchiveTable[ArchivedRow] = ArchiveTable("posts", WiderRow, "created_at", VERSIONS["posts"])  # type: ignore[arg-type]


def row_of(table: ArchiveTable[ArchivedRow]) -> ArchivedRow:
    """A row with a value in every column of its own, and with texts of other tables."""
    values = [GATHERED[column.kind] if column.is_gathered else VALUES[column.kind] for column in table.columns]
    [row] = table.rows([values])
    return row


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest) -> ArchiveTable[ArchivedRow]:
    """Each archived table."""
    return TABLES[request.param]


@pytest.mark.only_sqlite
def test_the_fields_of_a_row_class_are_the_columns_of_the_database(
    store: SqliteStore, table: ArchiveTable[ArchivedRow]
) -> None:
    columns = store.connection.rows(f"PRAGMA table_info({table.name})")

    assert [column["name"] for column in columns] == list(table.own_names)
    assert table.row._fields == table.names


@pytest.mark.only_sqlite
def test_the_type_of_a_field_is_that_of_its_column(store: SqliteStore, table: ArchiveTable[ArchivedRow]) -> None:
    types = {"INTEGER": {"int"}, "REAL": {"real"}, "TEXT": {"text", "word", "time"}}
    stored = store.connection.rows(f"PRAGMA table_info({table.name})")

    assert [c.name for c, own in zip(table.columns, stored, strict=False) if c.kind not in types[own["type"]]] == []


def test_what_is_gathered_from_other_tables_comes_last(table: ArchiveTable[ArchivedRow]) -> None:
    assert table.names[: len(table.own_names)] == table.own_names


def test_every_column_is_read_and_comes_back_from_a_restore(
    store: SqliteStore, table: ArchiveTable[ArchivedRow]
) -> None:
    row = row_of(table)
    manifest = Manifest("m1", table.name, None, TIME[:10], "parquet", "file:///a", "k", "done", TIME)
    with store.transaction():
        store.archives.adopt(manifest)
        store.archives.restore(manifest, [row])

    assert store.archives.read(table.name, [row.id]) == [row]


@pytest.mark.parametrize("part_format", FORMATS)
def test_a_new_field_of_a_row_class_is_in_archive_files_and_comes_back(tmp_path: Path, part_format: str) -> None:
    path = tmp_path / "part"
    writer = FORMATS[part_format].create(path, WIDER.form(None))
    writer.write([row_of(WIDER)])
    writer.close()

    assert list(FORMATS[part_format].read(path, WIDER.form(None))) == [[row_of(WIDER)]]
    assert header_of(path, part_format) == list(WiderRow._fields)


def test_sql_over_the_archive_sees_the_fields_of_the_row_class(
    tmp_path: Path, table: ArchiveTable[ArchivedRow]
) -> None:
    path = tmp_path / "part.parquet"
    form = table.form("x" if table.name == "posts" else None)
    writer = FORMATS["parquet"].create(path, form)
    writer.write([row_of(table)])
    writer.close()

    names, rows = query_files(
        f"SELECT * FROM {table.name}", {table.name: [ArchiveFile(path, form)]}, [], [], tmp_path, 10
    )

    assert (names, len(rows)) == (list(table.names), 1)


def test_a_statement_gets_the_columns_of_the_list_and_a_place_for_each_value() -> None:
    statement = "INSERT INTO posts ({columns}) SELECT {p.columns} FROM p UNION VALUES ({values})"

    found = filled(statement, WIDER.own_names)

    own, of_p = "id, source, created_at, mood, warmth", "p.id, p.source, p.created_at, p.mood, p.warmth"
    assert found == f"INSERT INTO posts ({own}) SELECT {of_p} FROM p UNION VALUES (?, ?, ?, ?, ?)"


def header_of(path: Path, part_format: str) -> list[str]:
    """The names of the columns in a file."""
    if part_format == "parquet":
        return list(pq.read_schema(path).names)
    return gzip.decompress(path.read_bytes()).decode().splitlines()[0].split(",")
