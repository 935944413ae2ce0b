"""What `db init` and `db upgrade` do to a database; the database itself is made by whoever runs the server."""

from __future__ import annotations

from contextlib import closing

from trendspark_cli.store.postgres.connection import Connection
from trendspark_cli.store.postgres.schema import applied_migrations, check_schema, upgrade


def create_database(url: str) -> bool:
    """Make the schema in an existing database; return False when a good one was there already."""
    with closing(Connection(url)) as connection:
        return bool(upgrade(connection))


def upgrade_database(url: str) -> list[str]:
    """Bring the schema up to this version; return the names of the steps taken."""
    with closing(Connection(url)) as connection:
        if not applied_migrations(connection):
            check_schema(connection)
        return upgrade(connection)
