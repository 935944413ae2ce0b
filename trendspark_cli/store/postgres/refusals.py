"""Why a server refuses a connection: by its code, since its words are in a language of its own.

libpq keeps the code of such an error only within a text, and only when it is asked to tell all. psycopg has no way to
ask for that, so the function is called by its name in the libpq that psycopg has loaded.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from select import select
from time import monotonic

from psycopg import pq
from psycopg.conninfo import make_conninfo

TELL_ALL = 2  # PQERRORS_VERBOSE
SECONDS = 5.0  # the server has just answered
_CODE = re.compile(rb":  ([0-9A-Z]{5}): ")


def refusal_codes(options: Mapping[str, str | int | None]) -> list[str]:
    """Return the codes with which servers refuse a connection now, one of each address; none when it cannot be seen."""
    library = _libpq()
    if library is None:
        return []
    connection = pq.PGconn.connect_start(make_conninfo("", **options).encode())
    try:
        pointer = ctypes.c_void_p(connection.pgconn_ptr)  # type: ignore[attr-defined]
        library.PQsetErrorVerbosity(pointer, TELL_ALL)
        until = monotonic() + SECONDS
        status: int = pq.PollingStatus.WRITING
        while status in (pq.PollingStatus.READING, pq.PollingStatus.WRITING) and connection.status != pq.ConnStatus.BAD:
            reads = status == pq.PollingStatus.READING
            waits = [connection.socket]
            if not any(select(waits if reads else [], [] if reads else waits, [], max(0.0, until - monotonic()))):
                return []
            status = connection.connect_poll()
        return [code.decode() for code in _CODE.findall(connection.error_message)]
    finally:
        connection.finish()


@cache
def _libpq() -> ctypes.CDLL | None:
    """Return the library that psycopg uses, None when it cannot be found."""
    try:
        loaded = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # no Linux
        loaded = []
    paths = [line.split(maxsplit=5)[5] for line in loaded if "/libpq" in line]
    path = paths[0] if paths else ctypes.util.find_library("pq")
    try:
        return ctypes.CDLL(path) if path else None
    except OSError:
        return None
