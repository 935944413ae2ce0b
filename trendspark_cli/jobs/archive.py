"""`archive`: rows past retention to files that are read back and compared, then out of the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from trendspark_cli.archiving.checking import find_missing
from trendspark_cli.archiving.guards import FORCE, check_clock, check_database, check_retention, check_share
from trendspark_cli.archiving.manifests import MOST_STONES, tombstone_key, write_tombstones
from trendspark_cli.archiving.parts import Parts, files_of
from trendspark_cli.base.durable_files import sha256_of
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.base.retention import Cutoff, Retention
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.archived import POSTS, TABLES
from trendspark_cli.store.rows.archives import ChosenRow, Manifest

BATCH = 1000  # tombstones, one transaction each
MOST_ROWS = 50_000  # of one part
MOST_TEXT_BYTES = 64 * 2**20  # of one part, before compression


@dataclass(frozen=True)
class ArchiveRules:
    """What leaves, and where it goes. `retention` is of each table that is archived."""

    retention: Mapping[str, Retention]
    url: str
    format: str
    is_forced: bool = False

    def cutoffs(self, now: datetime) -> dict[str, Cutoff]:
        """Return for each table before when rows leave."""
        return {table: retention.cutoff(now).of_whole_days() for table, retention in self.retention.items()}


@dataclass(frozen=True)
class ChosenPart:
    """Rows that go into one file."""

    table: str
    source: str | None
    day: str
    ids: tuple[int, ...]
    text_bytes: int


def archive(job: JobContext, parts: Parts, rules: ArchiveRules) -> None:
    """Finish what earlier runs began, then archive each table day by day; the first failure ends the run.

    Raises ConfigError or IntegrityError when a guard says no, and what the destination answers.
    """
    cutoffs = rules.cutoffs(job.now)
    _guard(job, parts, rules, cutoffs)
    if job.dry_run:
        job.count("rows", 0)
        job.result["parts"] = [_preview(job, part, rules.format) for part in _parts_to_make(job, cutoffs)]
        return
    unfinished = job.store.archives.unfinished(job.now)
    parts.spool.remove_all_but(files_of(unfinished))
    _push_tombstones(job, parts, rules.url)
    for table, cutoff in cutoffs.items():
        parts.progress.begin(table, job.store.archives.count_old(table, cutoff))
    for manifest in unfinished:
        parts.finish(_reopened(job, manifest))
    for part in _parts_to_make(job, cutoffs):
        parts.finish(parts.plan(part.table, part.source, part.day, rules.format, rules.url, part.ids))
    if POSTS.name in cutoffs:
        job.store.authors.drop_unseen()
        _drop_tombstones(job, cutoffs[POSTS.name])


def _guard(job: JobContext, parts: Parts, rules: ArchiveRules, cutoffs: Mapping[str, Cutoff]) -> None:
    check_database(job.store, job.now, is_dry=job.dry_run)
    if not rules.is_forced:
        check_retention(rules.retention)
        check_clock(job.store, job.now, job.run_id)
        check_share(job.store, cutoffs)
    if job.dry_run:
        return
    missing = find_missing(job.store, parts.destination(rules.url), job.now)
    if missing and not rules.is_forced:
        more = f"; and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise IntegrityError(
            f"{missing[0]}{more}",
            hint=f"nothing was deleted; see `trendspark archives verify`; {FORCE}",
        )


def _parts_to_make(job: JobContext, cutoffs: Mapping[str, Cutoff]) -> Iterator[ChosenPart]:
    """Yield what goes into each new file: rows of one table, source and day."""
    archives = job.store.archives
    for table, cutoff in cutoffs.items():
        for day in archives.days(table, cutoff.latest):
            for source in TABLES[table].sources:
                if day >= f"{cutoff.of(source):%Y-%m-%d}":
                    continue
                after = ("", 0)
                while rows := archives.choose(table, source, day, after, MOST_ROWS):
                    ids, text_bytes = _fitting(rows)
                    after = (rows[len(ids) - 1].time, ids[-1])
                    yield ChosenPart(table, source, day, ids, text_bytes)


def _fitting(rows: Sequence[ChosenRow]) -> tuple[tuple[int, ...], int]:
    """Return the ids of as many rows as one part may hold, one at least, and the bytes of their texts."""
    text_bytes = sum(row.text_bytes for row in rows)
    if text_bytes <= MOST_TEXT_BYTES:
        return tuple(row.id for row in rows), text_bytes
    text_bytes = 0
    for number, row in enumerate(rows):
        if number and text_bytes + row.text_bytes > MOST_TEXT_BYTES:
            return tuple(row.id for row in rows[:number]), text_bytes
        text_bytes += row.text_bytes
    raise AssertionError("more than fits was said to fit")


def _reopened(job: JobContext, manifest: Manifest) -> Manifest:
    """Return a part to go on with; rows that were restored leave again by the file they came from."""
    if manifest.state != "done":
        return manifest
    manifest = manifest._replace(state="uploaded")
    job.write(lambda: job.store.archives.save(manifest))
    return manifest


def _push_tombstones(job: JobContext, parts: Parts, url: str) -> None:
    """Tell the archive what must not come back, for a restore without this database.

    Runs before files are begun. Cut short, what was not noted is told again, which changes nothing.
    """
    while job.write(job.store.tombstones.keep_from_files):
        pass
    while stones := job.store.tombstones.to_push(MOST_STONES):
        with parts.spool.scratch("tombstones.json") as path:
            write_tombstones(stones, path)
            name = sha256_of(path)
            parts.destination(url).put(tombstone_key(name), path, name)
        for start in range(0, len(stones), BATCH):
            job.write(partial(_note_pushed, job, [stone.id for stone in stones[start : start + BATCH]], name))


def _note_pushed(job: JobContext, ids: Sequence[str], name: str) -> None:
    job.record_calls()
    job.store.tombstones.note_pushed(ids, name)


def _drop_tombstones(job: JobContext, cutoff: Cutoff) -> None:
    """Let tombstones go whose posts are in no file, and of days of which no post is live any more."""
    for source in job.store.tombstones.sources_with_days():
        before = f"{cutoff.of(source):%Y-%m-%d}"
        while job.write(partial(job.store.tombstones.drop_done, source, before)):
            pass


def _preview(job: JobContext, part: ChosenPart, part_format: str) -> dict[str, object]:
    job.count("rows", len(part.ids))
    job.count("parts")
    size = _usual_bytes(job, part, part_format)
    job.count("bytes_estimated", size)
    key = f"{TABLES[part.table].form(part.source).folder(part.day, part_format)}part-*"
    return {
        "table": part.table,
        "source": part.source,
        "day": part.day,
        "rows": len(part.ids),
        "bytes": size,
        "key": key,
    }


def _usual_bytes(job: JobContext, part: ChosenPart, part_format: str) -> int:
    """Estimate the size of a file by those of the last ones of its table, else by its texts."""
    done = [m for m in job.store.archives.listing(20, part.table) if m.format == part_format and m.rows]
    if done:
        return round(len(part.ids) * sum(m.bytes for m in done) / sum(m.rows for m in done))
    return round(0.5 * part.text_bytes + 40 * len(part.ids))
