"""Proxies: one that speaks SOCKS5 and passes everything on, and one of HTTP that says something of its own."""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType
from typing import Self

NO_AUTH, CONNECT, BY_NAME = 0, 1, 3


class _Proxy:
    """Takes connections on 127.0.0.1 until the block ends; `taken` counts them."""

    scheme = "http"

    def __init__(self) -> None:
        self.taken = 0
        self._listening = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        """What a variable such as HTTPS_PROXY is set to."""
        return f"{self.scheme}://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self.taken += 1
            client.settimeout(10)
            threading.Thread(target=self._answer_and_close, args=(client,), daemon=True).start()

    def _answer_and_close(self, client: socket.socket) -> None:
        with client:
            try:
                self.answer(client)
            except OSError:
                return

    def answer(self, client: socket.socket) -> None:
        """Deal with one connection."""
        raise NotImplementedError


class SocksProxy(_Proxy):
    """SOCKS5 without a password, for names and addresses of version 4."""

    scheme = "socks5h"

    def answer(self, client: socket.socket) -> None:
        """Connect to where it is told, and pass on what comes from either side."""
        _exactly(client, _exactly(client, 2)[1])
        client.sendall(bytes((5, NO_AUTH)))
        _, _, _, kind = _exactly(client, 4)
        is_name = kind == BY_NAME
        host = _exactly(client, _exactly(client, 1)[0]).decode() if is_name else socket.inet_ntoa(_exactly(client, 4))
        [port] = struct.unpack("!H", _exactly(client, 2))
        with socket.create_connection((host, port), 10) as server:
            client.sendall(bytes((5, 0, 0, 1)) + socket.inet_aton("127.0.0.1") + struct.pack("!H", 1))
            back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
            back.start()
            _pass_on(client, server)
            back.join(10)


class SayingProxy(_Proxy):
    """Answers each request itself: a status, and a page for people."""

    def __init__(self, status: str) -> None:
        super().__init__()
        page = "<!DOCTYPE html><html><body>Ask your administrator.</body></html>"
        self._said = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n"
        self._said += f"Connection: close\r\n\r\n{page}"

    def answer(self, client: socket.socket) -> None:
        """Read the head of a request, and say it."""
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(65536)
            if not more:
                return
            head += more
        client.sendall(self._said.encode())


def _exactly(client: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = client.recv(size - len(found))
        if not more:
            raise OSError("the client went away")
        found += more
    return found


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while block := source.recv(65536):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
