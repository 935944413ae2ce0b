"""A database of PostgreSQL as one end of a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg.types.string import StrDumperUnknown

from trendspark_cli.store.copying.ends import NOT_COPIED, Row, Shape, listed, quoted
from trendspark_cli.store.postgres.connection import SCHEMA, Connection
from trendspark_cli.store.postgres.schema import UNFINISHED_COPY

_OWN = ("migrations", "installation")  # of this store alone
_NOTE = "copied_from"


class PostgresEnd:
    """Implements store.copying.ends.CopyEnd."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._sql = connection.queries("copying")

    def shapes(self) -> dict[str, Shape]:
        """Return the tables of ours."""
        found = self.connection.rows(self._sql["shapes"], {"schema": SCHEMA})
        return {
            row["name"]: Shape(tuple(row["columns"]), tuple(row["key"]), frozenset(row["parents"]))
            for row in found
            if row["name"] not in _OWN and not row["name"].startswith(NOT_COPIED)
        }

    def last_ids(self) -> Mapping[str, int]:
        """Return what the sequences of identities have given."""
        last = {}
        for [table, sequence] in self.connection.made(tuple, self._sql["sequences"], {"schema": SCHEMA}):
            given = self.connection.value("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM " + sequence)
            last[table] = int(given)
        return last

    def begin(self, source: str) -> None:
        """Switch the triggers off."""

        def mark() -> None:
            self._switch("DISABLE")
            self.connection.execute("INSERT INTO installation VALUES (?, ?)", (_NOTE, source))
            self.connection.execute("INSERT INTO migrations (name) VALUES (?)", (UNFINISHED_COPY,))

        self.connection.write(mark)

    def source(self) -> str | None:
        """Return where the rows come from."""
        found = self.connection.value("SELECT value FROM installation WHERE name = ?", (_NOTE,))
        return None if found is None else str(found)

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Stream rows in by COPY."""
        with self.connection.errors(), self.connection.raw.cursor() as cursor:
            cursor.adapters.register_dumper(str, StrDumperUnknown)  # texts as they are, JSON in them, too
            with cursor.copy("COPY " + quoted(table) + " (" + listed(columns) + ") FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def empty(self, tables: Sequence[str]) -> None:
        """Delete all rows."""
        self.connection.write(lambda: self.connection.execute("TRUNCATE " + listed(tables) + " CASCADE"))

    def finish(self, last_ids: Mapping[str, int]) -> None:
        """Switch the triggers on, and let identities begin after the last id."""
        connection = self.connection
        sequences = connection.made(tuple, self._sql["sequences"], {"schema": SCHEMA})
        own = self.last_ids()

        def unmark() -> None:
            for [table, sequence] in sequences:
                stored = int(connection.value("SELECT coalesce(max(id), 0) FROM " + quoted(table)))
                if last := max(last_ids.get(table, 0), own[table], stored):
                    connection.execute("SELECT setval(CAST(? AS regclass), ?)", (sequence, last))
            self._switch("ENABLE")
            connection.execute("DELETE FROM installation WHERE name = ?", (_NOTE,))
            connection.execute("DELETE FROM migrations WHERE name = ?", (UNFINISHED_COPY,))

        connection.write(unmark)
        for table in self.shapes():
            connection.run_script("ANALYZE " + quoted(table))

    def _switch(self, how: str) -> None:
        for table in self.shapes():
            self.connection.execute("ALTER TABLE " + quoted(table) + f" {how} TRIGGER USER")
