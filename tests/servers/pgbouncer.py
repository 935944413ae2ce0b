"""A real pgbouncer in front of a server of PostgreSQL: one of the poolers that managed services put there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
import pytest

from tests.servers.postgres import AS_NOBODY, NOBODY
from tests.tools.processes import free_port, running, wait_for

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NEEDS_PGBOUNCER = pytest.mark.skipif(PROGRAM is None, reason="there is no pgbouncer on this machine")
START_SECONDS = 20.0


@contextmanager
def pgbouncer(url: str, mode: str, *, pool_size: int = 20) -> Iterator[str]:
    """Yield an address that leads to the same database through a pooler in this mode: `session`, `transaction`."""
    parts, port = urlsplit(url), free_port()
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    with TemporaryDirectory(prefix="trendspark-pooler-") as name:
        folder = Path(name)
        (folder / "users.txt").write_text(f'"{user}" "{password}"\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={parts.hostname} port={parts.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = plain\nauth_file = {folder}/users.txt\npool_mode = {mode}\n"
            f"default_pool_size = {pool_size}\nignore_startup_parameters = extra_float_digits\n"
        )
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, NOBODY, NOBODY)
        as_nobody = AS_NOBODY if os.geteuid() == 0 else ()
        with running([*as_nobody, str(PROGRAM), str(folder / "pgbouncer.ini")], folder / "log"):
            through = urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}"))
            wait_for(f"pgbouncer (see {folder}/log)", lambda: _answers(through), seconds=START_SECONDS, pause=0.02)
            yield through


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
