"""Locks of jobs that hold on every host: they belong to the session that writes, and go with it.

There is no pool and nobody connects again: a run that lost its connection lost its locks, and ends with 75.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import LockHeldError
from trendspark_cli.store.database import JobParts
from trendspark_cli.store.postgres.connection import Connection, lock_key
from trendspark_cli.store.postgres.poolers import refuse_shared_sessions

# A host that is cut off is noticed by the server within a minute, and its locks are free then.
_KEEPALIVES = (
    "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; "
    "SET tcp_user_timeout = 60000"
)
_TAKE, _TAKE_SHARED = "SELECT pg_try_advisory_lock(?, ?)", "SELECT pg_try_advisory_lock_shared(?, ?)"
_LONGEST_NAME = 63  # bytes of application_name


def hold_jobs(connection: Connection, jobs: Sequence[str], shared: str = "") -> None:
    """Take the locks of these jobs for as long as the connection lives, a *shared* one together with others.

    Raises LockHeldError when another session has one, ConfigError behind a pooler that shares sessions.
    """
    if not jobs:
        return
    refuse_shared_sessions(connection)
    connection.run_script(_KEEPALIVES)
    connection.execute("SELECT set_config('application_name', ?, false)", (_our_name(jobs[0]),))
    for job_id in jobs:
        _hold(connection, f"job:{job_id}", job_id, is_shared=job_id == shared)


def hold_parts(connection: Connection, parts: JobParts) -> None:
    """Take the locks of parts of a job for as long as the connection lives. Raises LockHeldError."""
    for part in parts.names:
        what = f"{parts.job_id} of {part}"
        _hold(connection, f"job:{parts.job_id}:{part}", what, is_shared=parts.are_shared)


def _hold(connection: Connection, lock: str, what: str, *, is_shared: bool) -> None:
    if not connection.value(_TAKE_SHARED if is_shared else _TAKE, lock_key(lock)):
        raise LockHeldError(what, _holder(connection, lock))


def _our_name(job_id: str) -> str:
    """Return how this session is called in pg_stat_activity: which job, on which host, with which pid."""
    name = f"trendspark {job_id} pid {os.getpid()} on {socket.gethostname()}"
    return name.encode("ascii", "replace")[:_LONGEST_NAME].decode()


def _holder(connection: Connection, lock: str) -> str:
    """Return who has a lock, in words: `pid 12 on worker-2 since 2026-11-01T12:00:00.000Z`."""
    rows = connection.rows(connection.queries("locks")["holder"], lock_key(lock))
    if not rows:
        return "it has just ended"
    name, began = rows[0]["application_name"] or "", rows[0]["backend_start"]
    who = "pid" + name.partition(" pid")[2] if " pid " in name else f"session {rows[0]['pid']} of the server"
    return f"{who} since {to_text(began)}" if began is not None else who
