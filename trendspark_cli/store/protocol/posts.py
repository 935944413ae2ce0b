"""Posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from trendspark_cli.base.models import Post
from trendspark_cli.ranking.baseline.baseline_posts import LeavingPlace, PostRow
from trendspark_cli.store.rows.collecting import PageOutcome
from trendspark_cli.store.rows.posts import SharedLink, StoredPost


class Posts(Protocol):
    """Posts and their counters over time. Of a text, the ranking gets no more than words.LONGEST_TEXT characters."""

    def save(self, posts: Sequence[Post], collected_at: datetime) -> PageOutcome:
        """Store posts idempotently by (source, source_id), with their authors and links.

        The order in which versions and counters come makes no difference (`store/tables/post_merging.py`). Posts the
        database does not take are left out and named in the outcome, and so is another post under the id of one that is
        stored.
        """

    def settled_id(self) -> int:
        """Return the largest id up to which no post will be stored any more; call outside a transaction.

        Ids grow and are never used again, but some are given before they are seen: newer than this says nothing.
        """

    def newest_created(self, until: datetime) -> datetime | None:
        """Return when the newest post was created, those dated after *until* aside; None when there is none."""

    def newest_collected(self) -> datetime | None:
        """Return when the post stored last was collected, by the clock of then; None when there is none."""

    def count(self) -> int:
        """Return how many posts are live."""

    def count_known(self, posts: Sequence[Post]) -> int:
        """Return how many of these posts are stored already."""

    def stored_ids(self, source: str, source_ids: Iterable[str]) -> set[str]:
        """Return those of these ids of a source whose posts are live."""

    def leaving(self, position: tuple[str, int], until: int, seen_post_id: int, limit: int) -> list[PostRow]:
        """Return the next posts after *position* created before *until*, of those with ids up to *seen_post_id*.

        They come by time of creation, then id: `created_text` and `id` of the last are where to go on.
        """

    def leaving_places(
        self, position: tuple[str, int], until: int, seen_post_id: int, limit: int
    ) -> list[LeavingPlace]:
        """Return the same posts in the same order, without their texts."""

    def sampled(self, position: tuple[str, int], until: int, one_in: int, limit: int) -> list[PostRow]:
        """Return the next posts after *position* created before *until* whose ids *one_in* divides, without links.

        They come by time of creation, then id, as those of `leaving` do.
        """

    def arrived(self, after_id: int, until_id: int, limit: int) -> list[PostRow]:
        """Return the next posts with ids after *after_id* and up to *until_id*, which is settled, by id."""

    def count_between(self, since: int, until: int) -> int:
        """Return how many posts were created in [since, until), both in epoch seconds."""

    def first_since(self, since: int) -> int | None:
        """Return the least id of the posts created at *since* (epoch seconds) or later; None when there is none."""

    def find(self, source: str, source_id: str) -> StoredPost | None:
        """Return one live post by its source and its id there, or None."""

    def by_ids(self, ids: Sequence[int]) -> list[StoredPost]:
        """Return the live posts with these ids, in this order."""

    def rows(self, ids: Sequence[int]) -> list[PostRow]:
        """Return the live posts with these ids, in any order, without `created_text`."""

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        """Return what ranking reads of the live posts with these ids: texts, with the links beside them."""

    def links_of_trend(self, trend_id: int, limit: int) -> list[SharedLink]:
        """Return the links that most posts of a trend share, and how many do."""

    def mentions_per_slot(self, trend_id: int, since: int, slot_seconds: int, slots: int) -> list[int]:
        """Return how many posts of a trend were created in each slot from *since* (epoch) on."""

    def refreshable(
        self,
        source: str,
        since: datetime,
        not_since: datetime,
        today: str,
        limit: int,
        *,
        edited: bool = True,
    ) -> list[str]:
        """Return the source ids of recent posts whose counters were not read since *not_since*.

        Those last read *today* (YYYY-MM-DD) come first, then the busiest. *edited*: whether edited posts are asked for.
        """

    def note_counts_read(self, source: str, source_ids: Sequence[str], now: datetime) -> None:
        """Remember that these posts' counters were asked for, whatever came of it."""
