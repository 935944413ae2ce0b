"""Tell a pooler that shares sessions from one that keeps them: behind the first one, no lock is worth anything.

In transaction mode two runs get the same session of the server in turn. A lock of the session is then had by both, and
given back by neither; settings of the session are those of whoever came last.
"""

from __future__ import annotations

import select
import time
from contextlib import closing, suppress
from uuid import uuid4

import psycopg
from psycopg.pq.abc import PGconn

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.store.postgres.address import connection_options
from trendspark_cli.store.postgres.connection import Connection

PATIENCE_SECONDS = 5.0  # for the answer to a second session, which a pool of one session never gives
_TOKEN = "SELECT coalesce(current_setting('trendspark.session', true), '')"


def refuse_shared_sessions(connection: Connection) -> None:
    """Raise ConfigError behind a pooler that does not keep a session of the server for each of ours.

    Without a pooler this costs one question: the server then tells the same pid as it did at the start.
    """
    if connection.value("SELECT pg_backend_pid()") == connection.raw.info.backend_pid:
        return
    token = uuid4().hex
    connection.execute("SELECT set_config('trendspark.session', ?, false)", (token,))
    with connection.errors(), closing(psycopg.connect(**connection_options(connection.url), autocommit=True)) as other:
        seen = _first_answer(other.pgconn)
        # While the other one keeps a transaction open, a pooler must give us another session if sessions are shared.
        is_kept = seen not in (token, None) and connection.value(_TOKEN) == token
        with suppress(psycopg.Error):
            other.pgconn.finish()
    if is_kept:
        return
    why = "has one session for two of ours" if seen is None else "shares sessions: a lock of one run is another's too"
    raise ConfigError(
        f"{connection.where} is behind a pooler that {why}",
        hint="connect to the server itself, or have the pooler keep sessions (pgbouncer: pool_mode = session)",
    )


def _first_answer(raw: PGconn) -> str | None:
    """Begin a transaction in another session and return the token seen there; None when it does not answer."""
    raw.send_query(f"BEGIN; {_TOKEN}".encode())
    until = time.monotonic() + PATIENCE_SECONDS
    while raw.is_busy():
        if not select.select([raw.socket], [], [], max(0.0, until - time.monotonic()))[0]:
            return None
        raw.consume_input()
    answer = None
    while (result := raw.get_result()) is not None:
        if result.ntuples:
            answer = (result.get_value(0, 0) or b"").decode()
    return answer
