"""The same work leaves the same rows in every store."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from trendspark_cli.base.console import Output
from trendspark_cli.demo import run as demo
from trendspark_cli.demo.moments import moments_of
from trendspark_cli.store.tables.store import TableStore

Rows = list[tuple[Any, ...]]

DIFFER = {("job_runs", "duration"), ("job_runs", "pid"), ("run_processes", "process")}
DURATIONS = "trendspark_job_duration_seconds"
TABLES = """
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\'
    AND name NOT LIKE 'post_search%' ORDER BY name
"""


@pytest.mark.postgres
def test_the_demo_lived_through_in_every_store_leaves_the_same_rows_and_trends(
    tmp_path: Path, postgres_url: str
) -> None:
    here, there = lived(tmp_path / "sqlite", {}), lived(tmp_path / "postgres", {"DATABASE_URL": postgres_url})
    with closing(here), closing(there):
        tables = {row["name"]: columns_of(here, row["name"]) for row in here.connection.rows(TABLES)}

        assert [name for name in tables if contents(here, name, tables) != contents(there, name, tables)] == []
        assert here.trends.listing(20) == there.trends.listing(20) != []


def lived(folder: Path, settings: Mapping[str, str]) -> TableStore:
    """Read and rank the sample as cron would have; return the store."""
    installation = demo.install(folder, Output(is_quiet=True), clock=demo.sample_end, settings=settings)
    for moment, posts in moments_of(demo.SAMPLE, demo.sample_end()):
        assert demo._run_at(replace(installation, clock=partial(demo._same, moment)), posts, []) == 0
    store = installation.database.open()
    assert isinstance(store, TableStore)
    return store


def columns_of(store: TableStore, table: str) -> list[str]:
    """Return the columns of a table that tell of what was done, not of how long that took."""
    names = [row["name"] for row in store.connection.rows(f'PRAGMA table_info("{table}")')]
    return [name for name in names if (table, name) not in DIFFER]


def contents(store: TableStore, table: str, tables: Mapping[str, list[str]]) -> Rows:
    """Return the rows of a table in order."""
    names = ", ".join(f'"{name}"' for name in tables[table])
    order = ", ".join(str(place) for place, _ in enumerate(tables[table], 1))
    rows = store.connection.made(tuple, f"SELECT {names} FROM {table} ORDER BY {order}")
    return [row for row in rows if not str(row[0]).startswith(DURATIONS)]
