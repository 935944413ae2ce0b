"""Why a server refuses a connection: by its code, since its words are in a language of its own.

psycopg has the code of such an error nowhere but in a trace of what was said, which libpq writes from version 18 on.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from select import select
from time import monotonic

from psycopg import pq
from psycopg.conninfo import make_conninfo

SECONDS = 5.0  # the server has just answered
MOST_BYTES = 100_000  # of a trace
_CODE = re.compile(rb'\tErrorResponse\t S "[^"]*" (?:V "[^"]*" )?C "([0-9A-Z]{5})"')


def refusal_codes(options: Mapping[str, str | int | None]) -> list[str]:
    """Return the codes with which servers refuse a connection now, one of each address; none when it cannot be seen."""
    if sys.platform != "linux":  # psycopg traces nowhere else
        return []
    connection = pq.PGconn.connect_start(make_conninfo("", **options).encode())
    trace = os.memfd_create("trace")  # a password may be in it
    try:
        connection.trace(trace)
        until = monotonic() + SECONDS
        status: int = pq.PollingStatus.WRITING
        while status in (pq.PollingStatus.READING, pq.PollingStatus.WRITING) and connection.status != pq.ConnStatus.BAD:
            reads = status == pq.PollingStatus.READING
            waits = [connection.socket]
            if not any(select(waits if reads else [], [] if reads else waits, [], max(0.0, until - monotonic()))):
                return []
            status = connection.connect_poll()
        connection.untrace()  # which writes what is left of it
        return [code.decode() for code in _CODE.findall(os.pread(trace, MOST_BYTES, 0))]
    finally:
        connection.untrace()
        connection.finish()
        os.close(trace)
