"""The same posts come out of a file however it is laid out, packed and encoded."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import own_line
from tests.files.reading import contents
from tests.installation import Installation
from trendspark_cli.services.post_files.json_scanning import CHUNK, Scanner, json_pieces

LINES = [
    own_line(str(n), text=text)
    for n, text in enumerate(['a "quoted" {brace}', "ferry 🚢 [9]", "back\\slash\nand line"])
]
TEXTS = [line["text"] for line in LINES]


def plain(lines: list[Any]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def joined(lines: list[Any], between: str, **options: Any) -> bytes:
    return between.join(json.dumps(line, ensure_ascii=False, **options) for line in lines).encode()


LAYOUTS: dict[str, Callable[[list[Any]], bytes]] = {
    "one a line": plain,
    "one a line, no last line end": lambda lines: plain(lines)[:-1],
    "one a line, Windows": lambda lines: plain(lines).replace(b"\n", b"\r\n"),
    "one a line, blank lines": lambda lines: b"\n\n" + plain(lines).replace(b"\n", b"\n \n"),
    "a list on one line": lambda lines: b"[" + joined(lines, ", ") + b"]",
    "a list, one a line": lambda lines: b"[" + joined(lines, ",\n") + b"]\n",
    "a list, one a line, commas first": lambda lines: b"[\n" + joined(lines, "\n,") + b"\n]\n",
    "a pretty list": lambda lines: json.dumps(lines, indent=2).encode(),
    "a pretty list without margins": lambda lines: json.dumps(lines, indent=0).encode(),
    "a pretty list with tabs": lambda lines: json.dumps(lines, indent="\t").encode(),
    "pretty objects one after the other": lambda lines: joined(lines, "\n", indent=2),
    "objects one after the other": lambda lines: joined(lines, ""),
    "objects with blanks between": lambda lines: joined(lines, "  "),
    "a list a line": lambda lines: b"".join(json.dumps([line]).encode() + b"\n" for line in lines),
    "two lists": lambda lines: json.dumps(lines[:1]).encode() + json.dumps(lines[1:], indent=1).encode(),
    "a JSON text sequence": lambda lines: b"".join(b"\x1e" + json.dumps(line).encode() + b"\n" for line in lines),
    "lines, then pretty": lambda lines: plain(lines[:1]) + joined(lines[1:], "\n", indent=4),
    "pretty, then lines": lambda lines: joined(lines[:1], "", indent=4) + b"\n" + plain(lines[1:]),
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda content: content,
    "gzip": gzip.compress,
    "gzip in parts": lambda content: gzip.compress(content[:50]) + gzip.compress(content[50:]),
    "xz": lzma.compress,
    "xz in parts, with padding": lambda content: (
        lzma.compress(content[:50]) + bytes(4096) + lzma.compress(content[50:]) + bytes(8)
    ),
    "xz as small as can be": lambda content: lzma.compress(content, preset=9 | lzma.PRESET_EXTREME),
    "bz2": bz2.compress,
    "bz2 in parts": lambda content: bz2.compress(content[:50]) + bz2.compress(content[50:]),
    "zstd": lambda content: zstandard.ZstdCompressor().compress(content),
    "zstd in parts": lambda content: b"".join(zstandard.compress(part) for part in (content[:50], content[50:])),
    "zstd of unknown size": lambda content: zstandard.ZstdCompressor(write_content_size=False).compress(content),
    "zstd with a long window": lambda content: zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    ).compress(content),
}
ENCODINGS = {
    "UTF-8 with a mark": "utf-8-sig",
    "UTF-16": "utf-16",
    "UTF-16, the other way round": "utf-16-be",
    "UTF-32": "utf-32",
    "UTF-32, the other way round": "utf-32-be",
}
MARKS = {"utf-16-be": b"\xfe\xff", "utf-32-be": b"\x00\x00\xfe\xff"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_posts_are_read_in_every_layout(tmp_path: Path, layout: str) -> None:
    found = contents(tmp_path, LAYOUTS[layout](LINES))

    assert (found.texts, found.refused, found.end) == (TEXTS, [], None)


@pytest.mark.parametrize("packing", PACKINGS)
def test_posts_are_read_however_they_are_packed(tmp_path: Path, packing: str) -> None:
    found = contents(tmp_path, PACKINGS[packing](plain(LINES)))

    assert (found.texts, found.refused, found.end) == (TEXTS, [], None)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("packing", ["plain", "gzip"])
def test_posts_are_read_in_every_encoding_that_is_marked(tmp_path: Path, encoding: str, packing: str) -> None:
    name = ENCODINGS[encoding]
    content = MARKS.get(name, b"") + plain(LINES).decode().replace("\n", "\r\n").encode(name)

    found = contents(tmp_path, PACKINGS[packing](content))

    assert (found.texts, found.refused, found.end) == (TEXTS, [], None)


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_is_piped_in_is_unpacked_too(workplace: Installation, packing: str) -> None:
    done = workplace.command("ingest", "--from", "-", "--json", stdin=PACKINGS[packing](plain(LINES)))

    assert (done.exit_code, done.json["counts"]["new"]) == (0, 3)


@pytest.mark.parametrize("packing", sorted(set(PACKINGS) - {"plain"}))
def test_a_packed_file_that_ends_in_the_middle_is_an_error(tmp_path: Path, packing: str) -> None:
    packed = PACKINGS[packing](plain([own_line(str(n), text=str(n * n)) for n in range(2000)]))

    found = contents(tmp_path, packed[: len(packed) * 2 // 3])

    assert "cannot be read" in str(found.end)


def test_a_file_that_needs_much_memory_to_be_unpacked_is_refused_in_words(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 2**28}]

    found = contents(tmp_path, lzma.compress(plain(LINES), filters=filters))

    assert "more than 128 MiB of memory; pack it with `xz -9`" in str(found.end)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_with_our_names_is_read(tmp_path: Path, separator: str) -> None:
    table = io.StringIO()
    names = ["likes", *LINES[0], "other"]
    writer = csv.DictWriter(table, names, delimiter=separator)
    writer.writeheader()
    writer.writerows([{**line, "likes": "35.0", "other": "x"} for line in LINES])

    found = contents(tmp_path, b"\xef\xbb\xbf" + table.getvalue().encode())

    assert (found.texts, [post.likes for post in found.posts], found.end) == (TEXTS, [35, 35, 35], None)


@pytest.mark.parametrize("before", [b"\r\n\r\n", b"sep=,\r\n", b"\xef\xbb\xbfSEP=,\n\n", b" \n"])
def test_what_stands_before_the_names_of_a_table_is_no_row_of_it(tmp_path: Path, before: bytes) -> None:
    table = b"source,source_id,created_at,text\r\nx,2,2026-11-29T09:32:42Z,hello\r\n"

    found = contents(tmp_path, before + table)

    assert (found.texts, found.refused, found.end) == (["hello"], [], None)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r'"she said \"no, never\" twice"', 'she said "no, never" twice'),
        (r'"\"no\""', '"no"'),
        (r'"in C:\ they say ""no"" to C:\"', 'in C:\\ they say "no" to C:\\'),
    ],
)
def test_quotes_in_a_table_are_doubled_or_have_a_backslash_before_them(tmp_path: Path, written: str, text: str) -> None:
    table = f"source,source_id,text,created_at\nx,2,{written},2026-11-29T09:32:42Z\n"

    found = contents(tmp_path, table.encode())

    assert (found.texts, found.refused, found.end) == ([text], [], None)


def test_a_broken_row_of_a_table_is_refused_alone(tmp_path: Path) -> None:
    table = b"source,source_id,created_at,text\nx,1\nx,2,2026-11-29T09:32:42Z,hello\n"

    found = contents(tmp_path, table)

    assert (found.texts, found.refused) == (["hello"], ["missing_field"])
    assert "first in line 2" in str(found.end)


BROKEN = [
    ("a cut line", '{"source": "x", "te'),
    ("a line cut between two values", '{"source": "x",'),
    ("a line cut after a value", '{"source": "x"'),
    ("a line cut in a list", '{"source": "x", "tags": [1,'),
    ("a line cut after a name", '{"source":'),
    ("a bracket too many", '{"source": "x"}}'),
    ("the wrong bracket", '{"source": "x"]'),
    ("a word", "oops"),
]


@pytest.mark.parametrize("layout", ["one a line", "a list, one a line", "pretty objects one after the other"])
@pytest.mark.parametrize("broken", [row[1] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_line_costs_no_other_post(tmp_path: Path, layout: str, broken: str) -> None:
    first, rest = LAYOUTS[layout](LINES), LAYOUTS[layout]([own_line(str(n), text="later") for n in range(5, 9)])

    found = contents(tmp_path, first + b"\n" + broken.encode() + b"\n" + rest)

    assert found.texts == TEXTS + ["later"] * 4
    assert set(found.refused) <= {"not_json", "not_a_post", "missing_field"}
    assert found.refused


def test_a_broken_object_in_a_pretty_list_is_refused_alone(tmp_path: Path) -> None:
    lines = json.dumps([own_line(str(n), more={"a": [1, {"b": 2}]}) for n in range(5)], indent=2).splitlines()
    del lines[lines.index('    "source_id": "2",') + 10]  # the end of `more`

    found = contents(tmp_path, "\n".join(lines).encode())

    assert ([post.source_id for post in found.posts], found.refused) == (["0", "1", "3", "4"], ["not_json"])


values = st.recursive(
    st.none() | st.integers() | st.text() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
objects = st.lists(st.dictionaries(st.text(max_size=5), values, max_size=4), max_size=6)


class _Dribble(io.BytesIO):
    """A stream that gives few bytes at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 7, 7) if size != -1 else 7)


@given(objects, st.sampled_from(sorted(LAYOUTS)))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_values_are_cut_where_they_end_in_any_layout(lines: list[Any], layout: str) -> None:
    content = LAYOUTS[layout](lines)

    pieces = [json.loads(piece.content or b"") for piece in json_pieces(io.BufferedReader(io.BytesIO(content)))]
    dribbled = [json.loads(piece.content or b"") for piece in Scanner(_Dribble(content)).pieces()]

    assert pieces == lines
    assert dribbled == lines


def test_lines_are_numbered_as_an_editor_numbers_them(tmp_path: Path) -> None:
    content = b'\n{"a": 1}\n\n[{"b": 2},\n{"c": 3}, {"d": 4}]\n{\n"e": 5}\n{"f": 6}'

    found = [(piece.line, piece.item) for piece in json_pieces(io.BufferedReader(io.BytesIO(content)))]

    assert found == [(2, 0), (4, 1), (5, 2), (5, 3), (6, 0), (8, 0)]


def test_a_value_that_goes_over_many_chunks_is_read_whole(tmp_path: Path) -> None:
    long = own_line("1", text="a\\" * CHUNK)

    found = contents(tmp_path, json.dumps([long, own_line("2")]).encode())

    assert [len(text) for text in found.texts] == [2 * CHUNK, 5]
