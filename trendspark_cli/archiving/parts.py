"""The life of one archive file: planned, exported, uploaded, verified, deleting, done.

Each step can be cut short anywhere and made again by the next run. Nothing is deleted before the object was read back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from trendspark_cli.archiving.checking import content_problem, note_finding, outside_problem
from trendspark_cli.archiving.destination import Destination
from trendspark_cli.archiving.manifests import (
    form_of,
    in_present_form,
    manifest_key,
    new_manifest,
    old_manifest_key,
    write_manifest,
)
from trendspark_cli.archiving.part_files import FORMATS
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.base.clock import Clock, from_text, to_text
from trendspark_cli.base.durable_files import sha256_of
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.base.metrics import ARCHIVE_BYTES, ARCHIVE_ROWS
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.archive_versions import V1
from trendspark_cli.store.rows.archived import TABLES
from trendspark_cli.store.rows.archives import Manifest
from trendspark_cli.store.rows.posts import StoredPost

log = logging.getLogger(__name__)

MOST_LISTED = 20_000  # posts of a part; of larger ones nearly every deletion of their day concerns them
MOST_AHEAD = timedelta(days=370)  # of a part made by a clock that was wrong; others may write where archives lie


class Progress(Protocol):
    """Somebody who wants to see how it goes."""

    def begin(self, table: str, rows: int) -> None:
        """About so many rows of a table are going to leave."""

    def advance(self, table: str, rows: int) -> None:
        """So many more rows have left, or stay."""


class Unseen:
    """Progress that nobody looks at."""

    def begin(self, table: str, rows: int) -> None:
        """Say nothing."""

    def advance(self, table: str, rows: int) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Parts:
    """Brings parts to their end. `destination` returns the place of a manifest's URL."""

    job: JobContext
    spool: Spool
    destination: Callable[[str], Destination]
    clock: Clock
    progress: Progress

    def plan(
        self, table: str, source: str | None, day: str, part_format: str, url: str, ids: Sequence[int]
    ) -> Manifest:
        """Store which rows go into a new part."""

        def plan() -> Manifest:
            manifest = new_manifest(table, source, day, part_format, url, self._next_time(table), self.job.run_id)
            self.job.store.archives.plan(manifest, ids)
            return manifest

        return self.job.write(plan)

    def _next_time(self, table: str) -> datetime:
        """Return now, or a time just after the newest part's.

        Of a row in two parts the later one has the last version, whatever the clock did between them.
        """
        now = self.clock()
        for newest in self.job.store.archives.listing(1, table):
            made = from_text(newest.created_at)
            if now <= made < now + MOST_AHEAD:
                return made + timedelta(milliseconds=1)
        return now

    def finish(self, manifest: Manifest) -> None:
        """Take a part from wherever it is to its end.

        Raises IntegrityError when the object is not what was exported: it is given up, and its rows stay for a new one.
        """
        if manifest.state in ("verified", "deleting"):
            self._require_object(manifest)
        if manifest.state in ("planned", "exported"):
            manifest = self._in_present_form(manifest)
        steps: dict[str, Callable[[Manifest], Manifest | None]] = {
            "planned": self._export,
            "exported": self._upload,
            "uploaded": self._verify,
            "verified": self._delete,
            "deleting": self._delete,
        }
        unfinished: Manifest | None = manifest
        while unfinished is not None and unfinished.state != "done":
            log.info("archive part %s of %s is %s", unfinished.id, unfinished.table_name, unfinished.state)
            unfinished = steps[unfinished.state](unfinished)

    def _in_present_form(self, manifest: Manifest) -> Manifest:
        """Return a part that an earlier version began as this one goes on with it: exported anew, unless its object
        has arrived although nobody noted it."""
        renewed = in_present_form(manifest)
        if renewed.key == manifest.key:
            return manifest
        if manifest.state == "exported" and self._has_arrived(manifest):
            return self._save(manifest._replace(state="uploaded"))
        return self._save(renewed)

    def _has_arrived(self, manifest: Manifest) -> bool:
        place = self.destination(manifest.url)
        if outside_problem(manifest, place.head(manifest.key)) is not None:
            return False
        return manifest.format != "csv" or place.head(f"{manifest.key}.sha256") is not None

    def _export(self, manifest: Manifest) -> Manifest | None:
        """Write the rows to the spool. What changes from now on is noted, and will not be deleted."""
        archives, table = self.job.store.archives, TABLES[manifest.table_name]
        self.job.write(lambda: archives.forget_changes(manifest.id))
        rows, times = 0, []
        source = SOURCES.get(manifest.source or "")
        is_listed = source is not None and source.tells_deletions
        name = _file_name(manifest)
        with self.spool.writing(name) as path:
            writer = FORMATS[manifest.format].create(path, form_of(manifest))
            for ids in archives.batches(manifest.id):
                if batch := archives.read(manifest.table_name, ids):
                    writer.write(batch)
                    rows += len(batch)
                    times += [table.time_of(batch[0]), table.time_of(batch[-1])]
                    is_listed = is_listed and rows <= MOST_LISTED
                    if is_listed:
                        self._list([row for row in batch if isinstance(row, StoredPost)])
            writer.close()
            size = path.stat().st_size
        if rows == 0:  # all of them were forgotten meanwhile
            self.job.write(lambda: archives.discard(manifest.id))
            self.spool.remove(name)
            return None
        exported = manifest._replace(state="exported", rows=rows, bytes=size, sha256=self.spool.sha256(name))
        exported = exported._replace(min_time=min(times), max_time=max(times))
        self.job.write(lambda: archives.note_listed(manifest.id, is_listed=is_listed))
        return self._save(exported)

    def _list(self, posts: Sequence[StoredPost]) -> None:
        """Remember that these posts are in the archive, so that a deletion of another one leaves nothing."""
        self.job.write(lambda: self.job.store.archives.list_posts(posts))

    def _upload(self, manifest: Manifest) -> Manifest:
        """Put the file where it belongs; one that is gone or damaged is exported again."""
        if manifest.sha256 is None or self.spool.sha256(_file_name(manifest)) != manifest.sha256:
            log.warning("archive part %s is not in the spool as it was exported", manifest.id)
            return self._save(manifest._replace(state="planned"))
        destination = self.destination(manifest.url)
        destination.put(manifest.key, self.spool.folder / _file_name(manifest), manifest.sha256)
        if manifest.format == "csv":
            self._put_text(destination, f"{manifest.key}.sha256", f"{manifest.sha256}  {_file_name(manifest)}\n")
        return self._save(manifest._replace(state="uploaded"))

    def _verify(self, manifest: Manifest) -> Manifest:
        """Read the object back and compare; only then is its manifest stored beside it."""
        destination = self.destination(manifest.url)
        problem = content_problem(destination, manifest, self.spool)
        if problem is not None:
            raise IntegrityError(problem, hint=self._give_up(manifest))
        with self.spool.scratch(f"{manifest.id}.json") as path:
            write_manifest(manifest, path)
            sha256 = sha256_of(path)
            if not self._is_there(destination, old_manifest_key(manifest.id), sha256, manifest):
                destination.put(manifest_key(manifest.id), path, sha256)
        is_new = manifest.done_at is None  # else restored rows leave again
        verified = manifest._replace(state="verified", restored_until=None)

        def verify() -> None:
            self.job.record_calls()
            self.job.store.archives.save(verified)
            if is_new:
                self.job.store.totals.add([ARCHIVE_BYTES.by(manifest.bytes, table=manifest.table_name)])
                self.job.count("bytes", manifest.bytes)

        self.job.write(verify)
        self.spool.remove(_file_name(manifest))
        return verified

    def _is_there(self, place: Destination, key: str, sha256: str, manifest: Manifest) -> bool:
        """Tell whether release 0.1 put the manifest of a part of its own; raise IntegrityError when that says else."""
        if form_of(manifest).version is not V1 or place.head(key) is None:
            return False
        with self.spool.scratch(f"{manifest.id}.old.json") as path:
            if place.fetch(key, path) != sha256:
                raise IntegrityError(f"{key} at {place.url} exists with other content", hint="look at it")
        return True

    def _require_object(self, manifest: Manifest) -> None:
        """Raise IntegrityError when the copy of rows that an earlier run began to delete is not there any more."""
        problem = outside_problem(manifest, self.destination(manifest.url).head(manifest.key))
        if problem is not None:
            note_finding(self.job.store, manifest, problem, self.clock())
            hint = "its rows that are left stay; see `trendspark archives verify` and `archives write-off`"
            raise IntegrityError(problem, hint=hint)

    def _give_up(self, manifest: Manifest) -> str:
        """Free the rows of a part that could not be proven; return what to do."""
        if manifest.done_at is not None:  # restored rows, whose object was good once
            note_finding(self.job.store, manifest, "is not what it was", self.clock())
            self._save(manifest._replace(state="done"))
            return "its restored rows stay; see `trendspark archives verify` and `archives write-off`"

        def discard() -> None:
            self.job.record_calls()
            self.job.store.archives.discard(manifest.id)

        self.job.write(discard)
        self.spool.remove(_file_name(manifest))
        return "nothing was deleted; the next run writes these rows anew, under another name"

    def _delete(self, manifest: Manifest) -> Manifest:
        """Delete 1,000 rows to a transaction, with the progress in it; a signal ends this between two of them."""
        with self.job.store.archives.deleting():
            while manifest.state != "done":
                before = manifest.deleted_rows + manifest.kept_rows
                manifest = self.job.write(partial(self._delete_batch, manifest))
                self.progress.advance(manifest.table_name, manifest.deleted_rows + manifest.kept_rows - before)
        return manifest

    def _delete_batch(self, manifest: Manifest) -> Manifest:
        self.job.record_calls()
        batch = self.job.store.archives.delete_batch(manifest)
        now = to_text(self.clock()) if batch.is_last else None
        manifest = manifest._replace(
            state="done" if batch.is_last else "deleting",
            done_at=now,
            deleted_rows=manifest.deleted_rows + batch.deleted,
            kept_rows=manifest.kept_rows + batch.kept,
        )
        self.job.store.archives.save(manifest)
        self.job.store.totals.add([ARCHIVE_ROWS.by(batch.deleted, table=manifest.table_name)])
        self.job.count("archived", batch.deleted)
        self.job.count("kept", batch.kept)
        self.job.count("parts", int(batch.is_last))
        return manifest

    def _put_text(self, destination: Destination, key: str, text: str) -> None:
        with self.spool.scratch(key.rpartition("/")[2]) as path:
            path.write_text(text, encoding="utf-8")
            destination.put(key, path, sha256_of(path))

    def _save(self, manifest: Manifest) -> Manifest:
        def save() -> None:
            self.job.record_calls()
            self.job.store.archives.save(manifest)

        self.job.write(save)
        return manifest


def files_of(manifests: Sequence[Manifest]) -> set[str]:
    """Return the names of spool files that unfinished parts still need: those that were not uploaded yet."""
    return {_file_name(manifest) for manifest in manifests if manifest.state == "exported"}


def _file_name(manifest: Manifest) -> str:
    return manifest.key.rpartition("/")[2]
