"""Upkeep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from trendspark_cli.base.clock import Clock, utc_now


class Upkeep(Protocol):
    """Work on the database as a whole, not inside a transaction of the caller. What takes long ends on a signal."""

    def engine(self) -> tuple[str, str]:
        """Return the library with its version, and what an operator should know of that version, or nothing."""

    def first_host(self) -> str | None:
        """Return the host that made the database, "" when that is not known; None when no other can have it."""

    def clock_lead(self, clock: Clock = utc_now) -> timedelta:
        """Return how far *clock* is ahead of the database's; nothing when that has none of its own."""

    def problems(self, seconds: float | None = None) -> list[str] | None:
        """Return what a quick check finds wrong, a few lines at most; empty when the database is sound."""

    def file_bytes(self) -> int:
        """Return the size of the database on the disk, its log included."""

    def disk_free_bytes(self) -> int:
        """Return how much room the disk of the database has left for us."""

    def gives_back_pages(self) -> bool:
        """Tell whether free pages can be given back little by little."""

    def give_back(self) -> int:
        """Give up to 1,000 free pages back to the disk; return how many are left."""

    def rebuild(self) -> None:
        """Write the whole file anew, which holds the write lock all the while."""

    def analyze(self) -> None:
        """Let the query planner learn what the tables hold."""

    def empty_wal(self, wait_seconds: float) -> bool:
        """Fold the log into the file and empty it; False when a reader stayed open for so long."""

    def drop_old(self, before: Mapping[str, datetime]) -> dict[str, int]:
        """Delete rows of api_calls, notices, gaps and trends older than a time each; return how many of which."""
