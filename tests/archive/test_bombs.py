"""Files of rows that are small and become much: refused in bounded memory and time, whatever they tell of sizes."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tools.memory import measured
from tests.tools.processes import PROJECT, cron_environment
from trendspark_cli.archiving.parquet_files import schema
from trendspark_cli.archiving.trial_reading import try_reading
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archived import POSTS
from trendspark_cli.store.rows.archives import Manifest

MOST_MIB = 300
LONG = "x" * 2**20
FORM = POSTS.form("x")
ROWS = 1000


def columns(rows: int, **values: list[Any]) -> pa.Table:
    """Rows of posts, empty but for these columns."""
    fields = schema(FORM)
    return pa.table({field.name: values.get(field.name, [None] * rows) for field in fields}, schema=fields)


def texts_that_begin_alike(path: Path) -> None:
    """Each text is the one before it, which takes a byte."""
    encoding = {"url": "DELTA_BYTE_ARRAY"}
    table = columns(ROWS, url=[LONG] * ROWS)
    pq.write_table(table, path, use_dictionary=False, column_encoding=encoding, compression="zstd")


def one_text_for_all(path: Path) -> None:
    """One text of a dictionary, named again and again."""
    pq.write_table(columns(ROWS, text=[LONG] * ROWS), path, compression="zstd")


def pages_of_zeros(path: Path) -> None:
    """A page that packs a thousandfold."""
    table = columns(400, text=["\0" * 2**20] * 400)
    pq.write_table(table, path, use_dictionary=False, compression="zstd", data_page_size=2**30, write_statistics=False)


def lying(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """The same file, whose end says that each of its parts takes a byte."""

    def write(path: Path) -> None:
        make(path)
        metadata = pq.read_metadata(path)
        sizes = {metadata.row_group(0).total_byte_size}
        for number in range(metadata.num_columns):
            sizes.add(metadata.row_group(0).column(number).total_uncompressed_size)
        content = path.read_bytes()
        start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
        end = content[start:]
        for size in sorted(sizes, reverse=True):
            if size > 2**14:
                end = end.replace(varint(size), b"\x82" + b"\x80" * (len(varint(size)) - 2) + b"\x00")
        path.write_bytes(content[:start] + end)

    return write


def varint(size: int) -> bytes:
    """A number as it stands in the end of such a file."""
    left, found = size << 1, bytearray()
    while left > 127:
        found.append(left & 127 | 128)
        left >>= 7
    return bytes([*found, left])


def endless_rows(path: Path) -> None:
    """A table of ten million rows, packed."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write((",".join(FORM.names) + "\n").encode())
        row = (",".join(["1"] + ["\\N"] * (len(FORM.names) - 1)) + "\n").encode()
        for _ in range(100):
            file.write(row * 10_000)


def endless_line(path: Path) -> None:
    """A line of a gigabyte, packed."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write((",".join(FORM.names) + '\n"').encode())
        for _ in range(1000):
            file.write(b"a" * 2**20)


BOMBS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "texts that begin alike": ("parquet", texts_that_begin_alike),
    "texts that begin alike, told small": ("parquet", lying(texts_that_begin_alike)),
    "one text for all, told small": ("parquet", lying(one_text_for_all)),
    "pages of zeros": ("parquet", pages_of_zeros),
    "pages of zeros, told small": ("parquet", lying(pages_of_zeros)),
    "rows without end": ("csv", endless_rows),
    "a line without end": ("csv", endless_line),
}
TRYING = """
import sys
from pathlib import Path
from tests.archive.test_bombs import manifest
from trendspark_cli.archiving.trial_reading import try_reading
try:
    try_reading(Path(sys.argv[1]), manifest(sys.argv[2]))
except Exception as error:
    print(type(error).__name__)
"""


def manifest(form: str) -> Manifest:
    """What a manifest tells of a file: 30 rows."""
    day = "2026-11-01"
    key = f"{FORM.folder(day, form)}part-1.{form}"
    return Manifest("1", "posts", "x", day, form, "file:///a", key, "done", f"{day}T00:00:00.000Z", rows=30)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_file_that_becomes_much_is_refused_in_bounded_memory(tmp_path: Path, bomb: str) -> None:
    form, make = BOMBS[bomb]
    make(tmp_path / "part")
    command = (sys.executable, "-c", TRYING, str(tmp_path / "part"), form)

    done = measured(command, cron_environment(PROJECT, {}), PROJECT)

    assert (done.told.strip(), done.mebibytes < MOST_MIB, done.seconds < 100) == ("IntegrityError", True, True), done


def test_a_file_as_ours_are_is_tried_and_taken(tmp_path: Path) -> None:
    pq.write_table(columns(30), tmp_path / "part")

    try_reading(tmp_path / "part", manifest("parquet"))


def test_more_rows_than_the_manifest_tells_are_refused(tmp_path: Path) -> None:
    pq.write_table(columns(31), tmp_path / "part")

    with pytest.raises(IntegrityError, match="more than 30 rows"):
        try_reading(tmp_path / "part", manifest("parquet"))
