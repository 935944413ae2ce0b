"""Rows back from the archive: checked, at most once, never over what is live, and never what had to be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from trendspark_cli.archiving.buried import Buried
from trendspark_cli.archiving.checking import fetched_problem, note_finding, note_unreadable, outside_problem
from trendspark_cli.archiving.destination import Destination
from trendspark_cli.archiving.forgetting import forget, forget_words
from trendspark_cli.archiving.found_objects import Unreadable, unknown_manifests, unknown_tombstones
from trendspark_cli.archiving.manifests import form_of
from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import IntegrityError, OutputError, RefusedRowError, UsageError
from trendspark_cli.base.links import MOST_LINKS
from trendspark_cli.base.texts import without_controls
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archived import TABLES, ArchivedRow, ArchiveTable
from trendspark_cli.store.rows.archives import Manifest, RestoredBatch, Tombstone
from trendspark_cli.store.rows.posts import StoredPost

MOST_ROWS = 1000  # of one transaction, the history of counters included


@dataclass(frozen=True)
class Restored:
    """What came of one archive file. `foreign` rows were left out, since other rows have their ids here."""

    manifest: Manifest
    rows: int  # of the file, in the time asked for
    restored: int
    live: int
    forgotten: int
    foreign: int


class Learned(NamedTuple):
    """What an archive had that this database did not know."""

    unreadable: list[Unreadable]
    tombstones: list[Tombstone]


def learn_from_archive(
    store: Store, place: Destination, spool: Spool, now: datetime, *, is_dry: bool = False
) -> Learned:
    """Record manifests and tombstones the archive has and this database does not, and forget what these are about.

    With this, an archive is enough when the database is lost. A dry run only reads tombstones.
    """
    unreadable: list[Unreadable] = []
    known = {manifest.id for manifest in store.archives.listing(2**62)}
    for manifest in unknown_manifests(place, spool, known):
        if isinstance(manifest, Unreadable):
            unreadable.append(manifest)
            continue
        store.write(partial(store.archives.adopt, manifest))
    tombstones: list[Tombstone] = []
    for found in unknown_tombstones(place, spool, store.tombstones.known_objects()):
        if isinstance(found, Unreadable):
            unreadable.append(found)
        else:
            tombstones.append(found)
    if tombstones and not is_dry:
        _forget(store, tombstones)
    note_unreadable(store, place, unreadable, now)
    return Learned(unreadable, tombstones)


def _forget(store: Store, tombstones: Sequence[Tombstone]) -> None:
    """Keep tombstones, and forget what they are about: of most posts nothing is kept here."""
    for source in sorted({stone.source for stone in tombstones}):
        posts = [stone for stone in tombstones if stone.source == source and stone.source_id is not None]
        for start in range(0, len(posts), MOST_ROWS):
            for stone in store.write(partial(_add_others, store, source, posts[start : start + MOST_ROWS])):
                forget(store, stone)
        authors = {stone.author: stone for stone in tombstones if stone.source == source and stone.author is not None}
        for_ever = {author: stone for author, stone in authors.items() if stone.last_day is None}
        if for_ever:
            forget(store, *for_ever.values())
            store.write(partial(store.authors.forget, source, list(for_ever)))
    for stone in tombstones:
        if stone.last_day is not None and stone.author is not None:
            store.write(partial(store.tombstones.add, stone))  # live posts are the business of who reads the source
    forget_words(store)


def _add_others(store: Store, source: str, stones: Sequence[Tombstone]) -> list[Tombstone]:
    """Store the tombstones of posts of which nothing is kept and return the others; in a transaction.

    What trends quote is kept from coming back for ever: alerts in files may show it.
    """
    ids = [stone.source_id for stone in stones if stone.source_id is not None]
    kept, quoted = set(store.tombstones.kept_ids(source, ids)), store.tombstones.quoted_ids(source, ids)
    stones = [s._replace(first_day=None, last_day=None) if s.source_id in quoted else s for s in stones]
    for stone in stones:
        if stone.source_id not in kept:
            store.tombstones.add(stone)
    return [stone for stone in stones if stone.source_id in kept]


def one_of(store: Store, manifest_id: str) -> Manifest:
    """Return the manifest with this id or beginning of an id; raise UsageError when there is none, or more than one."""
    found = [manifest for manifest in store.archives.stored() if manifest.id.startswith(manifest_id)]
    if not manifest_id or len(found) != 1:
        told = "does not exist" if not found else f"is the beginning of {len(found)} ids"
        raise UsageError(f"archive {manifest_id!r} {told}", hint="see `trendspark archives list`")
    return found[0]


def of_time(manifests: Sequence[Manifest], since: str, until: str) -> list[Manifest]:
    """Return the manifests with rows of a time, in the stored form; empty is open.

    The newest come first: of a row that changed while it was archived, the last version is the one to have.
    """
    found = [m for m in manifests if str(m.max_time) >= since and (not until or str(m.min_time) < until)]
    return sorted(found, key=lambda manifest: (manifest.created_at, manifest.id), reverse=True)


@dataclass(frozen=True)
class Restore:
    """Brings rows of a time back. `since` and `until` are in the stored form; empty is open. Rows stay for `hold`."""

    store: Store
    destination: Callable[[str], Destination]
    spool: Spool
    now: datetime
    since: str
    until: str
    hold: timedelta
    is_dry: bool
    buried: Sequence[Tombstone] = ()  # of the archive; those the database has besides

    @cached_property
    def _others(self) -> Buried:
        return Buried(self.buried)

    def restore_each(self, manifests: Sequence[Manifest]) -> Iterator[Restored | Unreadable]:
        """Bring the rows of each file back; one that is not what was archived is remembered and passed over."""
        for manifest in manifests:
            try:
                yield self.restore(manifest)
            except (IntegrityError, OutputError, RefusedRowError) as error:
                told = str(error)
                if manifest.key not in told:
                    told = f"archive object {manifest.key} at {manifest.url}: {told}"
                if not self.is_dry:
                    note_finding(self.store, manifest, told, self.now)
                yield Unreadable(manifest.key, told)

    def restore(self, manifest: Manifest) -> Restored:
        """Bring the rows of one file back; again changes nothing.

        Raises IntegrityError, and restores nothing, when the file is not what was archived; UsageError when its rows
        are on their way out.
        """
        if manifest.state != "done":
            raise UsageError(f"archive {manifest.id} is still {manifest.state}", hint="run `trendspark archive` first")
        place = self.destination(manifest.url)
        total = Restored(manifest, 0, 0, 0, 0, 0)
        with self.spool.scratch(f"{manifest.id}.restore") as path:
            problem = outside_problem(manifest, place.head(manifest.key))
            problem = problem or fetched_problem(place, manifest, path, checks_rows=True)
            if problem is not None:
                raise IntegrityError(problem, hint="nothing of it was restored; see `trendspark archives verify`")
            for batch in _batches(self._wanted(manifest, path)):
                total = self._insert(total, batch)
        return total

    def _wanted(self, manifest: Manifest, path: Path) -> Iterator[ArchivedRow]:
        """Yield the rows of a file that are of the time asked for."""
        for rows in FORMATS[manifest.format].read(path, form_of(manifest)):
            yield from _clean(TABLES[manifest.table_name], self._in_time(manifest, rows))

    def _insert(self, total: Restored, rows: Sequence[ArchivedRow]) -> Restored:
        """Insert a few rows, and say in the same transaction that they are to stay for a while."""
        if self.is_dry:
            kept = self._not_forgotten(total.manifest, rows)
            live = len(self.store.archives.read(total.manifest.table_name, [row.id for row in kept]))
            return _sum(total, total.manifest, rows, kept, RestoredBatch(len(kept) - live, live, 0))
        until = to_text(self.now + self.hold)

        def restore() -> Restored:
            kept = self._not_forgotten(total.manifest, rows)
            manifest = total.manifest._replace(restored_until=until)
            self.store.archives.save(manifest)
            done = self.store.archives.restore(manifest, kept)
            manifest = manifest._replace(deleted_rows=max(0, manifest.deleted_rows - done.restored))
            self.store.archives.save(manifest)
            return _sum(total, manifest, rows, kept, done)

        return self.store.write(restore)

    def _in_time(self, manifest: Manifest, rows: Sequence[ArchivedRow]) -> Sequence[ArchivedRow]:
        if not self.since and not self.until:
            return rows
        time_of = TABLES[manifest.table_name].time_of
        return [row for row in rows if self.since <= time_of(row) and (not self.until or time_of(row) < self.until)]

    def _not_forgotten(self, manifest: Manifest, rows: Sequence[ArchivedRow]) -> Sequence[ArchivedRow]:
        posts = [(row.source_id, row.author, None, row.created_at) for row in rows if isinstance(row, StoredPost)]
        if not posts or not (self.buried or self.store.tombstones.exist()):
            return rows
        if manifest.source is None:
            raise IntegrityError(f"archive {manifest.id} holds posts and does not say of which source")
        gone = self.store.tombstones.buried(manifest.source, posts)
        source, others = manifest.source, self._others
        gone |= {n for n, (post_id, author, _, at) in enumerate(posts) if others.hide(source, post_id, author, at)}
        return [row for number, row in enumerate(rows) if number not in gone]


def _clean(table: ArchiveTable[ArchivedRow], rows: Sequence[ArchivedRow]) -> list[ArchivedRow]:
    """Return rows with texts that can be stored and shown, as `ingest` does: others may write where archives lie."""
    are_texts = [column.kind in ("text", "word") for column in table.columns]
    texts_of = itemgetter(*(place for place, is_text in enumerate(are_texts) if is_text))

    def clean(row: ArchivedRow) -> ArchivedRow:
        if "".join(filter(None, texts_of(row))).isprintable():  # as most are
            return row
        values = zip(row, are_texts, strict=True)
        return table.rows([[without_controls(v) if is_text and isinstance(v, str) else v for v, is_text in values]])[0]

    return [clean(row) for row in rows]


def _sum(
    total: Restored, manifest: Manifest, rows: Sequence[ArchivedRow], kept: Sequence[ArchivedRow], done: RestoredBatch
) -> Restored:
    return replace(
        total,
        manifest=manifest,
        rows=total.rows + len(rows),
        forgotten=total.forgotten + len(rows) - len(kept),
        restored=total.restored + done.restored,
        live=total.live + done.live,
        foreign=total.foreign + done.foreign,
    )


def _batches(rows: Iterable[ArchivedRow]) -> Iterator[Sequence[ArchivedRow]]:
    """Yield rows in groups of at most 1,000 rows of the database: a post brings counters and links."""
    group: list[ArchivedRow] = []
    weight = 0
    for row in rows:
        own = 1 + (_beside(row) if isinstance(row, StoredPost) else 0)
        if group and weight + own > MOST_ROWS:
            yield group
            group, weight = [], 0
        group.append(row)
        weight += own
    if group:
        yield group


def _beside(post: StoredPost) -> int:
    """Return how many rows come with a post: the history of its counters, and its links."""
    return (post.metrics or "").count("observed_at") + min(len(post.links or ()), MOST_LINKS)
