"""Answer SQL over archive files, without restoring them."""

from __future__ import annotations

import glob
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.extras import missing_extra
from trendspark_cli.store.named_queries import filled, statements
from trendspark_cli.store.rows.archived import ArchiveFile
from trendspark_cli.store.rows.archives import FIRST_DAY, LAST_DAY, KnownTrend, Tombstone
from trendspark_cli.store.rows.column_kinds import ColumnKind

Setting = str | bool | int | float | list[str]
_TYPES: Mapping[ColumnKind, str] = {
    "int": "BIGINT",
    "real": "DOUBLE",
    "text": "VARCHAR",
    "word": "VARCHAR",
    "time": "TIMESTAMP WITH TIME ZONE",
    "texts": "VARCHAR[]",
}
MEMORY = "512MiB"  # DuckDB would take four fifths of the machine's; sorts and joins go on in files
VIEWS = Path(__file__).parent / "queries" / "views.sql"


def require_duckdb() -> None:
    """Raise ConfigError when DuckDB is not installed, before anything is fetched for it."""
    try:
        import duckdb  # noqa: F401
    except ImportError as error:
        raise missing_extra("SQL over the archive", "query") from error


def query_files(
    sql: str,
    files: Mapping[str, Sequence[ArchiveFile]],
    tombstones: Sequence[Tombstone],
    trends: Sequence[KnownTrend],
    folder: Path,
    limit: int,
    others: Mapping[str, Path] = MappingProxyType({}),
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return column names and at most *limit* rows of *sql*, in which each table of *files* can be named.

    Posts of *tombstones* are left out, and what alerts say of them, which *trends* tells, all that there are; what an
    alert says of another trend is left out where anything was forgotten since. *files* are Parquet files by table,
    *others* those of tables that are not archived; times are UTC. Nothing but these files can be read, nothing written;
    what does not fit into memory goes to *folder* meanwhile. Raises UsageError for SQL that cannot be answered,
    ConfigError when DuckDB is not installed.
    """
    require_duckdb()
    import duckdb

    views = statements(VIEWS)
    room = shutil.disk_usage(folder).free // 2 // 2**20
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "memory_limit": MEMORY,
        "temp_directory": str(folder),
        "max_temp_directory_size": f"{room}MiB",  # the database lies on the same disk
    }
    with duckdb.connect(":memory:", config=config) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(views["forgotten"])
        connection.execute(views["known_trends"])
        if tombstones:
            rows = [(*stone[1:5], stone.first_day or FIRST_DAY, stone.last_day or LAST_DAY) for stone in tombstones]
            connection.execute(views["forget"], [list(values) for values in zip(*rows, strict=True)])
        if trends:
            connection.execute(views["know"], [list(values) for values in zip(*trends, strict=True)])
        for table, some in files.items():
            alone, together = _by_overlap(some)
            for part, kept in (("alone", alone), ("together", together)):
                rows = _all_rows(connection, kept) if kept else _all_rows(connection, some[:1]).limit(0)
                rows.create_view(f"{part}_{table}")
            connection.execute(filled(views[table], some[0].form.table.names))
        for table, path in others.items():
            connection.read_parquet(glob.escape(str(path))).create_view(table)
        allowed = [str(file.path) for some in files.values() for file in some] + [str(path) for path in others.values()]
        allowed += [glob.escape(path) for path in allowed]  # DuckDB looks at a pattern and at what it finds
        connection.execute("SET allowed_paths = $paths", {"paths": allowed})
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            answer = connection.execute(sql)
            names = [column[0] for column in answer.description or ()]
            return names, answer.fetchmany(limit)
        except duckdb.OutOfMemoryException as error:
            hint = "ask for fewer columns or days; other tools read these files as they are"
            told = f"the query needs more than {MEMORY} of memory"
            raise UsageError(f"{told}, or than {room} MiB of disk besides", hint=hint) from error
        except duckdb.Error as error:
            raise UsageError(f"the query failed: {' '.join(str(error).split())[:500]}") from error


def _by_overlap(files: Sequence[ArchiveFile]) -> tuple[list[ArchiveFile], list[ArchiveFile]]:
    """Return the files whose rows no other file can have, and those that may share rows, since their times overlap.

    Only of the latter has anything to be sorted out, so the others are read a little at a time, and of what is asked.
    """
    alone: list[ArchiveFile] = []
    together: list[ArchiveFile] = []
    by_source: dict[str | None, list[ArchiveFile]] = {}
    for file in files:
        by_source.setdefault(file.form.source, []).append(file)
    for some in by_source.values():
        group: list[ArchiveFile] = []
        newest = ""
        for file in sorted(some, key=lambda file: file.first):
            if group and file.first > newest:
                (alone if len(group) == 1 else together).extend(group)
                group, newest = [], ""
            group.append(file)
            newest = max(newest, file.last)
        (alone if len(group) == 1 else together).extend(group)
    return alone, together


def _all_rows(connection: Any, files: Sequence[ArchiveFile]) -> Any:
    """Return what is in files of one table, whatever their forms: a relation with all columns of its rows."""
    import duckdb

    alike: dict[tuple[str, str | None], list[ArchiveFile]] = {}
    for file in files:
        alike.setdefault((file.form.version.name, file.form.source), []).append(file)
    found = None
    for some in alike.values():
        form = some[0].form
        columns = [
            duckdb.ConstantExpression(form.besides[column.name]).cast(_TYPES[column.kind]).alias(column.name)
            if column.name in form.besides
            else duckdb.ColumnExpression(column.name)
            for column in form.table.columns
        ]
        paths = [glob.escape(str(file.path)) for file in some]  # signs of a folder's name are no pattern
        rows = connection.read_parquet(paths, hive_partitioning=False).select(*columns)
        found = rows if found is None else found.union(rows)
    return found
