"""Store one page: posts, audit row, totals. Always inside the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import TrendSparkError, UpstreamError
from trendspark_cli.base.metrics import INGEST_CYCLES, INGEST_ITEMS, INGEST_REJECTED, MOST_SOURCES, OTHER_SOURCE
from trendspark_cli.base.models import Page, Post, Rejection
from trendspark_cli.base.redaction import redact
from trendspark_cli.collecting.paid_calls import paid_increases
from trendspark_cli.collecting.source import Source
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget
from trendspark_cli.store.rows.collecting import PageOutcome


def store_page(
    job: JobContext,
    source: str,
    query: str,
    page: Page,
    *,
    usd: float = 0.0,
    audit_id: int | None = None,
) -> int:
    """Store the posts of *page*, its audit row and its metrics; return the id of the audit row.

    *usd* is what it cost. *audit_id* names a row to extend instead of a new one.
    """
    page = _without_forgotten(job, page)
    new_by_source: dict[str, int] = {}
    new = updated = 0
    refused: list[Post] = []
    told: list[Rejection] = []
    names = list(dict.fromkeys([post.source for post in page.posts]))  # one, but for files
    for name in names:
        posts = page.posts if len(names) == 1 else [post for post in page.posts if post.source == name]
        outcome = job.store.posts.save(posts, job.now)
        new_by_source[name] = outcome.new
        new, updated = new + outcome.new, updated + outcome.updated
        refused += [posts[each.place] for each in outcome.refused]
        told += [Rejection(each.reason, ascii(posts[each.place].source_id)[1:-1][:40]) for each in outcome.refused]
    outcome = PageOutcome(new, updated)
    page = _without_refused(page, refused, told)
    if audit_id is None:
        audit_id = job.store.audit.add(job.recorded_id, job.profile, source, query, page, outcome, job.now, usd=usd)
    else:
        job.store.audit.extend(audit_id, page, outcome, usd=usd)
    job.record_calls()
    rejected = Counter(rejection.reason for rejection in page.rejections)
    labels = _labels(job, names)
    increases = [INGEST_ITEMS.by(n, source=labels[name]) for name, n in new_by_source.items()]
    increases += [INGEST_REJECTED.by(n, source=source, reason=reason) for reason, n in rejected.items()]
    if page.reads:
        increases += paid_increases(source, page.endpoint, page.reads, usd)
    if not job.progress.has_page:
        increases.append(INGEST_CYCLES.by(1))
    job.progress.has_page = True
    job.progress.has_posts |= page.fetched > 0
    job.store.totals.add(increases)
    job.count("pages")
    job.count("fetched", page.fetched)
    job.count("new", new)
    job.count("updated", updated)
    job.count("rejected", len(page.rejections))
    if rejected:
        job.count_by("rejected_by_reason", rejected)
    if page.reads:
        job.count("reads", page.reads)
    return audit_id


def as_billed(job: JobContext, service: str, page: Page) -> Page:
    """Return *page* with the units it costs: a post is billed once a UTC day, whoever reads it; call before settling.

    Items without an id cannot be told apart, so each of them counts. While the service says that our clock is wrong
    nobody knows which day its bill is of: then all of them count, and none is remembered as paid.
    """
    if not page.billed_ids or job.witness.contradicts:
        return page
    fresh = job.store.spend.bill(service, page.billed_ids, to_text(job.now)[:10])
    return page._replace(reads=fresh + page.reads - len(page.billed_ids))


def _without_forgotten(job: JobContext, page: Page) -> Page:
    """Refuse posts that an operator had to forget: they must not come back with the next page."""
    if not job.store.tombstones.exist():
        return page
    gone: list[int] = []
    for name in dict.fromkeys(post.source for post in page.posts):
        places = [place for place, post in enumerate(page.posts) if post.source == name]
        pairs = [(p.source_id, p.author, p.author_name) for p in (page.posts[place] for place in places)]
        gone += [places[number] for number in job.store.tombstones.buried(name, pairs)]
    refused = tuple(Rejection("forgotten", page.posts[place].source_id) for place in sorted(gone))
    kept = tuple(post for place, post in enumerate(page.posts) if place not in set(gone))
    return page._replace(posts=kept, rejections=page.rejections + refused)


def _without_refused(page: Page, refused: Sequence[Post], told: Sequence[Rejection]) -> Page:
    """Count posts that were not stored as rejected: the database did not take them (the log says why), or conflicts."""
    if not refused:
        return page
    ids = {id(post) for post in refused}
    kept = tuple(post for post in page.posts if id(post) not in ids)
    return page._replace(posts=kept, rejections=page.rejections + tuple(told))


def _labels(job: JobContext, names: Sequence[str]) -> Mapping[str, str]:
    """Return the value of the label `source` for each of these: files may name any source, and series are for ever."""
    labels = {name: name for name in names if name in SOURCES}
    if len(labels) < len(names):
        known = {*job.store.totals.values_of(INGEST_ITEMS.name, "source"), *SOURCES}
        for name in names:
            if name in known or len(known) < MOST_SOURCES:
                known.add(name)
                labels[name] = name
            labels.setdefault(name, OTHER_SOURCE)
    return labels


def record_failure(job: JobContext, source: Source, failure: TrendSparkError, budget: Budget | None = None) -> None:
    """Give a source's failure its audit row: which query, and what went wrong. An empty account queues an alert."""
    booked, usd = (failure.booked, failure.booked_usd) if isinstance(failure, UpstreamError) else (0, 0.0)
    page = Page(posts=(), fetched=0, endpoint=source.endpoint, reads=booked)

    def record() -> None:
        job.record_calls()
        job.store.audit.add(
            job.recorded_id,
            job.profile,
            source.name,
            source.query,
            page,
            PageOutcome(0, 0),
            job.now,
            usd=usd,
            error=redact(str(failure)),
        )
        if isinstance(failure, UpstreamError) and failure.place is not None:
            job.store.cursors.set(job.profile, source.name, source.query, failure.place, job.now)
        if budget is not None and isinstance(failure, UpstreamError) and failure.is_account_empty:
            budget.tell_of_empty_account(job, failure)

    job.write(record)
