"""Archive files and the rows they hold, where a cascade is a search in each table for each row that goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from trendspark_cli.store.rows.archived import POSTS
from trendspark_cli.store.sqlite.connection import Connection
from trendspark_cli.store.tables import archives

BESIDE_POSTS = (
    "drop_metrics_of_posts",
    "drop_trends_of_posts",
    "drop_forecasts_of_posts",
    "drop_names_of_posts",
    "drop_links_of_posts",
)


class Archives(archives.Archives):
    """Implements store.protocol.archives.Archives."""

    _db: Connection

    @contextmanager
    def deleting(self) -> Iterator[None]:
        """Delete batches within this block, and whatever hangs on their rows with them, in half the time."""
        with self._db.without_cascades():
            yield

    def _delete_rows(self, table: str, ids: str, manifest_id: str) -> tuple[int, int]:
        deleted, kept = super()._delete_rows(table, ids, manifest_id)
        if table == POSTS.name and deleted:
            gone = set(json.loads(ids))
            if kept:
                gone -= {row["id"] for row in self._db.rows(self._sql["live_ids"], {"ids": ids})}
            for name in BESIDE_POSTS:
                self._db.execute(self._sql[name], {"ids": json.dumps(sorted(gone))})
        return deleted, kept
