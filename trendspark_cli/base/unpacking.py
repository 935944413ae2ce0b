"""Packed files as what is in them: gzip, zstd, xz and bzip2, known by their first bytes, not by their names."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import IO, Protocol, cast

LONGEST_MAGIC = 6  # bytes
BUFFER = 2**17  # bytes that are unpacked at a time, once and for all readers
SMALL_INPUT = 2**11  # bytes given to zstd and lzma at a time: what they make of them has no other bound
XZ_MEMORY = 2**27  # bytes: `xz -9` needs 65 MiB
ZSTD_WINDOW = 2**31  # bytes: monthly dumps of Reddit are packed with `--long=31`


class _Decompressor(Protocol):
    """What zstandard, bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def unpacked(stream: IO[bytes], head: bytes) -> IO[bytes]:
    """Return what is packed in *stream*, or *stream* itself; *head* are its first bytes, which are still to be read.

    What comes back raises OSError where the packed data are damaged or end in the middle.
    """
    if head.startswith(b"\x1f\x8b"):
        return io.BufferedReader(_Unpacked(_gzip(stream)), BUFFER)
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50):
        return io.BufferedReader(_Unpacked(_Members(stream, _zstd, SMALL_INPUT)), BUFFER)
    if head.startswith(b"\xfd7zXZ\x00"):
        return io.BufferedReader(_Unpacked(_Members(stream, _xz, SMALL_INPUT, padding=b"\0")), BUFFER)
    if head.startswith(b"BZh") and head[3:4].isdigit():
        return io.BufferedReader(_Unpacked(_bz2(stream)), BUFFER)
    return stream


class _Unpacked(io.RawIOBase):
    """Bytes of a library's reader, its errors made into OSError."""

    def __init__(self, reader: IO[bytes] | _Members) -> None:
        self._read = reader.read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            found = self._read(len(view))
        except (EOFError, zlib.error, ValueError) as error:
            raise OSError(str(error)) from error
        view[: len(found)] = found
        return len(found)


class _Members:
    """Reads packed members one after the other, any *padding* between them; one that ends in the middle is an error."""

    def __init__(
        self, stream: IO[bytes], start: Callable[[], _Decompressor], input_size: int, padding: bytes = b""
    ) -> None:
        self._stream = stream
        self._padding = padding
        self._start = start
        self._size = input_size
        self._member: _Decompressor | None = None
        self._packed = b""
        self._ready = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return at most *size* bytes, none at the end."""
        while not self._ready:
            packed = self._packed or self._stream.read(self._size)
            self._packed = b""
            if not packed:
                if self._member is not None:
                    raise EOFError("the packed file ended before its end was reached")
                return b""
            if self._member is None and not (packed := packed.lstrip(self._padding)):
                continue
            self._member = self._member or self._start()
            self._ready = memoryview(self._member.decompress(packed))
            if self._member.eof:
                self._packed, self._member = self._member.unused_data, None
        found, self._ready = self._ready[:size], self._ready[size:]
        return bytes(found)


def _gzip(stream: IO[bytes]) -> IO[bytes]:
    import gzip

    return cast(IO[bytes], gzip.GzipFile(fileobj=stream))


def _bz2(stream: IO[bytes]) -> IO[bytes]:
    import bz2

    return bz2.BZ2File(stream)


def _xz() -> _Decompressor:
    import lzma

    member = lzma.LZMADecompressor(memlimit=XZ_MEMORY)

    class Xz:
        eof = property(lambda self: member.eof)
        unused_data = property(lambda self: member.unused_data)

        def decompress(self, data: bytes) -> bytes:
            try:
                return member.decompress(data)
            except lzma.LZMAError as error:
                told = str(error)
                if "limit" in told:
                    told = f"unpacking it takes more than {XZ_MEMORY >> 20} MiB of memory; pack it with `xz -9` or less"
                raise OSError(told) from error

    return Xz()


def _zstd() -> _Decompressor:
    import zstandard

    member = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()

    class Zstd:
        eof = property(lambda self: member.eof)
        unused_data = property(lambda self: member.unused_data)

        def decompress(self, data: bytes) -> bytes:
            try:
                return member.decompress(data)
            except zstandard.ZstdError as error:
                raise OSError(str(error)) from error

    return Zstd()
