"""A file of which nothing can be read: one line says what it looks like and what to do, and the run is no success."""

from __future__ import annotations

import gzip
import io
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from tests.builders import in_lines, own_line
from tests.installation import Installation

LINES = in_lines(own_line("1"), own_line("2"))


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("posts.ndjson", LINES)
    return content.getvalue()


def tarred() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("posts.ndjson"), io.BytesIO(b""))
    return content.getvalue()


def database(folder: Path) -> bytes:
    with sqlite3.connect(folder / "d.db") as connection:
        connection.execute("CREATE TABLE posts (id)")
    return (folder / "d.db").read_bytes()


def parquet(folder: Path) -> bytes:
    pyarrow.parquet.write_table(pyarrow.table({"id": [1]}), folder / "d.parquet")
    return (folder / "d.parquet").read_bytes()


LOOKS: list[tuple[str, Callable[[Path], bytes], str]] = [
    ("nothing", lambda _: b"", "an empty file"),
    ("blank", lambda _: b" \n\n", "an empty file"),
    ("packed nothing", lambda _: gzip.compress(b""), "an empty file"),
    ("zip", lambda _: zipped(), "a zip archive"),
    ("tar.gz", lambda _: tarred(), "a tar archive"),
    ("SQLite", database, "an SQLite database"),
    ("Parquet", parquet, "a Parquet file"),
    ("HTML", lambda _: b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "an HTML page"),
    ("a feed", lambda _: b'<?xml version="1.0"?><rss><channel/></rss>', "XML"),
    ("PNG", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(50), "an image (PNG)"),
    ("JPEG", lambda _: b"\xff\xd8\xff\xe0" + bytes(50), "an image (JPEG)"),
    ("PDF", lambda _: b"%PDF-1.7\n", "a PDF document"),
    ("twice packed", lambda _: gzip.compress(gzip.compress(LINES)), "a file packed with gzip twice"),
    ("UTF-16, unmarked", lambda _: LINES.decode().encode("utf-16-le"), "UTF-16 without a byte order mark"),
    ("UTF-16, unmarked, big", lambda _: LINES.decode().encode("utf-16-be"), "UTF-16 without a byte order mark"),
    ("other columns", lambda _: b"id,tweet,date\n1,hello,2026-11-29\n", "CSV with the columns id, tweet, date"),
    ("other JSON", lambda _: in_lines({"city": "Oslo", "temperature": 3}), "JSON with city, temperature"),
    ("other JSON in a list", lambda _: b'[{"city": "Oslo"}]', "JSON with city"),
    ("numbers", lambda _: b"[1, 2, 3]", "JSON without an object"),
    ("text", lambda _: b"root:x:0:0:root:/root:/bin/bash\n" * 9, "text that is no JSON"),
    ("broken JSON", lambda _: b'{"source": "x", "sour\n', "JSON that is broken"),
    ("noise", lambda _: bytes(range(1, 256)) * 20, "text in an old encoding, or binary data"),
    ("zeros", lambda _: bytes(5000), "binary data"),
]


@pytest.mark.parametrize(("make", "looks"), [row[1:] for row in LOOKS], ids=[row[0] for row in LOOKS])
def test_a_file_without_a_post_is_told_by_its_looks(
    workplace: Installation, tmp_path: Path, make: Callable[[Path], bytes], looks: str
) -> None:
    (tmp_path / "given").write_bytes(make(tmp_path))

    done = workplace.command("ingest", "--from", str(tmp_path / "given"))

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (65, "", 1)
    assert f"no posts in '{tmp_path}/given': it looks like {looks}" in done.stderr
    assert workplace.values("SELECT count(*) FROM posts") == [0]


def test_backtest_says_it_too(workplace: Installation, tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(zipped())

    done = workplace.command("backtest", str(tmp_path / "given"))

    assert (done.exit_code, done.stderr.count("\n"), "a zip archive" in done.stderr) == (65, 1, True)


@pytest.mark.parametrize("source", ["/dev/null", "-"])
def test_a_pipe_through_which_nothing_came_is_no_fault(workplace: Installation, source: str) -> None:
    done = workplace.command("ingest", "--from", source)

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
