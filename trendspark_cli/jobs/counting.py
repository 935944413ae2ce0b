"""Count before buying: posts of a query are bought only when there are more of them than its week lets one expect."""

from __future__ import annotations

import logging
from datetime import datetime

from trendspark_cli.budget import Budget
from trendspark_cli.job_context import JobContext
from trendspark_cli.jobs.gap_keeping import record_unbought
from trendspark_cli.jobs.page_storing import store_page
from trendspark_cli.jobs.paid_calls import paid
from trendspark_cli.models import Page, Span
from trendspark_cli.sources.protocol import Counted, Counter, Source
from trendspark_cli.volume import judge

log = logging.getLogger(__name__)


def worth_reading_from(
    job: JobContext, source: Source, counter: Counter, budget: Budget | None, cursor: str
) -> str | None:
    """Return where to read from, or None when the volume is as usual: then nothing is bought and the cursor stays.

    When it departs after a quiet time, only the last one to two hours are bought; what lies between the cursor and
    them is recorded as not bought, and the cursor moves there.
    """
    counted = _count(job, source, counter, budget)
    verdict = judge(counted.slices)
    log.info(
        "counted x query=%s observed=%d expected=%.1f score=%.1f departs=%s",
        source.query,
        verdict.observed,
        verdict.expected,
        verdict.score,
        verdict.departs,
    )
    if not verdict.departs or verdict.since is None:
        job.count("quiet")
        return None
    begin = counter.place_at(verdict.since)
    if int(begin) <= int(cursor):
        return cursor
    record_unbought(job, source, Span(since=cursor, until=begin), _posts_before(counted, verdict.since))
    return begin


def _count(job: JobContext, source: Source, counter: Counter, budget: Budget | None) -> Counted:
    """Return the counts, paid for like one read and on record like a page."""
    reservation = budget.reserve(job, counter.endpoint, wanted=1, least=1) if budget is not None else None
    counted = (
        counter.count() if reservation is None or budget is None else paid(job, budget, reservation, counter.count)
    )
    page = Page(posts=(), fetched=0, reads=1, endpoint=counter.endpoint, request_id=counted.request_id)
    with job.store.transaction():
        usd = budget.settle(job, reservation, 1) if budget is not None and reservation is not None else 0.0
        store_page(job, source.name, source.query, page, usd=usd)
    job.count("counted")
    return counted


def _posts_before(counted: Counted, moment: datetime) -> int:
    return sum(slice.posts for slice in counted.slices if slice.end <= moment)
