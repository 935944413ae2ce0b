"""Archive files and the rows they hold, beside others who change these rows."""

from __future__ import annotations

from collections.abc import Sequence

from trendspark_cli.store.rows.archived import ArchivedRow
from trendspark_cli.store.rows.archives import DeletedBatch, Manifest, RestoredBatch
from trendspark_cli.store.tables import archives


class Archives(archives.Archives):
    """Implements store.protocol.archives.Archives."""

    def delete_batch(self, manifest: Manifest) -> DeletedBatch:
        """Delete the next batch of a verified manifest; call inside a transaction, and save the manifest in it.

        The rows are locked by a statement of its own: the delete would not see a change that was under way when it
        began, and wait for it only to delete what it changed.
        """
        sql = "SELECT row_ids FROM archive_rows WHERE manifest_id = ? ORDER BY batch LIMIT 1"
        ids = self._db.value(sql, (manifest.id,))
        if ids is not None:
            self._db.execute(self._sql[f"lock_{manifest.table_name}"], {"ids": ids})
        return super().delete_batch(manifest)

    def restore(self, manifest: Manifest, rows: Sequence[ArchivedRow]) -> RestoredBatch:
        """Bring rows of a file back; new rows are given ids beyond theirs from then on, even in a new database."""
        largest = {"table": manifest.table_name, "largest": max((row.id for row in rows), default=0)}
        self._db.execute(self._sql["ids_beyond"], largest)
        return super().restore(manifest, rows)
