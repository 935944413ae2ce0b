"""Read the counts of recent posts again: what a post had when it was minutes old does not show where it went."""

from __future__ import annotations

import logging
from datetime import timedelta

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import CeilingReachedError
from trendspark_cli.collecting.deletions import follow_deletions
from trendspark_cli.collecting.page_storing import as_billed, store_page
from trendspark_cli.collecting.paid_calls import paid_counts
from trendspark_cli.collecting.source import Source
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget

POSTS_PER_RUN = 100  # one request
LEAST_AGE = timedelta(minutes=30)  # since the counts were last read
RECENT = timedelta(hours=48)  # after that, counts hardly move

log = logging.getLogger(__name__)


def refresh_counts(job: JobContext, source: Source, budget: Budget | None) -> None:
    """Read present counts of up to 100 recent posts of the source's service, those that cost nothing first.

    X does not bill a post twice within a UTC day, so posts bought today are free. What the ceiling does not allow
    is left out: nothing is lost by it. A query that is counted before it is bought gets no counts that cost either.
    """
    if source.is_billed_by_post and job.witness.contradicts:
        log.warning(
            "counts were not read again: by the clock of %s it is another time, and maybe another day", source.name
        )
        job.count("refresh_left")
        return
    today = to_text(job.now)[:10]
    kind = SOURCES.get(source.name)
    found = job.store.posts.refreshable(
        source.name,
        job.now - RECENT,
        job.now - LEAST_AGE,
        today,
        POSTS_PER_RUN,
        edited=kind is None or not kind.edits_have_ids,
    )
    bought = job.store.spend.billed(source.service, found, today) if source.is_billed_by_post else set(found)
    free = [post_id for post_id in found if post_id in bought]
    billed = [post_id for post_id in found if post_id not in bought and source.counter is None]
    if budget is not None and source.is_billed_by_post:
        billed = billed[: budget.remaining(job)]
    ids = free + billed
    if not ids:
        return
    try:
        page, reservation = paid_counts(job, source, budget, ids, len(billed))
    except CeilingReachedError as reached:
        log.info("counts were not read again: %s", reached)
        return
    follow_deletions(job, source.name, page)

    def store() -> None:
        billed = as_billed(job, source.service, page)
        usd = budget.settle(job, reservation, billed.reads) if budget is not None and reservation is not None else 0.0
        store_page(job, source.name, "refresh", billed, usd=usd)
        job.store.posts.note_counts_read(source.name, ids, job.now)

    job.write(store)
    job.count("refreshed", len(page.posts))
