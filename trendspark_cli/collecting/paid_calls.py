"""Ask for a page within the ceilings: reserved before the call, given back when it failed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from trendspark_cli.base.errors import TrendSparkError, UpstreamError
from trendspark_cli.base.metric_kinds import Increase
from trendspark_cli.base.metrics import COSTS, READS
from trendspark_cli.base.models import Page, Span
from trendspark_cli.collecting.source import Source
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget, Reservation

LOOK_UP = "tweets"  # what counts read again are booked under, whether an answer came or was lost

T = TypeVar("T")


def reserve_page(job: JobContext, source: Source, budget: Budget | None, wanted: int) -> Reservation | None:
    """Set aside what the next page may cost; raise CeilingReachedError when not even the smallest page fits."""
    if budget is None:
        return None
    if not source.is_billed_by_post:
        return budget.reserve(job, source.endpoint, wanted=1, least=1)
    wanted = max(wanted, source.smallest_page)
    return budget.reserve(job, source.endpoint, wanted=wanted, least=source.smallest_page)


def fetch_page(
    job: JobContext, source: Source, budget: Budget | None, span: Span, wanted: int, reservation: Reservation | None
) -> Page:
    """Return one page of *span* within its reservation; the caller settles in the page's transaction."""
    if budget is None or reservation is None:
        return source.fetch(span, limit=wanted)
    limit = reservation.units if source.is_billed_by_post else wanted
    return paid(job, budget, reservation, lambda: source.fetch(span, limit=limit))


def paid_counts(
    job: JobContext, source: Source, budget: Budget | None, ids: list[str], billed: int
) -> tuple[Page, Reservation | None]:
    """Return present counts of *ids* and what was reserved for the *billed* ones among them."""
    units = billed if source.is_billed_by_post else 1
    if budget is None or units == 0:
        return source.fetch_counts(ids), None
    reservation = budget.reserve(job, LOOK_UP, wanted=units, least=units)
    return paid(job, budget, reservation, lambda: source.fetch_counts(ids)), reservation


def paid(job: JobContext, budget: Budget, reservation: Reservation, call: Callable[[], T]) -> T:
    """Make one call within its reservation.

    When it fails, the reservation is given back if the service cannot have billed it; else all of it is booked, and the
    error says how much that was.
    """
    try:
        return call()
    except TrendSparkError as failure:
        with suppress(TrendSparkError):  # the call's own error is the one that matters; a leftover counts as used
            if isinstance(failure, UpstreamError) and failure.may_be_billed and budget.usd_per_unit:
                _book(job, budget, reservation, failure)
            else:
                budget.release(job, reservation)
        raise


def _book(job: JobContext, budget: Budget, reservation: Reservation, failure: UpstreamError) -> None:
    """Count all that was set aside as used: the answer may have held it."""

    def book() -> float:
        usd = budget.settle(job, reservation, reservation.units)
        job.store.totals.add(paid_increases(budget.service, reservation.kind, reservation.units, usd))
        return usd

    failure.booked_usd = job.write(book)
    failure.booked = reservation.units


def paid_increases(source: str, endpoint: str, reads: int, usd: float) -> list[Increase]:
    """Return what paid reads add to the metrics of their source; nothing for a source that has none."""
    kind = SOURCES.get(source)
    if kind is None or not kind.reads_metric:
        return []
    return [READS[kind.reads_metric].by(reads, endpoint=endpoint), COSTS[kind.cost_metric].by(usd)]
