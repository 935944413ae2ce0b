"""Files that people give us: plain or gzip, whatever they are called, or standard input."""

from __future__ import annotations

import gzip
import io
import os
import stat
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


def is_piped_in() -> bool:
    """Tell whether a file or another program is on standard input: neither a terminal nor nothing."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:  # it was closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)
