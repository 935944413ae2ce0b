"""What `db stats` tells of a database: the server's catalog knows it without reading a row."""

from __future__ import annotations

from datetime import datetime

from trendspark_cli.store.postgres.connection import SCHEMA
from trendspark_cli.store.postgres.schema import applied_migrations
from trendspark_cli.store.postgres.store import PostgresStore
from trendspark_cli.store.rows.upkeep import DatabaseStats
from trendspark_cli.store.tables.growth import growth_per_day


def database_stats(store: PostgresStore, name: str, now: datetime) -> DatabaseStats:
    """Return rows per table, about, and the size; of the server's disk nobody is told."""
    connection, sql = store.connection, store.connection.queries("upkeep")
    rows = {row["table_name"]: int(row["about"]) for row in connection.rows(sql["rows_about"], (SCHEMA,))}
    size, free = store.size_bytes(), store.free_bytes()
    engine, _ = store.upkeep.engine()
    return DatabaseStats(
        path=name,
        bytes=size,
        free_bytes=free,
        growth_bytes_per_day=growth_per_day(connection, (size - free) / max(1, rows["posts"]), now),
        disk_free_bytes=None,
        days_until_disk_full=None,
        wal_bytes=None,
        search_index_bytes=store.search.size_bytes(),
        schema=applied_migrations(connection)[-1],
        sqlite_version=None,
        engine=engine,
        rows=rows,
        rows_about=sorted(rows),
    )
