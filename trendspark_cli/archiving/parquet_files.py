"""Rows as Parquet: zstd, an encoding for each kind of column, checksums on every page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archived import ArchivedRow, ArchiveTable, Column, Row

ROWS_PER_GROUP = 10_000  # what is held in memory while writing; large enough to compress well
ROWS_PER_READ = 1000
_TIME = pa.timestamp("us", tz="UTC")
_TYPES = {"int": pa.int64(), "real": pa.float64(), "text": pa.string(), "word": pa.string(), "time": _TIME}
_ENCODINGS = {"int": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"}
_SHARING = ("source_id", "url", "dedupe_key", "request_id")  # texts that begin like the one before them


# The default pool keeps what it has had: a long run would grow with its largest file.
pa.set_memory_pool(pa.system_memory_pool())


class Writer:
    """Writes one file, row group by row group."""

    def __init__(self, path: Path, table: ArchiveTable[ArchivedRow]) -> None:
        self._table = table
        self._schema = schema(table)
        self._waiting: list[pa.RecordBatch] = []
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=2,
            use_dictionary=[column.name for column in table.columns if column.kind == "word"],
            column_encoding={c.name: encoding for c in table.columns if (encoding := _encoding(c)) is not None},
            write_page_checksum=True,
            sorting_columns=[pq.SortingColumn(table.names.index(table.time_column))],
        )

    def write(self, rows: Sequence[ArchivedRow]) -> None:
        """Add rows; raise IntegrityError for a value that does not fit its column."""
        arrays = []
        for column, values in zip(self._table.columns, zip(*rows, strict=True), strict=True):
            try:
                array = pa.array(values, pa.string() if column.kind == "time" else _TYPES[column.kind])
                arrays.append(_times(array) if column.kind == "time" else array)
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise IntegrityError(
                    f"{self._table.name}.{column.name} holds a value that is no {column.kind}: {str(error)[:200]}",
                    hint="nothing was archived or deleted; look at that column",
                ) from error
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        if sum(batch.num_rows for batch in self._waiting) >= ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
            self._waiting = []


def read_rows(path: Path, table: ArchiveTable[Row]) -> Iterator[list[Row]]:
    """Yield the rows of a file as the store has them, at most 1,000 at a time.

    Raises IntegrityError for a file that is damaged or holds other columns.
    """
    for batch in _batches(path, table, ROWS_PER_READ):
        columns = [
            _texts(batch.column(n)).to_pylist() if column.kind == "time" else batch.column(n).to_pylist()
            for n, column in enumerate(table.columns)
        ]
        yield table.rows(zip(*columns, strict=True))


def count_rows(path: Path, table: ArchiveTable[ArchivedRow]) -> int:
    """Return how many rows a file holds, every page of it decoded; raise IntegrityError for a damaged one."""
    return sum(batch.num_rows for batch in _batches(path, table, ROWS_PER_GROUP))


def schema(table: ArchiveTable[ArchivedRow]) -> pa.Schema:
    """Return the columns of a table's files."""
    return pa.schema([(column.name, _TYPES[column.kind]) for column in table.columns])


def _batches(path: Path, table: ArchiveTable[ArchivedRow], rows: int) -> Iterator[pa.RecordBatch]:
    words = [column.name for column in table.columns if column.kind == "word"] if rows > ROWS_PER_READ else None
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, read_dictionary=words) as file:
            if file.schema_arrow.names != list(table.names):
                raise IntegrityError(f"{path.name} holds other columns than {table.name}: {file.schema_arrow.names}")
            yield from file.iter_batches(rows)
    except (pa.ArrowException, OSError) as error:
        raise IntegrityError(f"{path.name} is no sound Parquet file: {str(error)[:200]}") from error


def _encoding(column: Column) -> str | None:
    """Return how a column is written; None leaves it to the library: a dictionary for words."""
    if column.name in _SHARING:
        return "DELTA_BYTE_ARRAY"
    return _ENCODINGS.get(column.kind)


def _times(texts: pa.Array) -> pa.Array:
    """Return times of the stored form as points in time; other forms would not come back as they were."""
    lengths = pc.unique(pc.binary_length(texts)).drop_null().to_pylist()
    if lengths not in ([], [len("2026-11-01T12:00:00.000Z")]):
        raise pa.ArrowInvalid("expected times like 2026-11-01T12:00:00.000Z")
    return texts.cast(_TIME)


def _texts(times: pa.Array) -> pa.Array:
    """Return points in time in the stored form."""
    plain = times.cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).cast(pa.timestamp("ms"))
    return pc.binary_join_element_wise(pc.strftime(plain, "%Y-%m-%dT%H:%M:%S"), "Z", "")
