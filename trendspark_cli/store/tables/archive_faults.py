"""What was found missing or unreadable in archives; every run counts it, most never open an archive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.tables.connection import Connection

UNREADABLE = "unreadable archive object "  # begins a key of notices


class ArchiveFaults:
    """Implements store.protocol.archives.ArchiveFaults."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def note_missing(self, manifest_id: str, since: str | None) -> None:
        """Remember since when an object is wrong, or that it is right again."""
        self._db.execute("UPDATE archive_manifests SET missing_since = ? WHERE id = ?", (since, manifest_id))

    def count_missing(self) -> int:
        """Return how many objects were found missing or changed."""
        sql = "SELECT count(*) FROM archive_manifests WHERE missing_since IS NOT NULL AND written_off_at IS NULL"
        return int(self._db.value(sql))

    def note_unreadable(self, url: str, keys: Sequence[str], now: datetime) -> None:
        """Remember which objects of an archive cannot be read; what was remembered of that archive is replaced."""
        prefix = f"{UNREADABLE}{url} "
        self._db.execute("DELETE FROM notices WHERE substr(key, 1, ?) = ?", (len(prefix), prefix))
        rows = [(f"{prefix}{key}", to_text(now)) for key in keys]
        self._db.executemany("INSERT INTO notices (key, noted_at) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)

    def count_unreadable(self) -> int:
        """Return how many objects are remembered as unreadable, of all archives."""
        sql = "SELECT count(*) FROM notices WHERE substr(key, 1, ?) = ?"
        return int(self._db.value(sql, (len(UNREADABLE), UNREADABLE)))
