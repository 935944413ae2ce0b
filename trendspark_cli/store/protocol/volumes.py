"""How many posts there are of what is watched, and of which times all of them are known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from trendspark_cli.ranking.bursts.volume_series import VolumeSeries
from trendspark_cli.store.rows.volumes import HourCount, ReadQuery


class Volumes(Protocol):
    """Series of volumes, and how far the queries they rest on were read."""

    def note_read(self, profile: str, source: str, query: str, now: datetime) -> None:
        """Remember that a query was read to its end, in a transaction after that of its last page.

        While nothing is missing, the stretch that is known grows; else (an open gap, one given up as lost since, a
        clock that was ahead) it begins anew.
        """

    def note_counted(self, profile: str, source: str, query: str, counts: Sequence[HourCount], now: datetime) -> None:
        """Remember what a query was counted to have, in place of what was there, in the transaction of the count."""

    def keep_queries(self, profile: str, source: str, queries: Collection[str], before: datetime) -> None:
        """Forget the other queries of a source that this profile had and that nobody has read since *before*."""

    def reads(self) -> list[ReadQuery]:
        """Return the queries that were read to their end or counted, and the stretch of which all is known."""

    def forget_query(self, profile: str, source: str, query: str) -> None:
        """Forget a query of a profile."""

    def forget_reads_before(self, moment: datetime) -> None:
        """Forget queries that were read last before this moment."""

    def seen_post_id(self) -> int:
        """Return the id of the last post that was counted."""

    def save(self, series: Mapping[str, VolumeSeries], seen_post_id: int, now: datetime) -> None:
        """Store the series that changed, by key, in the transaction that remembers up to which post they were fed."""

    def series(self, keys: Collection[str]) -> dict[str, VolumeSeries]:
        """Return what is known of those of these series that were stored."""

    def forget_series_before(self, moment: datetime) -> None:
        """Forget series that were stored last before this moment: nobody watches them any more."""
