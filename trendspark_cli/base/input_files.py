"""Files that people give us, or standard input: unpacked, and as UTF-8 whatever they were written in."""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from trendspark_cli.base.unpacking import BUFFER, LONGEST_MAGIC, unpacked

LONGEST_SILENCE_SECONDS = 600.0  # of a pipe: what writes into it may have to think, but not for ever
BYTE_ORDER_MARKS = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, ""),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@contextmanager
def opened(path: str, *, silence_seconds: float = LONGEST_SILENCE_SECONDS) -> Iterator[IO[bytes]]:
    """Yield the bytes of a file, or of standard input for `-`: unpacked, in UTF-8, without byte order mark.

    A line of a pipe can be read as soon as it was written. Raises OSError, here or while it is read, also when a pipe
    says nothing for *silence_seconds*, or nobody is at its other end.
    """
    if path == "-":
        yield _as_utf8(_unpacked(sys.stdin.buffer))
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with _stream(descriptor, path, silence_seconds) as stream:
        yield _as_utf8(_unpacked(stream))


def _stream(descriptor: int, path: str, silence_seconds: float) -> IO[bytes]:
    """Return what reads an open file; the descriptor is closed with it."""
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        os.set_blocking(descriptor, True)
        if stat.S_ISREG(mode):
            return os.fdopen(descriptor, "rb")
        return io.BufferedReader(_Patient(descriptor, path, silence_seconds))
    except BaseException:
        os.close(descriptor)
        raise


class _Patient(io.RawIOBase):
    """What comes out of a pipe or a device, waited for as long as somebody may need to begin or to go on."""

    def __init__(self, descriptor: int, path: str, silence_seconds: float) -> None:
        self._descriptor = descriptor
        self._path = path
        self._silence_seconds = silence_seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        # A pipe that nobody has opened yet reads as empty, so it is read only when it has something to say.
        if not select.select([self._descriptor], [], [], self._silence_seconds)[0]:
            raise OSError(errno.ETIMEDOUT, f"nothing came out of it in {self._silence_seconds:.0f} s", self._path)
        return os.readv(self._descriptor, [buffer])  # type: ignore[list-item]

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


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
