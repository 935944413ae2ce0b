"""Rows as Parquet: zstd, an encoding for each kind of column, checksums on every page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archived import ArchivedRow, Column, FileForm, Row
from trendspark_cli.store.rows.column_kinds import ColumnKind

ROWS_PER_GROUP = 10_000  # what is held in memory while writing; large enough to compress well
ROWS_PER_READ = 1000
GROUP_BYTES = 64 * 2**20  # in memory; then a row group is written, however few its rows
MOST_GROUP_BYTES = 192 * 2**20  # of a row group that is read: ours have GROUP_BYTES and one batch at most
GATHERED_BYTES = 4 * 2**20  # of rows that were decoded in several steps; those of 1,000 posts have a tenth of it
MOST_BATCH_BYTES = 64 * 2**20  # of texts repeated by a dictionary, in rows that are decoded at once
TIME_LENGTH = len("2026-11-01T12:00:00.000Z")
_TIME = pa.timestamp("us", tz="UTC")
_TYPES: dict[ColumnKind, pa.DataType] = {
    "int": pa.int64(),
    "real": pa.float64(),
    "text": pa.string(),
    "word": pa.string(),
    "time": _TIME,
    "texts": pa.list_(pa.string()),
}
_ENCODINGS = {"int": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"}
_SHARING = ("source_id", "url", "dedupe_key", "request_id")  # texts that begin like the one before them


# The default pool keeps what it has had: a long run would grow with its largest file.
pa.set_memory_pool(pa.system_memory_pool())


class Writer:
    """Writes one file, row group by row group."""

    def __init__(self, path: Path, form: FileForm[ArchivedRow]) -> None:
        self._form = form
        self._schema = schema(form)
        self._waiting: list[pa.RecordBatch] = []
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=2,
            use_dictionary=[column.name for column in form.columns if column.kind == "word"],
            column_encoding={c.name: encoding for c in form.columns if (encoding := _encoding(c)) is not None},
            write_page_checksum=True,
            sorting_columns=[pq.SortingColumn(form.names.index(form.table.time_column))],
        )

    def write(self, rows: Sequence[ArchivedRow]) -> None:
        """Add rows; raise IntegrityError for a value that does not fit its column."""
        arrays = []
        for column, values in zip(self._form.columns, zip(*self._form.values(rows), strict=True), strict=True):
            try:
                array = pa.array(values, pa.string() if column.kind == "time" else _TYPES[column.kind])
                arrays.append(_times(array) if column.kind == "time" else array)
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise IntegrityError(
                    f"{self._form.table.name}.{column.name} holds a value that is no {column.kind}: {str(error)[:200]}",
                    hint="nothing was archived or deleted; look at that column",
                ) from error
        self._waiting.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        is_full = sum(batch.num_rows for batch in self._waiting) >= ROWS_PER_GROUP
        if is_full or sum(batch.nbytes for batch in self._waiting) >= GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        self._writer.close()
        pa.default_memory_pool().release_unused()  # or a run would take more with each file

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
            self._waiting = []


def write_table(path: Path, kinds: Mapping[str, ColumnKind], rows: Sequence[Sequence[str | float | None]]) -> None:
    """Write rows as one file, given the kind of each column by its name; times become points in time."""
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    arrays = [
        _times(pa.array(values, pa.string())) if kind == "time" else pa.array(values, _TYPES[kind])
        for kind, values in zip(kinds.values(), columns, strict=True)
    ]
    pq.write_table(pa.table(arrays, names=list(kinds)), path, compression="zstd", write_page_checksum=True)


def settle() -> None:
    """Have the library load what it loads at its first use, and start no thread for each core.

    Both would count as memory that the first file takes: pandas, where it is installed, and stacks of 8 MiB each.
    """
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    pc.binary_join_element_wise(pa.array(["a"]), "b", "").to_pylist()


def read_rows(path: Path, form: FileForm[Row]) -> Iterator[list[Row]]:
    """Yield the rows of a file as the store has them, at most 1,000 at a time.

    Raises IntegrityError for a file that is damaged or holds other columns.
    """
    for batch in _gathered(_batches(path, form, ROWS_PER_READ)):
        yield form.rows(_values(batch.column(n), column.kind) for n, column in enumerate(form.columns))


def count_rows(path: Path, form: FileForm[ArchivedRow]) -> int:
    """Return how many rows a file holds, every page of it decoded; raise IntegrityError for a damaged one."""
    return sum(batch.num_rows for batch in _batches(path, form, ROWS_PER_GROUP))


def check(path: Path, form: FileForm[ArchivedRow]) -> None:
    """Raise IntegrityError for a file of other columns, or too large to be read; its rows are not read."""
    with pq.ParquetFile(path) as file:
        _require_columns(file.schema_arrow, form, path.name)
        _rows_at_once(file.metadata, ROWS_PER_READ, (), path.name)


def schema(form: FileForm[ArchivedRow]) -> pa.Schema:
    """Return the columns of files of a form."""
    return pa.schema([(column.name, _TYPES[column.kind]) for column in form.columns])


def _batches(path: Path, form: FileForm[ArchivedRow], rows: int) -> Iterator[pa.RecordBatch]:
    words = [column.name for column in form.columns if column.kind == "word"] if rows > ROWS_PER_READ else None
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, read_dictionary=words) as file:
            _require_columns(file.schema_arrow, form, path.name)
            yield from file.iter_batches(_rows_at_once(file.metadata, rows, words or (), path.name))
    except (pa.ArrowException, OSError) as error:
        raise IntegrityError(f"{path.name} is no sound Parquet file: {str(error)[:200]}") from error


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield rows in batches as large as they may be: many different authors have to be decoded in small ones."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if waiting and (rows > ROWS_PER_READ or size > GATHERED_BYTES):
            yield pa.concat_batches(waiting)
            waiting, rows, size = [], batch.num_rows, batch.nbytes
        waiting.append(batch)
    if waiting:
        yield pa.concat_batches(waiting)


def _require_columns(found: pa.Schema, form: FileForm[ArchivedRow], name: str) -> None:
    """Raise IntegrityError when a file has other columns than its form, or of other types."""
    if found.names != list(form.names):
        raise IntegrityError(f"{name} holds other columns than {form.table.name}: {str(found.names)[:200]}")
    for field, wanted in zip(found, schema(form), strict=True):
        own = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if own != wanted.type:
            raise IntegrityError(f"{name}: {form.table.name}.{field.name} is {str(own)[:60]}; expected {wanted.type}")


def _rows_at_once(file: pq.FileMetaData, rows: int, unrepeated: Sequence[str], name: str) -> int:
    """Return how many rows can be decoded at once, *rows* at most: a dictionary repeats a long text for nothing,
    but in columns that are *unrepeated*.

    Raises IntegrityError for a file whose row groups would not fit into memory.
    """
    for group in (file.row_group(number) for number in range(file.num_row_groups)):
        if group.total_byte_size > MOST_GROUP_BYTES:
            raise IntegrityError(
                f"{name} needs {group.total_byte_size:,} bytes of memory; expected at most {MOST_GROUP_BYTES:,}"
            )
        for column in (group.column(number) for number in range(group.num_columns)):
            if column.has_dictionary_page and column.path_in_schema not in unrepeated:
                rows = max(1, min(rows, MOST_BATCH_BYTES // max(1, column.total_uncompressed_size)))
    return rows


def _encoding(column: Column) -> str | None:
    """Return how a column is written; None leaves it to the library: a dictionary for words."""
    if column.name in _SHARING:
        return "DELTA_BYTE_ARRAY"
    return _ENCODINGS.get(column.kind)


def _values(array: pa.Array, kind: ColumnKind) -> Sequence[object]:
    """Return what a column holds as the store has it."""
    if kind == "texts":
        return [value if value is None else tuple(value) for value in array.to_pylist()]
    values: Sequence[object] = (_texts(array) if kind == "time" else array).to_pylist()
    return values


def _times(texts: pa.Array) -> pa.Array:
    """Return times of the stored form as points in time; other forms would not come back as they were."""
    lengths = pc.unique(pc.binary_length(texts)).drop_null().to_pylist()
    if lengths not in ([], [TIME_LENGTH]):
        raise pa.ArrowInvalid("expected times like 2026-11-01T12:00:00.000Z")
    return texts.cast(_TIME)


def _texts(times: pa.Array) -> pa.Array:
    """Return points in time in the stored form."""
    plain = times.cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).cast(pa.timestamp("ms"))
    spaced = plain.cast(pa.string())  # 2026-11-01 12:00:00.000, in a tenth of the time that strftime takes
    texts = pc.binary_join_element_wise(pc.binary_replace_slice(spaced, 10, 11, "T"), "Z", "")
    if pc.unique(pc.binary_length(texts)).drop_null().to_pylist() not in ([], [TIME_LENGTH]):
        raise IntegrityError("a time is of no year of four digits")
    return texts
