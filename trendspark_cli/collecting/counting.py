"""Count before buying: posts of a query are bought only when its last hour exceeds the busiest of its days."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from trendspark_cli.base.errors import CeilingReachedError, ConfigError, UpstreamError
from trendspark_cli.base.models import Page
from trendspark_cli.collecting.gap_keeping import record_unbought
from trendspark_cli.collecting.page_storing import record_failure, store_page
from trendspark_cli.collecting.paid_calls import paid
from trendspark_cli.collecting.profile_sources import ProfileSource
from trendspark_cli.collecting.source import Counted, Counter, Source
from trendspark_cli.collecting.volume import hours_of, judge_volume
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget

EACH_AFTER = timedelta(minutes=55)  # about an hour, a run that begins early included: a count covers the last two hours

log = logging.getLogger(__name__)


def worth_reading_from(
    job: JobContext, source: Source, counter: Counter, budget: Budget | None, cursor: str
) -> str | None:
    """Return where to read from, or None when the volume is as expected: then nothing is bought and the cursor stays.

    When it departs after a quiet time, only the last one to two hours are bought; what lies between the cursor and
    them is recorded as not bought, and the cursor moves there.
    """
    counted = _count(job, source, counter, budget, source.query)
    job.write(
        lambda: job.store.volumes.note_counted(
            job.profile, source.name, source.query, hours_of(counted.slices), job.now
        )
    )
    reading = judge_volume(counted.slices)
    log.info(
        "counted %s query=%s observed=%d usual_peak=%.1f score=%.2f departs=%s",
        source.name,
        source.query,
        reading.observed,
        reading.usual_peak,
        reading.score,
        reading.departs,
    )
    if not reading.departs or reading.since is None:
        job.count("quiet")
        return None
    begin = counter.place_at(reading.since)
    if int(begin) <= int(cursor):
        return cursor
    record_unbought(job, source, since=cursor, until=begin, posts=_posts_before(counted, reading.since))
    return begin


def feeds_worth_reading(job: JobContext, profile_sources: Sequence[ProfileSource]) -> list[ProfileSource]:
    """Return the profile sources that are to be counted by themselves: all but those whose sum is as expected.

    One request counts as many queries as X takes in one. If it fails, each profile source's own count meets and records
    the failure. Once an hour all are counted by themselves: a busy query hides the burst of a quiet one.
    """
    counted = [
        profile_source
        for profile_source in profile_sources
        if profile_source.source.counter is not None and _cursor(profile_source) is not None
    ]
    counter = counted[0].source.counter if counted else None
    if counter is None:
        return list(profile_sources)
    quiet: set[str] = set()
    groups = _together(counter, counted)
    if groups:
        is_due = job.write(lambda: job.store.notice_after("counts:each", job.now, EACH_AFTER))
        groups = [] if is_due else groups
    for query, members in groups:
        try:
            is_quiet = not _stirs(job, counted[0], counter, query)
        except (UpstreamError, ConfigError, CeilingReachedError) as failure:
            log.info("queries were not counted together: %s", failure)
            if isinstance(failure, UpstreamError) and failure.booked:
                record_failure(job, counted[0].source, failure)
            break
        if is_quiet:
            quiet |= set(members)
    still = {id(profile_source) for profile_source in counted if profile_source.source.query in quiet}
    if still:
        job.count("quiet", len(still))
    return [profile_source for profile_source in profile_sources if id(profile_source) not in still]


def _together(counter: Counter, profile_sources: Sequence[ProfileSource]) -> list[tuple[str, tuple[str, ...]]]:
    """Return queries that stand for at least two of these profile sources' each, with those they stand for."""
    groups = counter.together([profile_source.source.query for profile_source in profile_sources])
    return [(query, members) for query, members in groups if len(members) > 1]


def _stirs(job: JobContext, profile_source: ProfileSource, counter: Counter, query: str) -> bool:
    """Tell whether a query that stands for several finds more than expected; no profile pays for that count alone."""
    budget = profile_source.budget.without_shares() if profile_source.budget is not None else None
    reading = judge_volume(_count(job, profile_source.source, counter, budget, query).slices)
    log.info(
        "counted together %s query=%s score=%.2f stirs=%s",
        profile_source.source.name,
        query,
        reading.score,
        reading.stirs,
    )
    return reading.stirs


def _cursor(profile_source: ProfileSource) -> str | None:
    return profile_source.job.store.cursors.get(
        profile_source.job.profile, profile_source.source.name, profile_source.source.query
    )


def _count(job: JobContext, source: Source, counter: Counter, budget: Budget | None, query: str) -> Counted:
    """Return the counts, paid for like one read and on record like a page."""
    reservation = budget.reserve(job, counter.endpoint, wanted=1, least=1) if budget is not None else None
    if reservation is None or budget is None:
        counted = counter.count(query)
    else:
        counted = paid(job, budget, reservation, lambda: counter.count(query))
    page = Page(posts=(), fetched=0, reads=1, endpoint=counter.endpoint, request_id=counted.request_id)

    def store() -> None:
        usd = budget.settle(job, reservation, 1) if budget is not None and reservation is not None else 0.0
        store_page(job, source.name, query, page, usd=usd)

    job.write(store)
    job.count("counted")
    return counted


def _posts_before(counted: Counted, moment: datetime) -> int:
    return sum(slice.posts for slice in counted.slices if slice.end <= moment)
