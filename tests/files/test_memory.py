"""However large a line or a list is, reading it takes a bounded amount of memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import own_line
from tests.tools.memory import reading_peak
from tests.tools.memory_forms import VARIANTS
from tests.tools.processes import PROJECT

LARGE = 30 * 2**20  # bytes of a line
MOST_MIB = 300
MOST_GROWTH_MIB = 6
READING = """
import sys
from trendspark_cli.services.post_files.reading import PostFile
print(sum(len(page.posts) for page in PostFile(sys.argv[1]).pages()))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def read(file: Path | str, stdin: Iterable[bytes] = ()) -> tuple[int, float]:
    """Return how many posts a process of its own read, and the most memory it took, in MiB."""
    with subprocess.Popen(
        [sys.executable, "-c", READING, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for part in stdin:
            process.stdin.write(part)
        process.stdin.close()
        posts, kilobytes = process.stdout.read().split()
    return int(posts), int(kilobytes) / 1024


def tweet(number: int) -> dict[str, Any]:
    text = {"text": "the ferry", "created_at": "2026-11-01T11:00:00.000Z", "author_id": "7"}
    return {"id": str(10**18 + number), **text, "entities": {"urls": [{"start": 1, "end": 2, "url": "https://t.co/a"}]}}


def thing(number: int) -> dict[str, Any]:
    data = {"id": f"a{number}", "title": "a &amp; b", "created_utc": 1793530800, "subreddit": "s", "media": {"a": [{}]}}
    return {"kind": "t3", "data": data}


def repeated(begin: bytes, middle: bytes, end: bytes) -> bytes:
    return begin + middle * (LARGE // len(middle)) + end


OWN = json.dumps(own_line()).encode()[:-1]
LINES: dict[str, Callable[[], bytes]] = {
    "a page of X": lambda: json.dumps({"data": [tweet(n) for n in range(100_000)]}).encode(),
    "a listing": lambda: json.dumps(
        {"kind": "Listing", "data": {"children": [thing(n) for n in range(150_000)]}}
    ).encode(),
    "a long text": lambda: repeated(OWN.replace(b'"hello"', b'"'), b"a", b'"}'),
    "much that is not read": lambda: repeated(OWN + b', "more": [', b"{},", b"{}]}"),
    "much where a number should be": lambda: repeated(OWN + b', "likes": [', b"{},", b"{}]}"),
    "a bracket without end": lambda: repeated(b'{"a": [', b'["' + b"a" * 200 + b'"],', b""),
    "deep brackets": lambda: repeated(b"", b'{"a":', b""),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_thirty_megabytes_is_read_in_bounded_memory(tmp_path: Path, line: str) -> None:
    good = json.dumps(own_line("good")).encode()
    (tmp_path / "posts").write_bytes(good + b"\n" + LINES[line]() + b"\n" + good + b"\n")

    posts, mebibytes = read(tmp_path / "posts")

    assert (posts >= 2, mebibytes < MOST_MIB) == (True, True), (posts, mebibytes)


@pytest.mark.parametrize(("form", "packing"), VARIANTS)
def test_memory_does_not_grow_with_the_number_of_posts(form: str, packing: str) -> None:
    few, many = reading_peak(form, 2_000, packing), reading_peak(form, 20_000, packing)

    assert many.mebibytes - few.mebibytes < MOST_GROWTH_MIB
