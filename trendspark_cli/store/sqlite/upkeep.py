"""What keeps the file sound and small: checks, free pages given back, old roll-ups dropped."""

from __future__ import annotations

import shutil
import sqlite3
import time
from datetime import timedelta
from typing import Any

from trendspark_cli.base.clock import Clock, utc_now
from trendspark_cli.base.threads import start_thread
from trendspark_cli.store.sqlite.connection import Connection
from trendspark_cli.store.tables.upkeep import RollUps

MOST_PROBLEMS = 3  # of a damaged file: enough to see what it is
INCREMENTAL = 2  # PRAGMA auto_vacuum
_WAL_BUG = (
    "before 3.51.3 a WAL can be damaged by two checkpoints at once: our lock forbids that, so let nobody else write"
)


class Upkeep(RollUps):
    """Work on the file as a whole. What takes long can be ended by a signal."""

    _db: Connection

    def engine(self) -> tuple[str, str]:
        """Return the library with its version, and what an operator should know of that version, or nothing."""
        version = sqlite3.sqlite_version_info
        is_mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
        return f"SQLite {sqlite3.sqlite_version}", "" if is_mended else _WAL_BUG

    def first_host(self) -> str | None:
        """Return that there is no other."""
        return None

    def clock_lead(self, clock: Clock = utc_now) -> timedelta:
        """Return nothing: it is the same clock."""
        return timedelta()

    def problems(self, seconds: float | None = None) -> list[str] | None:
        """Return what a quick check finds wrong with the file, at most a few lines; empty when it is sound.

        None when *seconds* were not enough to read all of it.
        """
        rows = self._interruptibly("PRAGMA quick_check(3)", seconds)
        if rows is None:
            return None
        found = [str(row[0]) for row in rows]
        return [] if found == ["ok"] else found[:MOST_PROBLEMS]

    def file_bytes(self) -> int:
        """Return the size of the database on the disk, its WAL included."""
        paths = (self._db.path, self._db.path.with_name(self._db.path.name + "-wal"))
        return sum(path.stat().st_size for path in paths if path.exists())

    def disk_free_bytes(self) -> int:
        """Return how much room the disk of the database has left for us."""
        return shutil.disk_usage(self._db.path.parent).free

    def gives_back_pages(self) -> bool:
        """Tell whether free pages can be given back little by little; a file made by other tools may not."""
        return bool(self._db.value("PRAGMA auto_vacuum") == INCREMENTAL)

    def give_back(self) -> int:
        """Give up to 1,000 free pages back to the disk, in one short transaction; return how many are left."""
        with self._db.transaction(), self._db.errors():
            self._db.raw.execute("PRAGMA incremental_vacuum(1000)").fetchall()
        return int(self._db.value("PRAGMA freelist_count"))

    def rebuild(self) -> None:
        """Write the whole file anew, which holds the write lock all the while; temporary files stay on its disk."""
        folder = self._db.value("SELECT quote(?)", (str(self._db.path.parent),))
        self._db.execute("PRAGMA temp_store_directory = " + folder)  # a pragma's value cannot be bound
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        with self._db.writing():
            self._interruptibly("VACUUM")

    def analyze(self) -> None:
        """Let the query planner learn what the tables hold, from at most 1,000 rows of each index."""
        self._db.execute("PRAGMA analysis_limit = 1000")
        with self._db.transaction():
            self._db.execute("ANALYZE")

    def empty_wal(self, wait_seconds: float) -> bool:
        """Fold the WAL into the file and empty it; False when a reader stayed open for so long."""
        return self._db.checkpoint(wait_seconds)

    def _interruptibly(self, sql: str, seconds: float | None = None) -> list[Any] | None:
        """Run one long statement so that a signal can end it: Python hears of none inside a call of SQLite.

        Return None when *seconds* were not enough; it is ended then.
        """
        until = time.monotonic() + seconds if seconds is not None else float("inf")
        rows: list[Any] = []
        failure: list[sqlite3.Error | MemoryError] = []

        def work() -> None:
            try:
                rows.extend(self._db.raw.execute(sql).fetchall())
            except (sqlite3.Error, MemoryError) as error:  # an interrupt may look like either
                failure.append(error)

        thread = start_thread(work, "sqlite")
        try:
            while thread.is_alive():
                thread.join(max(0.001, min(0.1, until - time.monotonic())))
                if time.monotonic() > until and thread.is_alive():
                    self._db.raw.interrupt()
                    thread.join()
                    return None
        except BaseException:
            self._db.raw.interrupt()
            thread.join()
            raise
        with self._db.errors():
            if failure:
                raise failure[0]
        return rows if time.monotonic() <= until else None
