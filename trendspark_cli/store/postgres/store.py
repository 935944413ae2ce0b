"""The PostgreSQL store: the tables over one connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trendspark_cli.store.postgres.connection import SCHEMA, Connection
from trendspark_cli.store.postgres.job_records import MetricTotals
from trendspark_cli.store.postgres.schema import check_schema
from trendspark_cli.store.tables.store import FIRST_CHANNEL, TableStore

if TYPE_CHECKING:
    from trendspark_cli.store.postgres.archives import Archives
    from trendspark_cli.store.postgres.post_search import PostSearch
    from trendspark_cli.store.postgres.upkeep import Upkeep


class PostgresStore(TableStore):
    """Implements store.protocol.Store."""

    connection: Connection

    def __init__(
        self, connection: Connection, channels: Sequence[str] = FIRST_CHANNEL, operations: Sequence[str] = ()
    ) -> None:
        super().__init__(connection, channels, operations)
        self.totals = MetricTotals(connection)

    @property
    def archives(self) -> Archives:
        """Return the archive's ledger; loaded when asked."""
        from trendspark_cli.store.postgres.archives import Archives

        return Archives(self.connection, self.search)

    @property
    def search(self) -> PostSearch:
        """Return what finds posts by their words; loaded when asked."""
        from trendspark_cli.store.postgres.post_search import PostSearch

        return PostSearch(self.connection)

    @property
    def upkeep(self) -> Upkeep:
        """Return the upkeep of the database; loaded when asked."""
        from trendspark_cli.store.postgres.upkeep import Upkeep

        return Upkeep(self.connection)

    def size_bytes(self) -> int:
        """Return the size of the database in bytes."""
        return int(self.connection.value("SELECT pg_database_size(current_database())"))

    def free_bytes(self) -> int:
        """Return how many of those bytes are free: what dead rows of our tables take, about."""
        return int(self.connection.value(self.connection.queries("upkeep")["free_bytes"], (SCHEMA,)))


def open_postgres(
    url: str,
    *,
    read_only: bool = False,
    channels: Sequence[str] = FIRST_CHANNEL,
    operations: Sequence[str] = (),
) -> PostgresStore:
    """Return the store in an existing database of this version's schema.

    *channels* are those that alerts are queued for, *operations* those of jobs, services and money: all without any.
    Raises ConfigError (no such database or user, older, newer), StoreBusyError (cannot be reached now).
    """
    connection = Connection(url, read_only=read_only)
    try:
        check_schema(connection)
    except BaseException:
        connection.close()
        raise
    return PostgresStore(connection, channels, operations)
