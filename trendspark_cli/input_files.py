"""Files that people give us: plain or gzip, whatever they are called, or standard input."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """Yield the bytes of a file, unpacked, or of standard input for `-`.

    Raises OSError, EOFError or zlib.error, here or while it is read.
    """
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as stream:
        if stream.peek(2)[:2] == _GZIP_MAGIC:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield io.BufferedReader(unpacked)
        else:
            yield stream
