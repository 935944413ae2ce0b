"""The books of the archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from trendspark_cli.base.retention import Cutoff
from trendspark_cli.store.rows.archived import ArchivedRow
from trendspark_cli.store.rows.archives import (
    ChosenRow,
    DeletedBatch,
    KnownTrend,
    Manifest,
    RestoredBatch,
    Tombstone,
)
from trendspark_cli.store.rows.posts import StoredPost


class Archives(Protocol):
    """Manifests, the ids they are about, and the rows behind these ids. `table` is one of store/rows/archived.py."""

    def days(self, table: str, until: datetime) -> Iterator[str]:
        """Yield each UTC day before *until* that has rows, the oldest first."""

    def count(self, table: str, at_most: int) -> int:
        """Return how many rows are live; counting ends at *at_most*."""

    def count_old(self, table: str, cutoff: Cutoff, at_most: int = 2**62) -> int:
        """Return how many rows are old enough to leave; of what is counted at most *at_most* rows are looked at."""

    def count_held(self, table: str) -> int:
        """Return how many live rows belong to a file: about to be deleted, or restored for a while."""

    def choose(self, table: str, source: str | None, day: str, after: tuple[str, int], limit: int) -> list[ChosenRow]:
        """Return the next rows of a day that may leave, in the order of time.

        Left out: posts that are not ranked yet or that an open trend or an unsent alert refers to, alerts that are
        not final, runs that `jobs list` tells of, and rows that are in a file already.
        """

    def read(self, table: str, ids: Sequence[int]) -> Sequence[ArchivedRow]:
        """Return the live rows with these ids, in this order, as they are archived: with what is gathered of posts."""

    def plan(self, manifest: Manifest, ids: Sequence[int]) -> None:
        """Store a manifest and the ids it is about."""

    def adopt(self, manifest: Manifest) -> bool:
        """Record a manifest that was found in an archive; return False when it is known."""

    def save(self, manifest: Manifest) -> None:
        """Store what changed of a manifest."""

    def discard(self, manifest_id: str) -> None:
        """Forget a manifest none of whose rows was deleted; they are free for another one."""

    def forget_changes(self, manifest_id: str) -> None:
        """Begin to watch the rows of a manifest from here on: call before they are read for export."""

    def batches(self, manifest_id: str) -> Iterator[list[int]]:
        """Yield the ids of a manifest, at most 1,000 at a time, in the order of the file."""

    def deleting(self) -> AbstractContextManager[None]:
        """Return a block in which batches are deleted: nothing else may be written in it that has references."""

    def delete_batch(self, manifest: Manifest) -> DeletedBatch:
        """Delete the next batch of a verified manifest, rows that changed since their export aside."""

    def restore(self, manifest: Manifest, rows: Sequence[ArchivedRow]) -> RestoredBatch:
        """Bring rows of a file back, watched from here on; what is live stays as it is."""

    def get(self, manifest_id: str) -> Manifest | None:
        """Return one manifest, or None."""

    def listing(self, limit: int, table: str | None = None) -> list[Manifest]:
        """Return manifests, newest first."""

    def unfinished(self, now: datetime) -> list[Manifest]:
        """Return manifests to go on with, oldest first: cut short, or whose restored rows have stayed long enough."""

    def stored(self) -> list[Manifest]:
        """Return every manifest whose object should be in the archive, those written off aside."""

    def days_of_files(self, source: str, first: str, last: str) -> Sequence[str]:
        """Return the days from *first* to *last* of which a source's posts are in files and not listed, or will be."""

    def list_posts(self, posts: Sequence[StoredPost]) -> None:
        """Remember of which day archived posts are; call inside a transaction."""

    def note_listed(self, manifest_id: str, *, is_listed: bool) -> None:
        """Remember whether all posts of a file were listed; call inside a transaction."""

    def listed_days(self, source: str, source_ids: Iterable[str]) -> Mapping[str, str]:
        """Return the days of those of these posts that were listed, by their ids."""

    def may_have_author(self, source: str, author: str) -> bool:
        """Tell whether posts of an author may be in files: they are listed, or there is a file without a list."""

    def write_off(self, manifest_id: str, at: str, why: str) -> None:
        """Expect the object of a manifest no more; its rows that are live are free for another file."""


class ArchiveFaults(Protocol):
    """What was found missing or unreadable in archives."""

    def note_missing(self, manifest_id: str, since: str | None) -> None:
        """Remember since when an object is wrong, or that it is right again."""

    def count_missing(self) -> int:
        """Return how many objects were found missing or changed."""

    def note_unreadable(self, url: str, keys: Sequence[str], now: datetime) -> None:
        """Remember which objects of an archive cannot be read; what was remembered of that archive is replaced."""

    def count_unreadable(self) -> int:
        """Return how many objects are remembered as unreadable, of all archives."""


class Tombstones(Protocol):
    """Posts and authors whose posts must not come back, from an archive or from a source."""

    def add(self, tombstone: Tombstone) -> bool:
        """Store a tombstone; return False when there is one for that post or author. One for ever stays for ever."""

    def exist(self) -> bool:
        """Tell whether there is any: most installations have none."""

    def kept_ids(self, source: str, source_ids: Iterable[str]) -> list[str]:
        """Return those of these ids of which something is kept: live posts, and quoted ones not forgotten yet."""

    def kept_ids_that_begin(self, source: str, beginning: str, limit: int) -> list[str]:
        """Return ids of which something is kept that begin with this text, at most *limit*."""

    def quoted_ids(self, source: str, source_ids: Iterable[str]) -> set[str]:
        """Return those of these ids that trends quote, or did: so may alerts, live or in files."""

    def live_posts(self, tombstones: Sequence[Tombstone], after: int, until: int) -> Sequence[int]:
        """Return the ids of at most 1,000 live posts of a source that these tombstones are about, in order.

        They are above *after* and up to *until*.
        """

    def forget_posts(self, tombstone: Tombstone, ids: Sequence[int]) -> int:
        """Delete those of these live posts it is about, and what alerts quote of them; return how many posts."""

    def buried(self, source: str, posts: Sequence[tuple[str | None, ...]]) -> set[int]:
        """Return the places of those (source id, author, the author's name, time of the post) that have a tombstone.

        What is not known, or not told, has none.
        """

    def all(self) -> list[Tombstone]:
        """Return every tombstone, oldest first."""

    def knows_source(self, source: str) -> bool:
        """Tell whether posts of a source are live, archived or quoted: files may name any."""

    def known_trends(self) -> Sequence[KnownTrend]:
        """Return every trend there is, and whether its archived alerts may quote posts that were forgotten."""

    def known_objects(self) -> set[str]:
        """Return what the objects of an archive are called that tell of these tombstones."""

    def keep_from_files(self) -> int:
        """Note of at most 1,000 tombstones that the archive need not know them; return of how many.

        No file of their days was begun when they were made. Nobody may begin one meanwhile (the lock of `archive`).
        """

    def to_push(self, limit: int) -> Sequence[Tombstone]:
        """Return some tombstones that the archive does not know yet, by source and post."""

    def note_pushed(self, tombstone_ids: Sequence[str], batch: str) -> None:
        """Remember that the archive knows them too, by an object that is called *batch*."""

    def sources_with_days(self) -> Sequence[str]:
        """Return the sources with tombstones that may leave one day."""

    def drop_done(self, source: str, before: str) -> int:
        """Drop at most 1,000 tombstones of days before one, whose posts no file can have; return how many."""
