"""Choose the store by the scheme of DATABASE_URL."""

from __future__ import annotations

from pathlib import Path

from trendspark_cli.base.database_urls import is_postgres
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.channels import operations_queued_for, queued_for
from trendspark_cli.store.protocol import Store


def database_path(settings: Settings) -> Path:
    """Return the SQLite file DATABASE_URL names; a relative one lies in TRENDSPARK_HOME, whatever cron's folder is."""
    scheme, _, rest = settings.database_url.partition("://")
    if scheme != "sqlite":
        raise ConfigError(
            f"DATABASE_URL starts with {scheme}://, which this version cannot store in",
            hint="use sqlite:///PATH",
        )
    return settings.trendspark_home / rest.removeprefix("/")


def data_folder(settings: Settings) -> Path:
    """Return the folder that database, locks and spool lie in."""
    try:
        return database_path(settings).parent
    except ConfigError:
        return settings.trendspark_home


def require_database(path: Path) -> None:
    """Raise ConfigError when the database is not there."""
    from trendspark_cli.store.sqlite.connection import require_database as require

    require(path)


def open_store(settings: Settings, *, read_only: bool = False) -> Store:
    """Return the store of these settings; it must exist and have this version's schema."""
    channels, operations = queued_for(settings), operations_queued_for(settings)
    if is_postgres(url := settings.database_url):
        from trendspark_cli.store.postgres.store import open_postgres

        return open_postgres(url, read_only=read_only, channels=channels, operations=operations)
    from trendspark_cli.store.sqlite.store import open_sqlite

    return open_sqlite(database_path(settings), read_only=read_only, channels=channels, operations=operations)
