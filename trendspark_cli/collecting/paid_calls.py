"""Ask for a page within the ceilings: reserved before the call, given back when it failed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.models import Page, Span
from trendspark_cli.collecting.source import Source
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget, Reservation

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


def paid_look_up(
    job: JobContext, source: Source, budget: Budget | None, ids: list[str], billed: int
) -> tuple[Page, Reservation | None]:
    """Return present counts of *ids* and what was reserved for the *billed* ones among them."""
    units = billed if source.is_billed_by_post else 1
    if budget is None or units == 0:
        return source.look_up(ids), None
    reservation = budget.reserve(job, "look_up", wanted=units, least=units)
    return paid(job, budget, reservation, lambda: source.look_up(ids)), reservation


def paid(job: JobContext, budget: Budget, reservation: Reservation, call: Callable[[], T]) -> T:
    """Make one call within its reservation, and give that back when the call failed."""
    try:
        return call()
    except TrendSparkError:
        with suppress(TrendSparkError):  # the call's own error is the one to tell; a leftover counts as used
            budget.release(job, reservation)
        raise
