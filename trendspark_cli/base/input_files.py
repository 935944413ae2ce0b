"""Files that people give us, or standard input: unpacked, and as UTF-8 whatever they were written in."""

from __future__ import annotations

import codecs
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from trendspark_cli.base.unpacking import BUFFER, LONGEST_MAGIC, unpacked

BYTE_ORDER_MARKS = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, ""),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """Yield the bytes of a file, or of standard input for `-`: unpacked, in UTF-8, without byte order mark.

    A line of a pipe can be read as soon as it was written. Raises OSError, here or while it is read.
    """
    if path == "-":
        yield _as_utf8(_unpacked(sys.stdin.buffer))
        return
    with Path(path).open("rb") as stream:
        yield _as_utf8(_unpacked(stream))


def is_piped_in() -> bool:
    """Tell whether a file or another program is on standard input: neither a terminal nor nothing."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:  # it was closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    stream, head = _begun(stream)
    return unpacked(stream, head)


def _as_utf8(stream: IO[bytes]) -> IO[bytes]:
    stream, head = _begun(stream)
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            stream.read(len(mark))
            return io.BufferedReader(_Recoded(stream, encoding), BUFFER) if encoding else stream
    return stream


def _begun(stream: IO[bytes]) -> tuple[IO[bytes], bytes]:
    """Return *stream* and its first bytes, which can still be read from what is returned.

    A pipe may give them one by one, so `peek` is not enough there.
    """
    if isinstance(stream, io.BufferedReader):
        head = stream.peek(LONGEST_MAGIC)[:LONGEST_MAGIC]
        if len(head) == LONGEST_MAGIC or not head:
            return stream, head
    head = stream.read(LONGEST_MAGIC)
    return io.BufferedReader(Joined(head, stream), BUFFER), head


class Joined(io.RawIOBase):
    """Bytes that were read already, and then the rest of a stream as it comes."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        found = self._head[: len(view)] or self._rest.read1(len(view))  # type: ignore[attr-defined]
        self._head = self._head[len(view) :]
        view[: len(found)] = found
        return len(found)


class _Recoded(io.RawIOBase):
    """UTF-16 or UTF-32 as UTF-8; what is damaged becomes U+FFFD, and the rest is kept."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""
        self._is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._ready and not self._is_over:
            chunk = self._stream.read1(BUFFER)  # type: ignore[attr-defined]
            self._is_over = not chunk
            self._ready = self._decoder.decode(chunk, self._is_over).encode()
        found, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(found)] = found
        return len(found)
