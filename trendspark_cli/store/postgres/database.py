"""A database of a PostgreSQL server as the place of the rows of many hosts: its locks hold on all of them."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from trendspark_cli.base.database_urls import without_secrets
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.extras import missing_extra

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.store.database import JobParts
    from trendspark_cli.store.postgres.copying import PostgresEnd
    from trendspark_cli.store.postgres.store import PostgresStore
    from trendspark_cli.store.rows.upkeep import DatabaseStats


@dataclass(frozen=True)
class PostgresDatabase:
    """Implements store.database.Database; `home` has what is this host's alone."""

    url: str
    home: Path
    channels: Sequence[str]
    operations: Sequence[str]

    @property
    def name(self) -> str:
        """Return the address without what is secret in it."""
        return without_secrets(self.url)

    @property
    def folder(self) -> Path:
        """Return the folder of this host's files."""
        return self.home

    @property
    def files(self) -> Sequence[Path]:
        """Return none: the server keeps the rows."""
        return ()

    @property
    def owned(self) -> Path:
        """Return the folder of this host's files."""
        return self.home

    def is_there(self) -> bool:
        """Tell that it can be asked."""
        return True

    def require(self) -> None:
        """Raise ConfigError when the extra is missing, or this host has no folders yet."""
        if find_spec("psycopg") is None:
            raise missing_extra("DATABASE_URL=postgresql://", "postgres")
        if not (self.home / "locks").is_dir():
            raise ConfigError(
                f"folder {str(self.home / 'locks')!r} is missing",
                hint="run `trendspark db init` on this host: it makes what is missing and changes nothing else",
            )

    def open(self, *, read_only: bool = False) -> PostgresStore:
        """Return the store."""
        from trendspark_cli.store.postgres.store import open_postgres

        return open_postgres(self.url, read_only=read_only, channels=self.channels, operations=self.operations)

    @contextmanager
    def locked(
        self, jobs: Sequence[str], now: datetime, *, read_only: bool = False, parts: JobParts | None = None
    ) -> Iterator[PostgresStore]:
        """Open the store, and take the locks on the very connection that writes."""
        store = self.open(read_only=read_only)
        try:
            if jobs:
                from trendspark_cli.store.postgres.job_locks import hold_jobs, hold_parts

                hold_jobs(store.connection, jobs, shared=parts.job_id if parts is not None else "")
                if parts is not None:
                    parts.names = parts.find(store)
                    hold_parts(store.connection, parts)
            yield store
        finally:
            store.close()

    @contextmanager
    def held(self, jobs: Sequence[str], now: datetime) -> Iterator[PostgresEnd]:
        """Connect, and take the locks on that connection."""
        from trendspark_cli.store.postgres.connection import Connection
        from trendspark_cli.store.postgres.copying import PostgresEnd
        from trendspark_cli.store.postgres.job_locks import hold_jobs

        with closing(Connection(self.url)) as connection:
            hold_jobs(connection, jobs)
            yield PostgresEnd(connection)

    def create(self) -> bool:
        """Make our schema in the database, and the folders of this host; the first one exports what is of all."""
        from trendspark_cli.store.host_folders import make_host_folders
        from trendspark_cli.store.postgres.administration import create_database
        from trendspark_cli.store.postgres.connection import Connection
        from trendspark_cli.store.postgres.poolers import refuse_shared_sessions

        with closing(Connection(self.url)) as connection:
            refuse_shared_sessions(connection)
        make_host_folders(self.home)
        is_new = create_database(self.url)
        with closing(Connection(self.url)) as connection:
            first = "INSERT INTO installation (name, value) VALUES ('metrics_host', ?) ON CONFLICT DO NOTHING"
            connection.write(partial(connection.execute, first, (socket.gethostname(),)))
        return is_new

    def upgrade(self, jobs: Sequence[str], now: datetime) -> list[str]:
        """Bring our schema up to this version, while no host runs a job."""
        from trendspark_cli.store.postgres.administration import upgrade_database
        from trendspark_cli.store.postgres.connection import Connection
        from trendspark_cli.store.postgres.job_locks import hold_jobs

        with closing(Connection(self.url)) as connection:
            hold_jobs(connection, jobs)
            return upgrade_database(self.url)

    def backup(self, target: Path) -> int:
        """Have pg_dump write the schema to a file."""
        from trendspark_cli.store.postgres.backup import dump

        return dump(self.url, target)

    def stats(self, now: datetime) -> DatabaseStats:
        """Return what the server's catalog says."""
        from trendspark_cli.store.postgres.statistics import database_stats

        with closing(self.open(read_only=True)) as store:
            return database_stats(store, self.name, now)
