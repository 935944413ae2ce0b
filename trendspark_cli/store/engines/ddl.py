"""Statements that make an archive's tables known to an engine: days pruned, each row once, nothing forgotten."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from trendspark_cli.store.named_queries import statements
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.rows.archives import LAST_DAY, Tombstone
from trendspark_cli.store.rows.column_kinds import ColumnKind

FILE = Path(__file__).parent / "queries" / "ddl.sql"
_SQL: Mapping[ColumnKind, str] = {
    "int": "BIGINT",
    "real": "DOUBLE",
    "text": "VARCHAR",
    "word": "VARCHAR",
    "time": "TIMESTAMP",
    "texts": "ARRAY(VARCHAR)",
}
_HIVE: Mapping[ColumnKind, str] = {**_SQL, "text": "STRING", "word": "STRING", "texts": "ARRAY<STRING>"}
TYPES: Mapping[str, Mapping[ColumnKind, str]] = {"duckdb": _SQL, "spark": _HIVE, "trino": _SQL, "athena": _HIVE}
DIALECTS = tuple(TYPES)
NOTHING_HIDDEN = {"joined": "", "shown": ""}
_ROW: Mapping[str, tuple[str, str]] = {  # what one row is called within its day, and which of its versions is the last
    "posts": ("source, source_id", "observed_at DESC, edits DESC"),
    "ingest_audit": ("id", "id"),
    "notifications": ("id", "attempts DESC"),
    "job_runs": ("id", "finished_at DESC"),
}
_QUOTING = {"notifications": ("title", "body")}  # which of them quote forgotten posts, only the database knows


class Kept(NamedTuple):
    """What an archive has of one table: the first of its days (YYYY-MM-DD), and its sources."""

    first_day: str
    sources: tuple[str, ...] = ()


def ddl(dialect: str, url: str, tables: Mapping[str, Kept], tombstones: Sequence[Tombstone]) -> str:
    """Return the statements for tables of the archive at *url*, in files of the present form.

    `TABLE_files` has all rows of the files, `TABLE` each row once, no forgotten post and no text of an alert.
    """
    sql = statements(FILE)
    found = []
    if "posts" in tables:
        found.append(sql["forgotten"].format(tombstones=_stones(tombstones, dialect)))
    for name, kept in tables.items():
        values = _values(dialect, name, url, kept)
        found.append(sql[dialect].format(**values))
        joined, shown = ("\n" + _body(sql[part]).rstrip() for part in ("silent_authors", "not_forgotten"))
        hides = {"joined": joined, "shown": shown} if name == "posts" else NOTHING_HIDDEN
        found.append(sql["last_versions"].format(**values, **hides))
    return "\n".join(found)


def _values(dialect: str, name: str, url: str, kept: Kept) -> dict[str, str]:
    """Return what stands in the places of a statement."""
    table, types = TABLES[name], TYPES[dialect]
    form = table.form(kept.sources[0] if kept.sources else None)
    partitions = [("source", types["word"]), ("dt", "DATE")] if kept.sources else [("dt", "DATE")]
    shown = [column for column in form.names if column not in _QUOTING.get(name, ())]
    names = [*shown, *(partition for partition, _ in partitions)]
    row, newest = _ROW[name]
    location = f"{url.rstrip('/')}/{form.root}"
    if dialect == "duckdb":
        if location.startswith("file:"):
            location = unquote(urlsplit(location).path)
        location = glob.escape(location)  # signs of a name are no pattern
    return {
        "table": name,
        "location": _escaped(location, dialect),
        "wildcard": "".join(f"{partition}=*/" for partition, _ in partitions) + "*.parquet",
        "columns": ",\n    ".join(f"{column.name} {types[column.kind]}" for column in form.columns),
        "partition_columns": _partition_columns(dialect, partitions, kept),
        "partitions": ", ".join(partition for partition, _ in partitions),
        "quoted_partitions": ", ".join(f"'{partition}'" for partition, _ in partitions),
        "projection": ",\n    ".join(f"'{key}' = '{value}'" for key, value in _projection(location, kept).items()),
        "names": ", ".join(names),
        "row": f"dt, {row}",
        "newest": newest,
    }


def _partition_columns(dialect: str, partitions: Sequence[tuple[str, str]], kept: Kept) -> str:
    if dialect != "trino":
        return ", ".join(f"{name} {kind}" for name, kind in partitions)
    sources = ", ".join(f"'{source}'" for source in kept.sources)
    how = {
        "source": f"partition_projection_type = 'ENUM', partition_projection_values = ARRAY[{sources}]",
        "dt": "partition_projection_type = 'DATE', partition_projection_format = 'yyyy-MM-dd', "
        f"partition_projection_range = ARRAY['{kept.first_day}', 'NOW']",
    }
    return ",\n    ".join(f"{name} {kind} WITH ({how[name]})" for name, kind in partitions)


def _projection(location: str, kept: Kept) -> dict[str, str]:
    """Return the properties by which Athena knows which days and sources there may be."""
    own = {"projection.source.type": "enum", "projection.source.values": ",".join(kept.sources)}
    folder = "source=${source}/" if kept.sources else ""
    return {
        "projection.enabled": "true",
        **(own if kept.sources else {}),
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": f"{kept.first_day},NOW",
        "storage.location.template": f"{location}{folder}dt=${{dt}}/",
    }


def _stones(tombstones: Sequence[Tombstone], dialect: str) -> str:
    """Return tombstones as rows; the first is none, so that there is always one."""
    nothing = f"CAST(NULL AS {TYPES[dialect]['text']})"
    rows: list[tuple[str, ...]] = [(nothing,) * 4]
    for one in tombstones:
        values = (one.source, one.source_id, one.author, one.last_day or LAST_DAY)
        rows.append(tuple(_literal(value, dialect) for value in values))
    return ",\n    ".join(f"({', '.join(row)})" for row in rows)


def _literal(value: str | None, dialect: str) -> str:
    return "NULL" if value is None else f"'{_escaped(value, dialect)}'"


def _escaped(value: str, dialect: str) -> str:
    """Return a text as it stands between quotes; Spark alone takes a backslash for more than itself."""
    if dialect == "spark":
        return value.replace("\\", "\\\\").replace("'", "\\'")
    return value.replace("'", "''")


def _body(statement: str) -> str:
    """Return a statement without the line that says what it is for."""
    return statement.partition("\n")[2].strip("\n")
