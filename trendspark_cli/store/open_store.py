"""Choose the store by the scheme of DATABASE_URL."""

from __future__ import annotations

from pathlib import Path

from trendspark_cli.base.database_urls import is_postgres
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.channels import operations_queued_for, queued_for
from trendspark_cli.store.database import Database
from trendspark_cli.store.protocol import Store


def database_of(settings: Settings) -> Database:
    """Return the place of these settings' rows."""
    channels, operations = queued_for(settings), operations_queued_for(settings)
    return database_at(settings.database_url, settings.trendspark_home, channels, operations)


def database_at(url: str, home: Path, channels: tuple[str, ...] = (), operations: tuple[str, ...] = ()) -> Database:
    """Return the database of an address; a relative file lies in *home*, whatever cron's folder is."""
    if is_postgres(url):
        from trendspark_cli.store.postgres.database import PostgresDatabase

        return PostgresDatabase(url, home, channels, operations)
    from trendspark_cli.store.sqlite.database import SqliteDatabase

    return SqliteDatabase(home / url.removeprefix("sqlite:///"), channels, operations)


def open_store(settings: Settings, *, read_only: bool = False) -> Store:
    """Return the store of these settings; it must exist and have this version's schema."""
    return database_of(settings).open(read_only=read_only)
