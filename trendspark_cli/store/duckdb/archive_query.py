"""Answer SQL over archive files, without restoring them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trendspark_cli.base.errors import ConfigError, UsageError
from trendspark_cli.store.named_queries import filled, statements
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.rows.archives import Tombstone

Setting = str | bool | int | float | list[str]
VIEWS = Path(__file__).parent / "queries" / "views.sql"


def query_files(
    sql: str, files: Mapping[str, Sequence[Path]], tombstones: Sequence[Tombstone], folder: Path, limit: int
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return column names and at most *limit* rows of *sql*, in which each table of *files* can be named.

    *files* are Parquet files by table; times are UTC. Nothing but these files can be read, nothing written; what does
    not fit into memory goes to *folder* meanwhile. Raises UsageError for SQL that cannot be answered, ConfigError when
    DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as error:
        raise ConfigError("DuckDB is not installed", hint="pip install duckdb") from error
    views = statements(VIEWS)
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "temp_directory": str(folder),
    }
    with duckdb.connect(":memory:", config=config) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(views["forgotten"])
        if tombstones:
            rows = [[tombstone.source, tombstone.source_id, tombstone.author] for tombstone in tombstones]
            connection.executemany(views["forget"], rows)
        for table, paths in files.items():
            connection.read_parquet([str(path) for path in paths], union_by_name=True).create_view(f"parts_{table}")
            connection.execute(filled(views[table], TABLES[table].names))
        allowed = [str(path) for paths in files.values() for path in paths]
        connection.execute("SET allowed_paths = $paths", {"paths": allowed})
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            answer = connection.execute(sql)
            names = [column[0] for column in answer.description or ()]
            return names, answer.fetchmany(limit)
        except duckdb.Error as error:
            raise UsageError(f"the query failed: {' '.join(str(error).split())[:500]}") from error
