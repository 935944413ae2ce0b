"""What is set aside for posts that a service sends unasked: nobody can give back what has been delivered.

A connection is closed before more has come than is set aside, however long a commit takes.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from trendspark_cli.base.errors import CeilingReachedError
from trendspark_cli.collecting.arrivals import Arrivals
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget, Reservation

RESERVED_READS = 100  # at a time, or more than the busiest moment needs
RESERVED_PART = 0.02  # of what a ceiling leaves, when that is more: a burst far from it is no reason to hang up
LEAST_READS = 10  # or what a busy moment needs: with less left the connection is closed, before more may come
ON_ITS_WAY = 25  # reads, or half of what is set aside: what comes until a connection is closed


class Payment(NamedTuple):
    """What was paid, and what is set aside from then on; when a *ceiling* ends the stream, for what still comes."""

    usd: float
    reservation: Reservation | None
    ceiling: CeilingReachedError | None = None


class Prepaid:
    """One reservation after the other. The taker sets `reservation` when what `pay` did is committed."""

    def __init__(self, budget: Budget, endpoint: str) -> None:
        self._budget = budget
        self._endpoint = endpoint
        self.arrivals = Arrivals()
        self.reservation: Reservation | None = None

    @property
    def is_bounded(self) -> bool:
        """Whether there is a ceiling at all."""
        return bool(self._budget.ceilings)

    @property
    def may_come(self) -> int:
        """Return how many posts may come before they are paid; the rest is for what is on its way by then."""
        if self.reservation is None:
            return 0
        units, on_its_way = self.reservation.units, max(ON_ITS_WAY, self.arrivals.most)
        return units - max(units // 4, min(on_its_way, units // 2))

    def begin(self, job: JobContext) -> None:
        """Set aside what a new connection may bring. Raises CeilingReachedError."""
        if self.reservation is None:
            self.reservation = self._next(job, LEAST_READS)

    def pay(self, job: JobContext, reads: int, *, is_last: bool, is_whole: bool) -> Payment:
        """Pay for what came and set aside what the next posts may cost; call inside a transaction.

        What has come meanwhile is covered by what was set aside before. So that much stays set aside when a ceiling
        ends the stream, and while something of a connection that has ended (*is_last*) is not paid (*is_whole*).
        """
        usd = self._budget.charge(job, self._endpoint, reads, self.reservation)
        ceiling: CeilingReachedError | None = None
        if not is_last:
            try:
                return Payment(usd, self._next(job, max(LEAST_READS, self.arrivals.most)))
            except CeilingReachedError as reached:
                ceiling = reached
        rest = 0 if self.reservation is None or is_whole else self.reservation.units - reads
        if rest > 0:
            with suppress(CeilingReachedError):  # it was set aside before, so there is as much
                return Payment(usd, self._budget.reserve(job, self._endpoint, wanted=rest, least=1), ceiling)
        return Payment(usd, None, ceiling)

    def give_back(self, job: JobContext) -> None:
        """Give back what was not needed; call inside a transaction, when nothing can come any more."""
        if self.reservation is not None:
            self._budget.settle(job, self.reservation, 0)

    def _next(self, job: JobContext, least: int) -> Reservation:
        wanted = max(RESERVED_READS, 2 * self.arrivals.most, 2 * self.arrivals.unpaid)
        return self._budget.reserve(job, self._endpoint, wanted=wanted, least=least, part=RESERVED_PART)
