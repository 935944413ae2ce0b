"""Posts by their words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from trendspark_cli.ranking.text.searching import SearchQuery
from trendspark_cli.store.rows.posts import StoredPost


class PostSearch(Protocol):
    """Finds live posts by their words. An index makes that faster; the answer is the same without, or with a part."""

    def search(
        self, query: SearchQuery, source: str | None, since: datetime | None, until: datetime | None, limit: int
    ) -> list[StoredPost]:
        """Return the live posts that fit, the newest first, at most *limit*."""

    def can_index(self) -> bool:
        """Tell whether this database can keep an index."""

    def index_next(self, limit: int, now: datetime) -> int:
        """Index the next posts, at most *limit*; return how many. Call inside a transaction."""

    def drop_worn(self, now: datetime) -> None:
        """Drop a part of the index that has words of posts that are gone; it is filled anew. Call in a transaction.

        It looks at one part, and at each no more than once a day unless `note_gone` told of it.
        """

    def drop_gone(self) -> None:
        """Drop each part of the index that has words of posts that are gone, in a transaction for each."""

    def drop_one(self) -> bool:
        """Drop a part of the index, whatever it has; return False when there is none. Call inside a transaction."""

    def note_returned(self, post_ids: Sequence[int]) -> None:
        """Have posts indexed that came back under the ids they had. Call inside a transaction."""

    def note_gone(self, post_ids: Sequence[int]) -> None:
        """Have the parts of the index with these posts, which leave, looked at first. Call inside a transaction."""

    def size_bytes(self) -> int:
        """Return how much the index takes."""
