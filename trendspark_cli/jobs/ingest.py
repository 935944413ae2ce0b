"""`ingest`: fetch what is new from every source; one source failing does not stop the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from trendspark_cli.budget import Budget, Reservation
from trendspark_cli.errors import (
    CeilingReachedError,
    ConfigError,
    CursorTooOldError,
    SourcesFailedError,
    TrendSparkError,
    UpstreamError,
)
from trendspark_cli.job_context import JobContext
from trendspark_cli.jobs.page_storing import record_failure, store_page
from trendspark_cli.models import Page, Span
from trendspark_cli.sources.protocol import Source


def ingest(
    job: JobContext, sources: Sequence[Source], budgets: Mapping[str, Budget], *, limit: int | None = None
) -> None:
    """Read new posts first, then what earlier runs left unread, each page stored before the next is asked for.

    Raises SourcesFailedError when sources failed, CeilingReachedError when money ran out first.
    """
    failures: list[TrendSparkError] = []
    ceilings: list[CeilingReachedError] = []
    with job.store.transaction():
        for budget in budgets.values():
            job.store.spend.settle_dead_runs(budget.service, budget.usd_per_unit)
    for source in sources:
        try:
            _read_new(job, source, budgets.get(source.service), limit)
            _fill_gaps(job, source, budgets.get(source.service), limit)
        except CeilingReachedError as reached:
            ceilings.append(reached)
        except (UpstreamError, ConfigError) as failure:
            record_failure(job, source, failure)
            failures.append(failure)
    if failures:
        raise SourcesFailedError(failures, tried=len(sources))
    if ceilings:
        with job.store.transaction():
            ceilings[0].is_news = job.store.notice_once(ceilings[0].key, job.now)
        raise ceilings[0]


def _read_new(job: JobContext, source: Source, budget: Budget | None, limit: int | None) -> None:
    """Read what is newer than the cursor. The first page moves it, and what lies below becomes a gap that shrinks."""
    cursor = job.store.cursors.get(job.profile, source.name, source.query)
    reach = source.reach(Span(since=cursor))
    if reach.lost is not None:
        _record_lost(job, source, reach.lost)
    if reach.readable is None:
        return
    try:
        _read(job, source, budget, reach.readable, gap_id=None, limit=limit)
    except CursorTooOldError:
        # The id did not tell its age, but the service refused it: begin again as in a first run.
        again = source.reach(Span()).readable
        assert again is not None
        _record_lost(job, source, Span(since=cursor, until=again.since))
        _read(job, source, budget, again, gap_id=None, limit=limit)


def _fill_gaps(job: JobContext, source: Source, budget: Budget | None, limit: int | None) -> None:
    """Read what earlier runs knew of and did not read, the newest first."""
    for gap in job.store.gaps.open_ones(job.profile, source.name, source.query):
        if limit is not None and job.counts.get("fetched", 0) >= limit:  # type: ignore[operator]
            return
        reach = source.reach(Span(since=gap.since_id, until=gap.until_id))
        if reach.lost is not None and reach.readable is None:
            with job.store.transaction():
                job.store.gaps.close(gap.id, "lost", job.now)
        elif reach.readable is not None:
            _read(job, source, budget, reach.readable, gap_id=gap.id, limit=limit)


def _read(
    job: JobContext, source: Source, budget: Budget | None, span: Span, *, gap_id: int | None, limit: int | None
) -> None:
    """Read a span page by page; each page, its cursor and what is left of the span are one transaction."""
    is_gap = cursor_is_settled = gap_id is not None
    unread: Span | None = span
    fetched = 0
    while unread is not None and (limit is None or fetched < limit):
        wanted = source.largest_page if limit is None else min(source.largest_page, limit - fetched)
        page, reservation = _fetch(job, source, budget, unread, wanted)
        fetched += page.fetched
        with job.store.transaction():
            usd = budget.settle(job, reservation, page.reads) if budget is not None and reservation is not None else 0.0
            store_page(job, source.name, source.query, page, usd=usd)
            if not cursor_is_settled and page.newest_id is not None:  # the first page that holds a post
                job.store.cursors.set(job.profile, source.name, source.query, page.newest_id, job.now)
                cursor_is_settled = True
            gap_id = _keep_gap(job, source, page, gap_id, is_gap=is_gap)
        unread = page.unread


def _keep_gap(job: JobContext, source: Source, page: Page, gap_id: int | None, *, is_gap: bool) -> int | None:
    """Make the gap row say what is unread below this page."""
    if page.unread is None:
        if gap_id is not None and is_gap:
            job.store.gaps.close(gap_id, "filled", job.now)
        elif gap_id is not None:
            job.store.gaps.forget(gap_id)
        return None
    if gap_id is not None:
        job.store.gaps.shrink(gap_id, page.unread.until)
        return gap_id
    return job.store.gaps.open(
        profile=job.profile,
        source=source.name,
        query=source.query,
        since_id=page.unread.since,
        until_id=page.unread.until,
        reason="the run ended before the last page",
        estimated_reads=source.largest_page,
        run_id=job.run_id,
        now=job.now,
    )


def _fetch(
    job: JobContext, source: Source, budget: Budget | None, span: Span, wanted: int
) -> tuple[Page, Reservation | None]:
    """Ask for one page within the ceilings; a failed call gives its reservation back."""
    if budget is None:
        return source.fetch(span, limit=wanted), None
    wanted = max(wanted, source.smallest_page)
    reservation = budget.reserve(job, source.endpoint, wanted=wanted, least=source.smallest_page)
    try:
        return source.fetch(span, limit=reservation.units), reservation
    except TrendSparkError:
        with suppress(TrendSparkError):  # the body's own error is the one to tell; a leftover counts as used
            budget.release(job, reservation)
        raise


def _record_lost(job: JobContext, source: Source, lost: Span) -> None:
    """Record a range the service no longer searches, and move the cursor past it so that it is told once."""
    with job.store.transaction():
        gap_id = job.store.gaps.open(
            profile=job.profile,
            source=source.name,
            query=source.query,
            since_id=lost.since,
            until_id=lost.until,
            reason="older than the service searches",
            estimated_reads=0,
            run_id=job.run_id,
            now=job.now,
        )
        job.store.gaps.close(gap_id, "lost", job.now)
        if lost.until is not None:
            job.store.cursors.set(job.profile, source.name, source.query, lost.until, job.now)
    job.count("gaps_lost")


def estimate(job: JobContext, sources: Sequence[Source], budgets: Mapping[str, Budget]) -> None:
    """Say what a run would cost, without asking anyone: what runs of late cost, and what the ceilings allow at most."""
    reads = []
    for source in sources:
        budget = budgets.get(source.service)
        at_most = budget.remaining(job) if budget is not None else 0
        usual = min(at_most, job.store.audit.usual_reads(job.profile, source.name, source.query))
        price = budget.usd_per_unit if budget is not None else 0.0
        reads.append(
            {
                "source": source.name,
                "query": source.query,
                "reads_usual": usual,
                "reads_at_most": at_most,
                "usd_usual": round(usual * price, 4),
                "usd_at_most": round(at_most * price, 4),
            }
        )
        job.count("reads_usual", usual)
        job.counts["reads_at_most"] = at_most
    job.result["estimates"] = reads


def ingest_pages(job: JobContext, name: str, pages: Iterable[Page]) -> None:
    """Store pages of a file; reading a file again stores nothing twice, so no cursor is kept."""
    for page in pages:
        if job.dry_run:
            job.count("fetched", page.fetched)
            job.count("new", len({p[:2] for p in page.posts}) - job.store.posts.count_known(page.posts))
            job.count("rejected", len(page.rejections))
            continue
        with job.store.transaction():
            store_page(job, "file", name, page)
