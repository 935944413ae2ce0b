"""How fast a database grows."""

from __future__ import annotations

from datetime import datetime, timedelta

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.store.tables.connection import Connection

GROWTH_WINDOW = timedelta(days=7)


def growth_per_day(connection: Connection, bytes_per_post: float, now: datetime) -> int | None:
    """Return the bytes a day of new posts takes, with all that comes with them; None before there was a whole day."""
    since = now - GROWTH_WINDOW
    sql = "SELECT min(created_at) AS first, sum(new) AS new FROM ingest_audit WHERE created_at >= ?"
    found = connection.rows(sql, (to_text(since),))[0]
    if found["first"] is None or (span := now - from_text(found["first"])) < timedelta(days=1):
        return None
    return round(int(found["new"]) * bytes_per_post / (span / timedelta(days=1)))
