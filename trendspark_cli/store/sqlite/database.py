"""A SQLite file as the place of an installation's rows: its locks are kernel locks beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trendspark_cli.base.durable_files import make_folder
from trendspark_cli.base.locks import job_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.store.database import JobParts
    from trendspark_cli.store.rows.upkeep import DatabaseStats
    from trendspark_cli.store.sqlite.copying import SqliteEnd
    from trendspark_cli.store.sqlite.store import SqliteStore


@dataclass(frozen=True)
class SqliteDatabase:
    """Implements store.database.Database. Alerts are queued for `channels`, those of operations for `operations`."""

    path: Path
    channels: Sequence[str]
    operations: Sequence[str]

    @property
    def name(self) -> str:
        """Return the path."""
        return str(self.path)

    @property
    def folder(self) -> Path:
        """Return the folder of the file."""
        return self.path.parent

    @property
    def files(self) -> Sequence[Path]:
        """Return the file, its WAL and the WAL's index."""
        return [self.path, *(self.path.with_name(self.path.name + ending) for ending in ("-wal", "-shm"))]

    @property
    def owned(self) -> Path:
        """Return the file."""
        return self.path

    def is_there(self) -> bool:
        """Tell whether there is a file."""
        return self.path.exists()

    def require(self) -> None:
        """Raise ConfigError when there is no file."""
        from trendspark_cli.store.sqlite.connection import require_database

        require_database(self.path)

    def open(self, *, read_only: bool = False) -> SqliteStore:
        """Return the store."""
        from trendspark_cli.store.sqlite.store import open_sqlite

        return open_sqlite(self.path, read_only=read_only, channels=self.channels, operations=self.operations)

    @contextmanager
    def locked(
        self, jobs: Sequence[str], now: datetime, *, read_only: bool = False, parts: JobParts | None = None
    ) -> Iterator[SqliteStore]:
        """Hold a lock file for each job, then open the store."""
        with ExitStack() as held:
            locks = self.folder / "locks"
            for job_id in jobs:
                is_shared = parts is not None and parts.job_id == job_id
                held.enter_context(job_lock(locks, job_id, now, is_shared=is_shared))
            store = self.open(read_only=read_only)
            held.callback(store.close)
            if parts is not None:
                parts.names = parts.find(store)
                for part in parts.names:
                    lock = job_lock(locks, parts.job_id, now, part=part, is_shared=parts.are_shared)
                    held.enter_context(lock)
            yield store

    @contextmanager
    def held(self, jobs: Sequence[str], now: datetime) -> Iterator[SqliteEnd]:
        """Hold a lock file for each job, and connect."""
        from trendspark_cli.store.sqlite.connection import Connection
        from trendspark_cli.store.sqlite.copying import SqliteEnd

        with ExitStack() as held:
            for job_id in jobs:
                held.enter_context(job_lock(self.folder / "locks", job_id, now))
            connection = Connection(self.path)
            held.callback(connection.close)
            yield SqliteEnd(connection)

    def create(self) -> bool:
        """Make the file, its folders and its schema."""
        from trendspark_cli.store.sqlite.administration import create_database

        return create_database(self.path)

    def upgrade(self, jobs: Sequence[str], now: datetime) -> list[str]:
        """Bring the schema of the file up to this version."""
        from trendspark_cli.store.sqlite.administration import upgrade_database

        with ExitStack() as held:
            if self.path.exists():
                make_folder(self.folder / "locks", 0o700)
                for job_id in jobs:
                    held.enter_context(job_lock(self.folder / "locks", job_id, now))
            return upgrade_database(self.path)

    def backup(self, target: Path) -> int:
        """Copy the file by SQLite's own means."""
        from trendspark_cli.store.sqlite.administration import backup_database

        return backup_database(self.path, target)

    def stats(self, now: datetime) -> DatabaseStats:
        """Return what the file holds and how it grows."""
        from trendspark_cli.store.sqlite.administration import database_stats
        from trendspark_cli.store.sqlite.connection import open_checked

        connection = open_checked(self.path, read_only=True)
        try:
            return database_stats(connection, now)
        finally:
            connection.close()
