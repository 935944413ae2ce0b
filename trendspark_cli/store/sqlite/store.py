"""The SQLite store: the tables over one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trendspark_cli.store.sqlite.connection import Connection, open_checked
from trendspark_cli.store.tables.store import FIRST_CHANNEL, TableStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.store.sqlite.archives import Archives
    from trendspark_cli.store.sqlite.post_search import PostSearch
    from trendspark_cli.store.sqlite.upkeep import Upkeep


class SqliteStore(TableStore):
    """Implements store.protocol.Store."""

    connection: Connection

    @property
    def archives(self) -> Archives:
        """Return the archive's ledger; loaded when asked."""
        from trendspark_cli.store.sqlite.archives import Archives

        return Archives(self.connection, self.search)

    @property
    def search(self) -> PostSearch:
        """Return what finds posts by their words; loaded when asked."""
        from trendspark_cli.store.sqlite.post_search import PostSearch

        return PostSearch(self.connection)

    @property
    def upkeep(self) -> Upkeep:
        """Return the upkeep of the file; loaded when asked."""
        from trendspark_cli.store.sqlite.upkeep import Upkeep

        return Upkeep(self.connection)

    def size_bytes(self) -> int:
        """Return the size of the database in bytes, free pages included."""
        pages = self.connection.value("PRAGMA page_count")
        return int(pages * self.connection.value("PRAGMA page_size"))

    def free_bytes(self) -> int:
        """Return how many of those bytes are free pages."""
        pages = self.connection.value("PRAGMA freelist_count")
        return int(pages * self.connection.value("PRAGMA page_size"))


def open_sqlite(
    path: Path,
    *,
    read_only: bool = False,
    channels: Sequence[str] = FIRST_CHANNEL,
    operations: Sequence[str] = (),
) -> SqliteStore:
    """Return the store in an existing file of this version's schema; errors as `open_checked` raises them.

    *channels* are those that alerts are queued for, *operations* those of jobs, services and money: all without any.
    """
    return SqliteStore(open_checked(path, read_only=read_only), channels, operations)
