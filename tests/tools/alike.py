"""Whether two stores hold the same: every row of every table, but for how long things took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trendspark_cli.store.tables.store import TableStore

Rows = list[tuple[Any, ...]]

DIFFER = {("job_runs", "duration"), ("job_runs", "pid"), ("run_processes", "process")}
DURATIONS = "trendspark_job_duration_seconds"
TABLES = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\'
    AND name NOT LIKE 'post_search%' ORDER BY name
"""


def different_tables(sqlite: TableStore, other: TableStore, *, with_ids: bool = True) -> list[str]:
    """Return the tables that differ between a store in SQLite and another one, with the ids of rows or without."""
    tables = {row["name"]: _columns_of(sqlite, row["name"], with_ids) for row in sqlite.connection.rows(TABLES)}
    return [name for name in tables if _contents(sqlite, name, tables) != _contents(other, name, tables)]


def _columns_of(store: TableStore, table: str, with_ids: bool) -> list[str]:
    """Return the columns of a table that tell of what was done, not of how long that took."""
    names = [row["name"] for row in store.connection.rows(f'PRAGMA table_info("{table}")')]
    return [name for name in names if (table, name) not in DIFFER and (with_ids or name != "id")]


def _contents(store: TableStore, table: str, tables: Mapping[str, list[str]]) -> Rows:
    """Return the rows of a table in order."""
    names = ", ".join(f'"{name}"' for name in tables[table])
    order = ", ".join(str(place) for place, _ in enumerate(tables[table], 1))
    rows = store.connection.made(tuple, f"SELECT {names} FROM {table} ORDER BY {order}")
    return [row for row in rows if not str(row[0]).startswith(DURATIONS)]
