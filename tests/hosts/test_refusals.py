"""A server that refuses us in a language we do not know is understood by its code."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from tests.servers.postgres import QUOTED_PASSWORD, USER
from trendspark_cli.base.errors import ConfigError, StoreBusyError, TrendSparkError
from trendspark_cli.store.postgres.connection import Connection

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
IN_GERMAN = {
    "28P01": "Passwort-Authentifizierung für Benutzer »trendspark« fehlgeschlagen",
    "28000": "kein pg_hba.conf-Eintrag für Host »10.0.0.1«",
    "3D000": "Datenbank »trendspark« existiert nicht",
    "57P03": "das Datenbanksystem startet",
    "53300": "zu viele Verbindungen",
}


@contextmanager
def refusing(code: str | None) -> Iterator[str]:
    """Yield the address of a server that says no with this code; without one it just hangs up."""
    text = IN_GERMAN.get(code or "", "")
    body = f"SFATAL\0VFATAL\0C{code}\0M{text}\0\0".encode()
    answer = b"E" + struct.pack("!I", len(body) + 4) + body if code else b""

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                with client:
                    asked = client.recv(4096)
                    while struct.unpack("!I", asked[4:8])[0] in (SSL_REQUEST, GSS_REQUEST):
                        client.sendall(b"N")
                        asked = client.recv(4096)
                    client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"postgresql://{USER}:{QUOTED_PASSWORD}@127.0.0.1:{listening.getsockname()[1]}/trendspark"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("28P01", ConfigError),
        ("28000", ConfigError),
        ("3D000", ConfigError),
        ("57P03", StoreBusyError),
        ("53300", StoreBusyError),
        (None, StoreBusyError),
    ],
)
def test_who_refuses_us_in_german_is_understood(code: str | None, wanted: type[TrendSparkError]) -> None:
    with refusing(code) as url, pytest.raises(wanted) as refused:
        Connection(url)

    assert type(refused.value) is wanted
    assert QUOTED_PASSWORD not in str(refused.value)


def test_of_two_servers_the_one_that_will_take_us_later_counts() -> None:
    with refusing("57P03") as later, refusing("28P01") as never, pytest.raises(StoreBusyError):
        Connection(later.removesuffix("/trendspark") + ",127.0.0.1:" + never.rpartition(":")[2])
