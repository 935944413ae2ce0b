"""Copy a database of PostgreSQL to a file while jobs go on: pg_dump does it, from one moment's view of all tables."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

from psycopg.pq import Conninfo

from trendspark_cli.base.durable_files import writing_by_name
from trendspark_cli.base.errors import ConfigError, OutputError, StoreError, os_words
from trendspark_cli.base.redaction import redact
from trendspark_cli.store.host_folders import PRIVATE_FILE
from trendspark_cli.store.postgres.address import connection_options
from trendspark_cli.store.postgres.connection import SCHEMA, Connection

_OF_DEBIAN = Path("/usr/lib/postgresql")
_GET_IT = "install the client programs of that version (Debian: apt-get install postgresql-client)"


def dump(url: str, target: Path) -> int:
    """Write our schema to a new file that pg_restore reads; complete or not at all. Return its bytes.

    Raises OutputError when *target* exists or cannot be written, ConfigError without a pg_dump that knows the server.
    """
    if os.path.lexists(target):
        raise OutputError(f"{str(target)!r} exists already", hint="name a new file, or remove the old backup first")
    with closing(Connection(url, read_only=True)) as connection:
        program = _pg_dump(connection.raw.info.server_version // 10000)
    try:
        with writing_by_name(target, PRIVATE_FILE) as partial:
            words = [
                program,
                "--format=custom",
                f"--schema={SCHEMA}",
                "--no-owner",
                "--no-privileges",
                f"--file={partial}",
            ]
            done = subprocess.run(
                words, env=_environment(url), stdin=subprocess.DEVNULL, capture_output=True, text=True
            )
            if done.returncode:
                told = " ".join(redact(done.stderr).split())[:300]
                raise StoreError(f"pg_dump ended with {done.returncode}: {told}", hint="see the log of the server")
    except OSError as error:
        raise OutputError(f"backup {str(target)!r} cannot be written: {os_words(error)}") from error
    return target.stat().st_size


def _pg_dump(server: int) -> str:
    """Return a pg_dump that knows a server of this version: an older one refuses."""
    found = [str(path) for path in sorted(_OF_DEBIAN.glob("*/bin/pg_dump"), reverse=True)]
    found = [program for program in (shutil.which("pg_dump"), *found) if program]
    for program in found:
        told = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
        version = re.search(r" (\d+)", told)
        if version and int(version[1]) >= server:
            return program
    what = f"the pg_dump of this machine is older than the server, {server}" if found else "pg_dump is not installed"
    raise ConfigError(what, hint=f"{_GET_IT}, or copy the rows: `trendspark db copy --to sqlite:///FILE`")


def _environment(url: str) -> dict[str, str]:
    """Return where libpq finds an address in a program's environment, which only its user can read; never its words."""
    options = connection_options(url)
    names = {option.keyword.decode(): option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar}
    told = {names[name]: str(value) for name, value in options.items() if name in names}
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | told
