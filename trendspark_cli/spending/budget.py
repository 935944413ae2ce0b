"""Spending ceilings: every billed call is reserved before it is made and settled after it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from trendspark_cli.alerts.alert_texts import account_alert, budget_alert
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.errors import CeilingReachedError, UpstreamError
from trendspark_cli.base.models import Ceiling
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.spending import Spent

Ledger = Mapping[Ceiling, Spent]

UNLIMITED = 2**53
WARN_AT_PERCENT = 80


class Reservation(NamedTuple):
    """Units set aside for one call, and what they cost at most."""

    id: int
    units: int
    usd: float = 0.0
    kind: str = ""  # what was to be called


@dataclass(frozen=True)
class Budget:
    """What one service may cost. `unit` is the plural of what it counts; `usd_per_unit` is its highest price."""

    service: str
    ceilings: tuple[Ceiling, ...] = ()
    usd_per_unit: float = 0.0
    unit: str = "reads"
    when_reached: str = ""  # what becomes of the work, for the operator
    alerts_are_muted: bool = False

    def with_shares(self, shares: tuple[Ceiling, ...]) -> Budget:
        """Return this budget as one profile may use it: within its shares, too."""
        return replace(self, ceilings=(*shares, *self.ceilings)) if shares else self

    def without_shares(self) -> Budget:
        """Return this budget as it is for all together."""
        return replace(self, ceilings=tuple(ceiling for ceiling in self.ceilings if ceiling.profile is None))

    def remaining(self, job: JobContext, usd_per_unit: float | None = None) -> int:
        """Return how many units may still be used now, at this price (USD) or the highest one."""
        left = self._units_left(self._spent(job), self.usd_per_unit if usd_per_unit is None else usd_per_unit)
        return max(0, min(left, default=UNLIMITED))

    def reserve(
        self,
        job: JobContext,
        kind: str,
        *,
        wanted: int,
        least: int,
        usd_per_unit: float | None = None,
        part: float = 0.0,
    ) -> Reservation:
        """Set aside up to *wanted* units, or that *part* of what is left when it is more.

        Raises CeilingReachedError when fewer than *least* are left.

        Looking and reserving are one transaction, so that two processes cannot both take the last unit.
        """
        price = self.usd_per_unit if usd_per_unit is None else usd_per_unit

        def reserve() -> Reservation | Ceiling:
            spent = self._spent(job)
            left = self._units_left(spent, price)
            units = min(max(wanted, int(part * min(left, default=0))), *left, UNLIMITED)
            if units >= least:
                usd = units * price
                made = job.store.spend.reserve(self.service, job.profile, kind, units, job.run_id, job.now, usd)
                return Reservation(made, units, usd, kind)
            reached = self.ceilings[left.index(min(left))]
            self._tell(job, reached, 100, spent)
            return reached

        made = job.write(reserve)
        if isinstance(made, Ceiling):
            raise self._refusal(job, made)
        return made

    def settle(self, job: JobContext, reservation: Reservation, used: int, usd: float | None = None) -> float:
        """Replace the reservation by what the call used and return its price in USD; call inside a transaction.

        The operator is told when that takes a ceiling past 80 % or to its end.
        """
        usd = used * self.usd_per_unit if usd is None else usd
        job.store.spend.settle(reservation.id, used, usd)
        spent = self._spent(job) if self.ceilings else {}
        for ceiling in self.ceilings:
            percent = 100 * used_part(ceiling, spent[ceiling], with_reserved=False)
            if percent >= WARN_AT_PERCENT:
                self._tell(job, ceiling, 100 if percent >= 100 else WARN_AT_PERCENT, spent)
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
        """Give a reservation back: the call cannot have been billed."""
        job.write(lambda: job.store.spend.settle(reservation.id, 0, 0.0))

    def tell_of_empty_account(self, job: JobContext, failure: UpstreamError) -> None:
        """Tell the operator, once a day, that the service itself gives nothing more; call inside a transaction."""
        key = f"budget:{self.service}:account:{to_text(job.now)[:10]}"
        alert = account_alert(key, self.service, str(failure), failure.hint)
        job.store.notifications.queue(alert, job.now, muted=self.alerts_are_muted)

    def _spent(self, job: JobContext) -> Ledger:
        """Return what counts against each ceiling: what all used, or of a share what its profile did."""
        today = to_text(job.now)[:10]
        profiles = {ceiling.profile for ceiling in self.ceilings}
        spent = {profile: job.store.spend.spent_now(self.service, today, profile) for profile in profiles}
        return {ceiling: spent[ceiling.profile][ceiling.period] for ceiling in self.ceilings}

    def _units_left(self, spent: Ledger, price: float) -> list[int]:
        """Return how many units each ceiling leaves."""
        return [_units_left(ceiling, spent[ceiling], price) for ceiling in self.ceilings]

    def _tell(self, job: JobContext, ceiling: Ceiling, percent: int, spent: Ledger) -> None:
        if not ceiling.limit:  # switched off by its owner, so it is no news
            return
        now = spent[ceiling]
        used = f"${now.used_usd:.2f}" if ceiling.is_in_usd else f"{now.used} {self.unit}"
        period = f"{ceiling.period} {to_text(job.now)[: 10 if ceiling.period == 'day' else 7]}"
        alert = budget_alert(self.service, period, percent, used, self._limit(ceiling), ceiling)
        job.store.notifications.queue(alert, job.now, muted=self.alerts_are_muted)

    def _limit(self, ceiling: Ceiling) -> str:
        return f"${ceiling.limit:g}" if ceiling.is_in_usd else f"{ceiling.limit:.0f} {self.unit}"

    def _refusal(self, job: JobContext, ceiling: Ceiling) -> CeilingReachedError:
        period = ceiling.period
        day = to_text(job.now)[:10]
        hint = f"raise {ceiling.setting}, or wait for the next {period} (UTC)"
        whose = f":{ceiling.profile}" if ceiling.profile else ""
        what = f"share of profile {ceiling.profile}" if ceiling.profile else "ceiling"
        return CeilingReachedError(
            f"{self.service}: the {what} of {self._limit(ceiling)} for this {period} is reached",
            key=f"ceiling:{self.service}:{day if period == 'day' else day[:7]}{whose}",
            hint=f"{hint}; {self.when_reached}" if self.when_reached else hint,
        )


def used_part(ceiling: Ceiling, spent: Spent, *, with_reserved: bool = True) -> float:
    """Return which part of a ceiling is used (and reserved); 1 for a ceiling of nothing."""
    if ceiling.is_in_usd:
        used = spent.used_usd + (spent.reserved_usd if with_reserved else 0.0)
    else:
        used = spent.used + (spent.reserved if with_reserved else 0)
    return used / ceiling.limit if ceiling.limit else 1.0


def _units_left(ceiling: Ceiling, spent: Spent, price: float) -> int:
    if not ceiling.is_in_usd:
        return int(ceiling.limit) - spent.used - spent.reserved
    left = ceiling.limit - spent.used_usd - spent.reserved_usd
    # A hair more than a whole number of units is what binary fractions leave of one.
    return math.floor(left / price + 1e-6) if price else UNLIMITED
