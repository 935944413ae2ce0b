"""What keeps the database sound and quick: dead rows given back to their tables, statistics, old roll-ups dropped."""

from __future__ import annotations

from datetime import timedelta

from trendspark_cli.base.clock import Clock, utc_now
from trendspark_cli.store.postgres.connection import SCHEMA, Connection
from trendspark_cli.store.tables import upkeep

NO_CEILING = 2**62  # its disk is another machine's, which we cannot ask


class Upkeep(upkeep.RollUps):
    """Implements store.protocol.upkeep.Upkeep: VACUUM (ANALYZE) does at once what SQLite does in steps."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection

    def engine(self) -> tuple[str, str]:
        """Return the server with its version, and what an operator should know of that version: nothing."""
        return f"PostgreSQL {self._connection.raw.info.parameter_status('server_version')}", ""

    def first_host(self) -> str | None:
        """Return the host that ran `db init` first, "" when nobody knows."""
        return str(self._db.value("SELECT value FROM installation WHERE name = 'metrics_host'") or "")

    def clock_lead(self, clock: Clock = utc_now) -> timedelta:
        """Return how far *clock* is ahead of the server's, half of the answer's way taken off."""
        asked = clock()
        server = self._db.value("SELECT clock_timestamp()")
        answered = clock()
        lead: timedelta = asked + (answered - asked) / 2 - server
        return lead

    def problems(self, seconds: float | None = None) -> list[str] | None:
        """Return what is wrong with the database: the server looks after its files itself."""
        self._db.value("SELECT 1")
        return []

    def file_bytes(self) -> int:
        """Return the size of the database on the disk of its server."""
        return int(self._db.value("SELECT pg_database_size(current_database())"))

    def disk_free_bytes(self) -> int:
        """Return how much room is left: nobody knows from here."""
        return NO_CEILING

    def gives_back_pages(self) -> bool:
        """Tell whether free pages can be given back little by little: what is free is used again."""
        return False

    def give_back(self) -> int:
        """Give nothing back; return that nothing is left."""
        return 0

    def rebuild(self) -> None:
        """Write every table anew, which holds each of them meanwhile."""
        self._vacuum("FULL, ANALYZE")

    def analyze(self) -> None:
        """Make room of dead rows, and let the query planner learn what the tables hold."""
        self._vacuum("ANALYZE")

    def empty_wal(self, wait_seconds: float) -> bool:
        """Do nothing: the log is the server's."""
        return True

    def _vacuum(self, options: str) -> None:
        self._connection.run_script("SET statement_timeout = 0")
        try:
            for [table] in self._db.made(tuple, self._sql["tables"], (SCHEMA,)):
                self._connection.run_script(f'VACUUM ({options}) {SCHEMA}."{table}"')
        finally:
            self._connection.run_script("SET statement_timeout = '60s'")
