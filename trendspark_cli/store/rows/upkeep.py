"""What is known of the database as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class DatabaseStats(NamedTuple):
    """Rows per table and bytes of the database. What is not known yet, or never of a server, is None.

    `search_index_bytes`: those of `bytes` that the index of `posts search` takes. `rows_about`: the tables in `rows` of
    which nobody counted all rows.
    """

    path: str
    bytes: int
    free_bytes: int
    growth_bytes_per_day: int | None
    disk_free_bytes: int | None
    days_until_disk_full: int | None
    wal_bytes: int | None
    search_index_bytes: int
    schema: str
    sqlite_version: str | None
    engine: str
    rows: Mapping[str, int]
    rows_about: Sequence[str] = ()
