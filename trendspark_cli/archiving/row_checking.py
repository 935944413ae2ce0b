"""Whether the rows of a file are what its manifest says: others may write where archives lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.rows.archived import TABLES, ArchivedRow
from trendspark_cli.store.rows.archives import Manifest
from trendspark_cli.store.rows.posts import StoredPost

_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Observation(msgspec.Struct, forbid_unknown_fields=True):
    """What the counters of a post were at a time, as it stands in the column `metrics`."""

    observed_at: str
    likes: _Whole | None = None
    replies: _Whole | None = None
    reposts: _Whole | None = None
    quotes: _Whole | None = None
    views: _Whole | None = None


_METRICS = msgspec.json.Decoder(list[_Observation])
_TREND_IDS = msgspec.json.Decoder(list[_Whole])


def check_rows(manifest: Manifest, rows: Sequence[ArchivedRow]) -> None:
    """Raise IntegrityError for a row of another time or source, or with other JSON."""
    time_of = TABLES[manifest.table_name].time_of
    first, last = str(manifest.min_time), str(manifest.max_time)
    for row in rows:
        if not isinstance(row.id, int) or row.id < 1:
            raise _unfit(manifest, f"a row has the id {row.id!a}; expected a number from 1 on")
        if not first <= time_of(row) <= last:
            told = f"row {row.id} is of {time_of(row)[:40]!a}; expected {manifest.min_time} to {manifest.max_time}"
            raise _unfit(manifest, told)
        if isinstance(row, StoredPost):
            if row.source != manifest.source:
                raise _unfit(manifest, f"row {row.id} is of source {row.source[:40]!a}; expected {manifest.source!r}")
            try:
                if row.metrics:
                    _METRICS.decode(row.metrics)
                if row.trend_ids:
                    _TREND_IDS.decode(row.trend_ids)
                if None in (row.links or ()):
                    raise ValueError("a link is NULL")
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                raise _unfit(manifest, f"row {row.id} has gathered columns that cannot be read: {error}") from error


def _unfit(manifest: Manifest, problem: str) -> IntegrityError:
    return IntegrityError(f"archive object {manifest.key} at {manifest.url} is not what its manifest says: {problem}")
