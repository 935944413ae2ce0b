"""What calls cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from trendspark_cli.store.rows.spending import Spent


class Spend(Protocol):
    """Units (post reads, tokens) by UTC day, shared by every process."""

    def used(self, service: str, first_day: str, last_day: str) -> int:
        """Return units used or reserved from *first_day* to *last_day*, both included."""

    def used_only(self, service: str, first_day: str, last_day: str) -> int:
        """Return units settled in these days."""

    def reserved(self, service: str, first_day: str, last_day: str) -> int:
        """Return units set aside in these days and not settled."""

    def spent_now(self, service: str, today: str, profile: str | None = None) -> Mapping[str, Spent]:
        """Return by period (`day`, `month`) what was settled up to *today* (YYYY-MM-DD) and what is set aside.

        By all, or by one *profile*.
        """

    def profiles_in(self, service: str, first_day: str, last_day: str) -> list[str]:
        """Return the profiles that used anything of a service in these days, or have set something aside."""

    def bill(self, service: str, ids: Sequence[str], today: str) -> int:
        """Note that these posts were read *today* (YYYY-MM-DD); return how many of them were not read before today."""

    def billed(self, service: str, ids: Sequence[str], today: str) -> set[str]:
        """Return which of these posts were read *today* before, so that reading them again costs nothing."""

    def used_by_day(self, service: str, first_day: str, last_day: str, without: str = "") -> dict[str, int]:
        """Return units settled on each of these days that has any, those of the kind *without* aside."""

    def reserve(
        self,
        service: str,
        profile: str,
        kind: str,
        units: int,
        run_id: int | None,
        now: datetime,
        usd: float = 0.0,
    ) -> int:
        """Set units, and what they cost at most, aside for one call and return the reservation's id."""

    def settle(self, reservation_id: int, used: int, usd: float) -> None:
        """Replace a reservation by what the call really used."""

    def settle_dead_runs(self, service: str, usd_per_unit: float) -> int:
        """Count reservations of runs that died as used; return the units."""
