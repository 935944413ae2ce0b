"""One end for a whole answer, its head included: a time-out of the socket begins anew with each byte that drips."""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

_until: ContextVar[float] = ContextVar("until", default=float("inf"))  # monotonic


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let all reading from bounded connections in this block, and in this thread, end after so long: TimeoutError."""
    token = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(token)


@cache
def bounded(connection: type[Any]) -> type[Any]:
    """Return a kind of urllib3's connections that keeps to `within` from its first byte, a proxy's answer included."""

    class Bounded(connection):  # type: ignore[misc]
        is_bounded = True

        def _new_conn(self) -> Any:
            return guarded(super()._new_conn())

        def connect(self) -> None:
            super().connect()
            opened: Any = vars(self)["sock"]
            self.sock = guarded(opened)

    Bounded.__name__ = Bounded.__qualname__ = f"Bounded{connection.__name__}"
    return Bounded


def guarded(opened: Any) -> Any:
    """Return the socket, read by files that know the deadline."""
    if isinstance(opened, ssl.SSLSocket):
        plain = opened.makefile
        opened.makefile = lambda *options, **named: _file(opened, plain, *options, **named)  # type: ignore[method-assign]
        return opened
    if type(opened) is not socket.socket:
        return opened  # guarded already, or TLS within TLS, whose handshakes and reads end by themselves
    timeout = opened.gettimeout()
    guarded = _Socket(opened.family, opened.type, opened.proto, fileno=opened.detach())
    guarded.settimeout(timeout)
    return guarded


class _Socket(socket.socket):
    """A socket whose files know the deadline."""

    def makefile(self, *options: Any, **named: Any) -> Any:
        return _file(self, super().makefile, *options, **named)


def _file(opened: Any, plain: Any, mode: str = "r", buffering: int | None = None, **named: Any) -> Any:
    if mode != "rb":
        return plain(mode, buffering, **named)
    raw = _Reads(opened, plain("rb", buffering=0))
    return raw if buffering == 0 else io.BufferedReader(raw)


class _Reads(io.RawIOBase):
    """Bytes of a socket until the deadline."""

    def __init__(self, opened: Any, raw: Any) -> None:
        self._socket = opened
        self._raw = raw

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def readinto(self, buffer: Any) -> int | None:
        left = _until.get() - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer arrives too slowly")
        usual = self._socket.gettimeout()
        if (usual is not None and usual <= left) or left == float("inf"):
            return self._raw.readinto(buffer)  # type: ignore[no-any-return]
        self._socket.settimeout(left)
        try:
            return self._raw.readinto(buffer)  # type: ignore[no-any-return]
        finally:
            self._socket.settimeout(usual)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
