"""A SQLite file as one end of a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trendspark_cli.base.clock import to_text, utc_now
from trendspark_cli.store.copying.ends import NOT_COPIED, Row, Shape, listed, quoted
from trendspark_cli.store.sqlite.connection import Connection
from trendspark_cli.store.sqlite.schema import MIGRATION_SET, UNFINISHED_COPY

_NOTES = "db_copy"  # of a copy that goes on: where from, and the triggers that are put back at its end


class SqliteEnd:
    """Implements store.copying.ends.CopyEnd."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def shapes(self) -> dict[str, Shape]:
        """Return the tables of ours."""
        names = self.connection.made(
            tuple,
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
            "AND name NOT LIKE '\\_sqlite%' ESCAPE '\\' ORDER BY name",
        )
        return {name: self._shape(name) for [name] in names if name != _NOTES and not name.startswith(NOT_COPIED)}

    def _shape(self, table: str) -> Shape:
        about = self.connection.rows("SELECT name, pk FROM pragma_table_info(?) ORDER BY name", (table,))
        key = sorted((row["pk"], row["name"]) for row in about if row["pk"])
        parents = self.connection.made(tuple, 'SELECT DISTINCT "table" FROM pragma_foreign_key_list(?)', (table,))
        return Shape(
            tuple(row["name"] for row in about), tuple(name for _, name in key), frozenset(name for [name] in parents)
        )

    def last_ids(self) -> Mapping[str, int]:
        """Return what AUTOINCREMENT remembers."""
        return dict(self.connection.made(tuple, "SELECT name, seq FROM sqlite_sequence"))

    def begin(self, source: str) -> None:
        """Take the triggers away, and keep them in notes."""
        connection = self.connection
        with connection.transaction():
            connection.execute("CREATE TABLE db_copy (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            connection.execute("INSERT INTO db_copy VALUES ('source', ?)", (source,))
            triggers = connection.made(tuple, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            for name, sql in triggers:
                connection.execute("INSERT INTO db_copy VALUES (?, ?)", (f"trigger {name}", sql))
                connection.execute("DROP TRIGGER " + quoted(name))
            connection.execute(
                "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)",
                (MIGRATION_SET, UNFINISHED_COPY, to_text(utc_now())),
            )

    def source(self) -> str | None:
        """Return where the rows come from."""
        if self.connection.value("SELECT 1 FROM sqlite_master WHERE name = ?", (_NOTES,)) is None:
            return None
        return str(self.connection.value("SELECT value FROM db_copy WHERE name = 'source'"))

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows."""
        sql = "INSERT INTO " + quoted(table) + " (" + listed(columns) + ") VALUES (" + listed(columns, "?") + ")"
        self.connection.executemany(sql, rows)

    def empty(self, tables: Sequence[str]) -> None:
        """Delete all rows."""
        with self.connection.transaction():
            for table in reversed(tables):
                self.connection.execute("DELETE FROM " + quoted(table))

    def finish(self, last_ids: Mapping[str, int]) -> None:
        """Put the triggers back."""
        connection = self.connection
        with connection.transaction():
            for table, last in last_ids.items():
                own = connection.value("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
                if own is not None:
                    sql = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?"
                    connection.execute(sql, (last, table))
                elif connection.value("SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE name = ?", (table,)):
                    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last))
            for [sql] in connection.made(tuple, "SELECT value FROM db_copy WHERE name LIKE 'trigger %'"):
                connection.execute(sql)
            connection.execute("DROP TABLE db_copy")
            connection.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (UNFINISHED_COPY,))
