"""The schema, as numbered files of SQL that are never edited after release: which there are, which a database has."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from trendspark_cli.base.errors import ConfigError, UnfinishedCopyError
from trendspark_cli.store.postgres.connection import SCHEMA, Connection, refuse_other_encodings

FOLDER = Path(__file__).parent / "migrations"
UPGRADE = "upgrade"  # a lock
UNFINISHED_COPY = "unfinished copy"  # stands among the migrations until all rows are there
_TABLE = """
CREATE TABLE IF NOT EXISTS migrations (name text COLLATE "C" PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())
"""


@cache
def known_migrations() -> tuple[str, ...]:
    """Return the names of the steps this version knows, in order."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.sql")))


def applied_migrations(connection: Connection) -> list[str]:
    """Return the names of the steps a database has, in order; empty when nothing of ours is there."""
    if connection.value("SELECT to_regclass(?)", (f"{SCHEMA}.migrations",)) is None:
        return []
    return [name for [name] in connection.made(tuple, "SELECT name FROM migrations ORDER BY name")]


def check_schema(connection: Connection) -> None:
    """Raise ConfigError when the schema is older or newer than this version's."""
    applied, known = applied_migrations(connection), known_migrations()
    unknown = [name for name in applied if name not in known]
    if UNFINISHED_COPY in unknown:
        raise UnfinishedCopyError(connection.where)
    if unknown:
        raise ConfigError(
            f"{connection.where} has a newer schema ({unknown[-1]}) than this version knows ({known[-1]})",
            hint="install the newer trendspark again, or restore a backup made before its `db upgrade`",
        )
    if [name for name in known if name not in applied]:
        if not applied:
            raise ConfigError(f"{connection.where} has no tables of ours yet", hint="run `trendspark db init`")
        raise ConfigError(
            f"{connection.where} has an older schema ({applied[-1]}) than this version needs ({known[-1]})",
            hint="run `trendspark db upgrade`",
        )


def upgrade(connection: Connection) -> list[str]:
    """Bring the schema up to this version, a transaction for each step; return the names of the steps taken.

    Who comes while another one is at it waits, and finds it done.
    """
    refuse_other_encodings(connection)
    return [name for name in known_migrations() if connection.write(partial(_take, connection, name))]


def _take(connection: Connection, name: str) -> bool:
    """Take one step, unless it was; return whether it was not."""
    connection.hold(UPGRADE)
    connection.execute("CREATE SCHEMA IF NOT EXISTS trendspark")  # SCHEMA
    connection.execute(_TABLE)
    if any(applied not in known_migrations() for applied in applied_migrations(connection)):
        check_schema(connection)
    if name in applied_migrations(connection):
        return False
    connection.run_script((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
    connection.execute("INSERT INTO migrations (name) VALUES (?)", (name,))
    return True
