"""Gap rows: what is known not to have been read, kept true page by page."""

from __future__ import annotations

from trendspark_cli.base.models import Page, Span
from trendspark_cli.collecting.source import Source
from trendspark_cli.running.clock_healing import note_healed
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.collecting import Gap


def keep_gap(job: JobContext, source: Source, page: Page, gap_id: int | None, *, fills_gap: bool) -> int | None:
    """Make the gap row say what is unread below *page* and return its id; call in the page's transaction.

    `fills_gap`: the row was left by an earlier run, so it stays on record when it is filled.
    """
    if page.lost is not None:
        _add_lost(job, source, page.lost)
    if page.unread is None or page.goes_forward:
        if gap_id is not None and fills_gap:
            job.store.gaps.close(gap_id, "filled", job.now)
        elif gap_id is not None:
            job.store.gaps.forget(gap_id)
        return None
    if gap_id is not None:
        job.store.gaps.shrink(gap_id, page.unread.until)
        return gap_id
    return _add(job, source, page.unread, "the run ended before the last page", source.largest_page)


def record_lost(job: JobContext, source: Source, lost: Span) -> None:
    """Record a range the service no longer gives."""
    job.write(lambda: _add_lost(job, source, lost))


def pass_over_lost(job: JobContext, source: Source, lost: Span) -> None:
    """Record a range the service no longer gives and move the cursor past it; call in the transaction of a page."""
    _add_lost(job, source, lost)
    if lost.until is not None:
        job.store.cursors.set(job.profile, source.name, source.query, lost.until, job.now)


def take_back_cursor(job: JobContext, source: Source, cursor: str) -> str | None:
    """Put back a cursor that the service says lies in its future, and return where it stands now.

    That is where it stood before a clock that was ahead moved it, if that is on record; else at the newest post that
    was served. None: neither is known, so it begins anew.
    """

    def take_back() -> str | None:
        place = job.store.gaps.take_back(job.profile, source.name, source.query, cursor)
        if place is None:
            place = job.store.audit.newest_served(job.profile, source.name, source.query)
        if place is not None and place != cursor:
            job.store.cursors.set(job.profile, source.name, source.query, place, job.now)
        else:
            job.store.cursors.forget(job.profile, source.name, source.query)
            place = None
        note_healed(job, "cursor", f"the cursor {cursor} of {source.name} {source.query!r} lies in the future")
        return place

    return job.write(take_back)


def bound_gap(job: JobContext, gap: Gap, until: Span) -> None:
    """End a gap now that was made to end in the future; one that begins there holds nothing."""

    def bound() -> None:
        if until.since == until.until:
            job.store.gaps.forget(gap.id)
        else:
            job.store.gaps.shrink(gap.id, until.until)
        note_healed(job, "gap", f"gap {gap.id} of {gap.source} ended in the future")

    job.write(bound)


def record_unbought(job: JobContext, source: Source, *, since: str, until: str, posts: int) -> None:
    """Record a range that was not worth its price, holding so many *posts*, and move the cursor past it."""

    def record() -> None:
        reason = "not bought: there were no more posts than usual"
        job.store.gaps.close(_add(job, source, Span(since=since, until=until), reason, posts), "lost", job.now)
        job.store.cursors.set(job.profile, source.name, source.query, until, job.now)

    job.write(record)


def close_gap(job: JobContext, gap_id: int, state: str) -> None:
    """Close a gap that needs no page any more."""
    job.write(lambda: job.store.gaps.close(gap_id, state, job.now))


def _add_lost(job: JobContext, source: Source, lost: Span) -> None:
    job.store.gaps.close(_add(job, source, lost, "older than the service gives", 0), "lost", job.now)
    job.count("gaps_lost")


def _add(job: JobContext, source: Source, span: Span, reason: str, estimated_reads: int) -> int:
    return job.store.gaps.open(
        profile=job.profile,
        source=source.name,
        query=source.query,
        since_id=span.since,
        until_id=span.until,
        reason=reason,
        estimated_reads=estimated_reads,
        run_id=job.run_id,
        now=job.now,
    )
