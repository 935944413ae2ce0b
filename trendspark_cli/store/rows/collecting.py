"""What was read, and what was not: audit rows, gaps."""

import json
from typing import NamedTuple

from trendspark_cli.store.rows.column_kinds import Time, Word


class RefusedPost(NamedTuple):
    """A post that was not stored: its place among those given, why, and that in a word, as metrics count it."""

    place: int
    why: str
    reason: str = "not_storable"


class PageOutcome(NamedTuple):
    """What storing a page did to the posts table. `refused` posts are not stored; the others are."""

    new: int
    updated: int
    refused: tuple[RefusedPost, ...] = ()


class AuditRow(NamedTuple):
    """What became of a page that was asked for. `rejected`: JSON, see `rejections`; `cost` in USD."""

    id: int
    cycle_id: int
    profile: Word
    source: Word
    query: Word
    endpoint: Word
    fetched: int
    new: int
    updated: int
    rejected: Word
    oldest: Time | None
    newest: Time | None
    cost: float
    reads: int
    request_id: str | None
    error: str | None
    created_at: Time

    @property
    def rejections(self) -> dict[str, object]:
        """Return how many items were refused by reason; `items` are the first of them."""
        return dict(json.loads(self.rejected))


class PageRun(NamedTuple):
    """A query of a profile, and the run in which a page of it was read."""

    profile: str
    query: str
    run_id: int


class Gap(NamedTuple):
    """A range of one query that is known not to have been read. `state`: `open`, `filled` or `lost`."""

    id: int
    profile: str
    source: str
    query: str
    since_id: str | None
    until_id: str | None
    reason: str
    estimated_reads: int
    state: str
    run_id: int | None
    created_at: str
    closed_at: str | None


class SourceQuery(NamedTuple):
    """A query of a source."""

    source: str
    query: str
