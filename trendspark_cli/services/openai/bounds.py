"""An answer has one end: the client's own time-out begins anew with each byte that drips."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpcore2
import httpx2

CONNECT_SECONDS = 5.0
BODY_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 60.0
MAX_BODY_BYTES = 2 * 2**20  # an answer is a few kilobytes
PACKINGS = ("gzip", "x-gzip")  # that are asked for
_ANY_WINDOW = 47  # for zlib: whatever its head says
_OPENED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")  # a connection, or TLS on it


def pause_of(seconds: float) -> float:
    """Return how long a body may pause once its head is there: it follows at once, or a slow model is at work on it."""
    return max(BODY_PAUSE_SECONDS, min(LONGEST_PAUSE_SECONDS, seconds / 4))


def bounded_connections(until: Callable[[], float]) -> Callable[[str, Mapping[str, Any]], None]:
    """Return what hears of each connection: reading from it ends at *until* (monotonic), its first byte included."""

    def hear(event: str, told: Mapping[str, Any]) -> None:
        if not event.endswith(_OPENED):
            return
        stream = told["return_value"]
        read = stream.read

        def read_in_time(max_bytes: int, timeout: float | None = None) -> Any:
            left = until() - time.monotonic()
            if left <= 0:
                raise httpcore2.ReadTimeout("the answer is too slow")
            return read(max_bytes, left if timeout is None else min(left, timeout))

        stream.read = read_in_time

    return hear


class BoundedStream(httpx2.SyncByteStream):
    """Passes a body on, unpacked, until its time or its size is up.

    `until` is monotonic, `packing` as the head of the answer names it. The client would unpack it without a bound.
    """

    def __init__(self, stream: httpx2.SyncByteStream, request: httpx2.Request, until: float, packing: str = "") -> None:
        self._stream = stream
        self._request = request
        self._until = until
        self._packing = packing
        self._unpacking = zlib.decompressobj(_ANY_WINDOW) if packing in PACKINGS else None

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            given = self._unpacked(chunk, MAX_BODY_BYTES - size + 1)
            size += len(given)
            if size > MAX_BODY_BYTES or time.monotonic() > self._until:
                raise httpx2.ReadTimeout("the answer is too slow or too large", request=self._request)
            yield given

    def _unpacked(self, chunk: bytes, most: int) -> bytes:
        """Return what a chunk holds, of which nothing matters beyond *most* bytes. Raises DecodingError."""
        if self._unpacking is None and self._packing not in ("", "identity"):
            raise httpx2.DecodingError(f"packed as {self._packing[:40]!r}", request=self._request)
        try:
            return chunk if self._unpacking is None else self._unpacking.decompress(chunk, most)
        except zlib.error as error:
            raise httpx2.DecodingError(str(error), request=self._request) from error

    def close(self) -> None:
        self._stream.close()
