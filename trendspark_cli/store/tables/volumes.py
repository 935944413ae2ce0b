"""Series of volumes, and how far the queries they rest on were read."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.store.tables.connection import Connection

if TYPE_CHECKING:  # every run of `ingest` says how far it came, and most need no more
    from trendspark_cli.ranking.bursts.volume_series import VolumeSeries
    from trendspark_cli.store.rows.volumes import HourCount, ReadQuery


class Volumes:
    """Implements store.protocol.volumes.Volumes."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("volumes")

    def note_read(self, profile: str, source: str, query: str, now: datetime) -> None:
        """Remember that a query was read to its end; what is known goes on while nothing is missing."""
        values = {"profile": profile, "source": source, "query": query, "now": to_text(now)}
        self._db.execute(self._sql["note_read"], values)

    def note_counted(self, profile: str, source: str, query: str, counts: Sequence[HourCount], now: datetime) -> None:
        """Remember what a query was counted to have, in place of what was there; call inside a transaction."""
        values = {
            "profile": profile,
            "source": source,
            "query": query,
            "since": to_text(datetime.fromtimestamp(counts[0][0], UTC) if counts else now),
            "until": to_text(datetime.fromtimestamp(counts[-1][1], UTC) if counts else now),
            "counts": json.dumps(list(counts)),
        }
        self._db.execute(self._sql["note_counted"], values)

    def keep_queries(self, profile: str, source: str, queries: Collection[str], before: datetime) -> None:
        """Forget the other queries of a source that this profile had and that nobody has read since *before*."""
        values = {"profile": profile, "source": source, "queries": json.dumps(list(queries)), "before": to_text(before)}
        self._db.execute(self._sql["keep_queries"], values)

    def reads(self) -> list[ReadQuery]:
        """Return the queries that were read to their end or counted, and the stretch of which all is known."""
        from trendspark_cli.store.rows.volumes import ReadQuery

        return [
            ReadQuery(
                row["profile"],
                row["source"],
                row["query"],
                from_text(row["whole_since"]),
                from_text(row["read_until"]),
                None if row["counts"] is None else tuple((a, b, posts) for a, b, posts in json.loads(row["counts"])),
            )
            for row in self._db.rows(self._sql["reads"])
        ]

    def forget_query(self, profile: str, source: str, query: str) -> None:
        """Forget a query of a profile; call inside a transaction."""
        self._db.execute(self._sql["forget_query"], (profile, source, query))

    def forget_reads_before(self, moment: datetime) -> None:
        """Forget queries that were read last before this moment; call inside a transaction."""
        self._db.execute("DELETE FROM volume_reads WHERE read_until < ?", (to_text(moment),))

    def seen_post_id(self) -> int:
        """Return the id of the last post that was counted."""
        return int(self._db.value("SELECT seen_post_id FROM volume_progress"))

    def save(self, series: Mapping[str, VolumeSeries], seen_post_id: int, now: datetime) -> None:
        """Store series by key, and up to which post they were fed; call inside a transaction."""
        from trendspark_cli.store.rows.volumes import series_text

        rows = [(key, series_text(one), to_text(now)) for key, one in series.items()]
        self._db.executemany(self._sql["save_series"], rows)
        self._db.execute("UPDATE volume_progress SET seen_post_id = ?", (seen_post_id,))

    def series(self, keys: Collection[str]) -> dict[str, VolumeSeries]:
        """Return what is known of those of these series that were stored."""
        from trendspark_cli.store.rows.volumes import series_of

        rows = self._db.rows("SELECT key, state FROM volume_series")
        return {row["key"]: series_of(row["state"]) for row in rows if row["key"] in keys}

    def forget_series_before(self, moment: datetime) -> None:
        """Forget series that were stored last before this moment; call inside a transaction."""
        self._db.execute("DELETE FROM volume_series WHERE updated_at < ?", (to_text(moment),))
