"""Spending ceilings: every billed call is reserved before it is made and settled after it."""

from __future__ import annotations

from dataclasses import dataclass

from trendspark_cli.clock import to_text
from trendspark_cli.errors import CeilingReachedError
from trendspark_cli.job_context import JobContext


@dataclass(frozen=True)
class Reservation:
    """Units set aside for one call."""

    id: int
    units: int


@dataclass(frozen=True)
class Budget:
    """The ceilings of one service, in units (post reads) by UTC day and month."""

    service: str
    per_day: int
    per_month: int
    usd_per_unit: float

    def remaining(self, job: JobContext) -> int:
        """Return how many units may still be used now."""
        day = to_text(job.now)[:10]
        today = self.per_day - job.store.spend.used(self.service, day, day)
        this_month = self.per_month - job.store.spend.used(self.service, f"{day[:8]}01", day)
        return max(0, min(today, this_month))

    def reserve(self, job: JobContext, kind: str, *, wanted: int, least: int) -> Reservation:
        """Set aside up to *wanted* units; raise CeilingReachedError when fewer than *least* are left.

        Looking and reserving are one transaction, so that two processes cannot both take the last unit.
        """
        with job.store.transaction():
            units = min(wanted, self.remaining(job))
            if units < least:
                raise self._reached(job)
            made = job.store.spend.reserve(self.service, job.profile, kind, units, job.run_id, job.now)
        return Reservation(made, units)

    def settle(self, job: JobContext, reservation: Reservation, used: int) -> float:
        """Replace the reservation by what the call used and return its price in USD; call inside a transaction."""
        usd = used * self.usd_per_unit
        job.store.spend.settle(reservation.id, used, usd)
        return usd

    def charge(self, job: JobContext, kind: str, used: int, reservation: Reservation | None) -> float:
        """Count what was delivered without being asked for, within a reservation or beyond; call inside a transaction.

        Returns its price in USD. No ceiling can undo it: reserve before more may come.
        """
        made = reservation.id if reservation is not None else None
        if made is None:
            made = job.store.spend.reserve(self.service, job.profile, kind, used, job.run_id, job.now)
        return self.settle(job, Reservation(made, used), used)

    def release(self, job: JobContext, reservation: Reservation) -> None:
        """Give a reservation back: failed calls are free."""
        with job.store.transaction():
            job.store.spend.settle(reservation.id, 0, 0.0)

    def _reached(self, job: JobContext) -> CeilingReachedError:
        day = to_text(job.now)[:10]
        if self.per_day - job.store.spend.used(self.service, day, day) <= self.per_month - job.store.spend.used(
            self.service, f"{day[:8]}01", day
        ):
            period, limit, key = "day", self.per_day, day
        else:
            period, limit, key = "month", self.per_month, day[:7]
        setting = f"{self.service.upper()}_MAX_READS_PER_{period.upper()}"
        return CeilingReachedError(
            f"{self.service}: the ceiling of {limit} reads for this {period} is reached",
            key=f"ceiling:{self.service}:{key}",
            hint=f"raise {setting}, or wait for the next {period} (UTC); what is unread is kept as a gap",
        )
