"""Archived posts in the order of their creation, checked, and without those that had to be forgotten."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

from trendspark_cli.archiving.buried import Buried
from trendspark_cli.archiving.destination import Destination
from trendspark_cli.archiving.found_objects import Unreadable, unknown_manifests, unknown_tombstones
from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.archiving.trial_reading import try_reading
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archived import POSTS
from trendspark_cli.store.rows.archives import Manifest, Tombstone
from trendspark_cli.store.rows.posts import StoredPost


class ArchivedPosts:
    """The posts of one archive, whichever database they came from; neither database nor archive is changed.

    `unreadable` are manifests and tombstones that are none, and were passed over.
    """

    def __init__(self, store: Store, place: Destination, spool: Spool) -> None:
        self.unreadable: list[Unreadable] = []
        self._place, self._spool = place, spool
        manifests = [part for part in self._all_manifests(store) if part.table_name == POSTS.name and part.rows]
        self._begin(manifests, self._all_tombstones(store))

    @property
    def url(self) -> str:
        """Return where the archive is."""
        return self._place.url

    @classmethod
    def of_parts(
        cls, place: Destination, spool: Spool, manifests: Sequence[Manifest], buried: Sequence[Tombstone]
    ) -> ArchivedPosts:
        """Return the posts of these files of an archive, by what somebody else found out about it."""
        posts = cls.__new__(cls)
        posts.unreadable = []
        posts._place, posts._spool = place, spool
        posts._begin(manifests, buried)
        return posts

    def _begin(self, manifests: Sequence[Manifest], buried: Sequence[Tombstone]) -> None:
        self.manifests, self.buried = list(manifests), list(buried)
        self._buried = Buried(buried)

    def between(self, since: str, until: str) -> Iterator[StoredPost]:
        """Yield the posts created in [since, until), both in the stored form, each post once, oldest first.

        As many files are open at a time as overlap in time: those of one day. Of a post that is in two of them, the
        file written last counts. Raises IntegrityError for a file that is gone or not what was stored.
        """
        for overlapping in _groups(self.files_of(since, until)):
            seen: set[tuple[str, str]] = set()
            newest_first = sorted(overlapping, key=lambda part: (part.created_at, part.id), reverse=True)
            streams = [self._posts(part) for part in newest_first]
            for post in heapq.merge(*streams, key=lambda post: (post.created_at, post.id)):
                name = (post.source, post.source_id)
                if since <= post.created_at < until and name not in seen and not self._is_forgotten(post):
                    seen.add(name)
                    yield post

    def files_of(self, since: str, until: str) -> list[Manifest]:
        """Return the files with posts of [since, until), both in the stored form; only these are read for it."""
        return [part for part in self.manifests if str(part.max_time) >= since and str(part.min_time) < until]

    def _is_forgotten(self, post: StoredPost) -> bool:
        return self._buried.hide(post.source, post.source_id, post.author, post.created_at)

    def _posts(self, part: Manifest) -> Iterator[StoredPost]:
        """Yield the posts of one file after all of it was checked."""
        with self._spool.scratch(f"{part.id}.replay") as path:
            if self._place.fetch(part.key, path, part.bytes) != part.sha256:
                raise IntegrityError(
                    f"archive object {part.key} at {part.url} is gone or not what was stored",
                    hint="see `trendspark archives verify`",
                )
            try_reading(path, part)
            form = POSTS.form_of(part.key, part.source)
            for posts in FORMATS[part.format].read(path, form):
                yield from posts

    def _all_manifests(self, store: Store) -> Iterator[Manifest]:
        """Yield the manifests of this archive: those known here, and those of other databases."""
        known = {manifest.id for manifest in store.archives.listing(2**62)}
        yield from (part for part in store.archives.stored() if part.url == self._place.url)
        for part in unknown_manifests(self._place, self._spool, known):
            if isinstance(part, Unreadable):
                self.unreadable.append(part)
            else:
                yield part

    def _all_tombstones(self, store: Store) -> list[Tombstone]:
        known = store.tombstones.all()
        for found in unknown_tombstones(self._place, self._spool, store.tombstones.known_objects()):
            if isinstance(found, Unreadable):
                self.unreadable.append(found)
            else:
                known.append(found)
        return known


def _groups(parts: Sequence[Manifest]) -> Iterator[list[Manifest]]:
    """Yield groups of parts that overlap in time, oldest first."""
    group: list[Manifest] = []
    newest = ""
    for part in sorted(parts, key=lambda part: (str(part.min_time), part.id)):
        if group and str(part.min_time) > newest:
            yield group
            group = []
        newest = max(newest, str(part.max_time)) if group else str(part.max_time)
        group.append(part)
    if group:
        yield group
