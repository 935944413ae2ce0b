"""`vacuum`: drop old roll-ups, give free pages back to the disk, and keep the file in order."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from trendspark_cli.archiving.guards import check_clock, read_whole
from trendspark_cli.base.errors import IntegrityError, StoreBusyError, StoreError
from trendspark_cli.running.job_context import JobContext

log = logging.getLogger(__name__)

ROOM_FOR_REBUILD = 2.2  # times the file: a copy beside it, the same once more in the WAL, and some to spare
CHECK_SECONDS = 600.0  # of reading the file: some 50 GB of a usual disk
GIVE_BACK_SECONDS = 600.0  # others write meanwhile; free pages that are left are used again, or given back later
READER_WAIT_SECONDS = 10.0  # for readers to end before the WAL is emptied
# What is summed up elsewhere or tells of the past only. Trends stay for more than a year: few rows, worth comparing.
KEPT = {
    "api_calls": timedelta(days=30),
    "notices": timedelta(days=90),
    "gaps": timedelta(days=90),
    "trends": timedelta(days=400),
    "model_answers": timedelta(days=30),
    "billed_posts": timedelta(days=2),  # today's are needed, and yesterday's by a run that began before midnight
}


def vacuum(job: JobContext, *, full: bool) -> None:
    """Shrink the file as far as readers allow; others wait for a write of ours no longer than for any transaction.

    A full one holds the write lock while it rewrites the file: others then end with 75 after their busy time-out.
    Raises IntegrityError for a damaged file, StoreError when there is no room for a full rebuild, StoreBusyError when a
    reader kept the file from shrinking.
    """
    upkeep, store = job.store.upkeep, job.store
    before = upkeep.file_bytes()
    job.counts |= {"bytes_before": before, "bytes_free_inside": store.free_bytes()}
    _require_room(job, before, full=full)
    if job.dry_run:
        return
    if not read_whole(store, CHECK_SECONDS, "nothing was changed"):
        job.counts["not_checked"] = f"not read to its end in {CHECK_SECONDS:.0f} s; no fault so far"
    _drop_old(job)
    if full:
        upkeep.rebuild()
    elif upkeep.gives_back_pages():
        until = time.monotonic() + GIVE_BACK_SECONDS
        while (left := upkeep.give_back()) and time.monotonic() < until:
            pass
        if left:
            job.counts["note"] = f"{left} free pages are left for the next run: {GIVE_BACK_SECONDS:.0f} s were over"
    else:
        job.counts["note"] = "this file gives back no free pages: run `trendspark vacuum --full` once"
    upkeep.analyze()
    is_emptied = upkeep.empty_wal(READER_WAIT_SECONDS)
    job.counts["bytes_after"] = upkeep.file_bytes()
    if not is_emptied:
        raise StoreBusyError(
            f"the database was not shrunk: another program has kept it open for reading for {READER_WAIT_SECONDS:g} s",
            hint="all else is done; the file shrinks when that program has ended and vacuum runs again",
        )


def _drop_old(job: JobContext) -> None:
    """Drop what is old, unless a clock that is ahead may be what makes it so."""
    try:
        check_clock(job.store, job.now, job.run_id)
    except IntegrityError as doubt:
        log.warning("nothing was dropped: %s", doubt)
        job.counts["not_dropped"] = str(doubt)
        return
    dropped = job.store.upkeep.drop_old({table: job.now - age for table, age in KEPT.items()})
    job.counts["dropped"] = {table: count for table, count in dropped.items() if count}


def _require_room(job: JobContext, size: int, *, full: bool) -> None:
    room, needed = job.store.upkeep.disk_free_bytes(), round(ROOM_FOR_REBUILD * size)
    if full and room < needed:
        raise StoreError(
            f"a full vacuum needs {needed:,} bytes of free disk, {ROOM_FOR_REBUILD} times the file; there are {room:,}",
            hint="free space, or run `trendspark vacuum` without --full",
        )
