"""What calls may cost and did cost: reserved before, settled after, shared by every process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.rows.spending import Reservation, Spent
from trendspark_cli.store.tables.connection import SPENDING, Connection

LEDGER_AHEAD = timedelta(days=2)  # later days in the books are those of a clock that was far ahead


@dataclass
class _Billed:
    """Ids of the posts that were read on a day, up to a row of the table."""

    day: str
    undone: int  # of the connection, when it was read
    last_id: int = 0
    ids: set[str] = field(default_factory=set)


class Spend:
    """Units (post reads, tokens) by UTC day."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._of_the_day: dict[str, _Billed] = {}  # by service
        self._sql = connection.queries("collecting")

    def used(self, service: str, first_day: str, last_day: str) -> int:
        """Return units used or reserved from *first_day* to *last_day* (YYYY-MM-DD, both included)."""
        period = {"service": service, "first": first_day, "last": last_day}
        return int(self._db.value(self._sql["used_and_reserved"], period))

    def used_only(self, service: str, first_day: str, last_day: str) -> int:
        """Return units settled in these days."""
        sql = "SELECT coalesce(sum(used), 0) FROM spend WHERE service = ? AND day BETWEEN ? AND ?"
        return int(self._db.value(sql, (service, first_day, last_day)))

    def reserved(self, service: str, first_day: str, last_day: str) -> int:
        """Return units set aside in these days and not settled."""
        sql = "SELECT coalesce(sum(units), 0) FROM spend_reservations WHERE service = ? AND day BETWEEN ? AND ?"
        return int(self._db.value(sql, (service, first_day, last_day)))

    def spent_now(self, service: str, today: str, profile: str | None = None) -> Mapping[str, Spent]:
        """Return by period (`day`, `month`) what was settled up to *today* (YYYY-MM-DD) and what is set aside.

        By all, or by one *profile*.
        """
        self._db.hold(SPENDING + service)  # who looks and then reserves is alone
        period = {"service": service, "first": f"{today[:8]}01", "today": today, "profile": profile}
        with self._db.errors():
            row = self._db.execute(self._sql["spent_now"], period).fetchone()
        return {"day": Spent(*row[:4]), "month": Spent(*row[4:])}

    def used_by_day(self, service: str, first_day: str, last_day: str, without: str = "") -> dict[str, int]:
        """Return units settled on each of these days that has any, those of the kind *without* aside."""
        period = {"service": service, "first": first_day, "last": last_day, "without": without}
        with self._db.errors():
            return dict(self._db.execute(self._sql["used_by_day"], period).fetchall())

    def profiles_in(self, service: str, first_day: str, last_day: str) -> list[str]:
        """Return the profiles that used anything of a service in these days, or have set something aside."""
        period = {"service": service, "first": first_day, "last": last_day}
        return [str(row["profile"]) for row in self._db.rows(self._sql["spending_profiles"], period)]

    def bill(self, service: str, ids: Sequence[str], today: str) -> int:
        """Note that these posts were read *today* (YYYY-MM-DD); return how many of them were not read before today.

        Call inside a transaction. A page is one row: a row for each post would cost a tenth of storing the post.
        """
        self._db.hold(SPENDING + service)
        billed = self._billed(service, today)
        fresh = set(ids) - billed.ids
        if fresh:
            self._db.execute(self._sql["bill"], (today, service, " ".join(fresh)))
        return len(fresh)

    def billed(self, service: str, ids: Sequence[str], today: str) -> set[str]:
        """Return which of these posts were read *today* before, so that reading them again costs nothing."""
        return self._billed(service, today).ids & set(ids)

    def _billed(self, service: str, today: str) -> _Billed:
        """Return the posts of the day so far: what this process has seen of them, and what others added."""
        billed = self._of_the_day.get(service)
        if billed is None or (billed.day, billed.undone) != (today, self._db.undone):
            billed = self._of_the_day[service] = _Billed(today, self._db.undone)
        for row in self._db.rows(self._sql["billed_since"], (today, service, billed.last_id)):
            billed.ids.update(row["source_ids"].split())
            billed.last_id = row["id"]
        return billed

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
        """Set *units* and *usd* aside for one call and return the reservation's id; call inside a transaction."""
        self._db.hold(SPENDING + service)
        today, latest = to_text(now)[:10], to_text(now + LEDGER_AHEAD)[:10]
        # The books never go back a day: what a clock that is behind buys belongs to the day it will be again.
        day = self._db.value(self._sql["ledger_day"], {"service": service, "today": today, "latest": latest}) or today
        row = (day, service, profile, kind, units, usd, run_id, to_text(now))
        return self._db.insert(self._sql["reserve"], row)

    def settle(self, reservation_id: int, used: int, usd: float) -> None:
        """Replace a reservation by what the call really used, on the day it was made."""
        service = self._db.value("SELECT service FROM spend_reservations WHERE id = ?", (reservation_id,))
        if service is None:
            return
        self._db.hold(SPENDING + service)
        row = self._db.rows(
            "DELETE FROM spend_reservations WHERE id = ? RETURNING day, service, profile, kind", (reservation_id,)
        )
        if row and (used or usd):
            found = row[0]
            self._db.execute(
                self._sql["add_spend"],
                (found["day"], found["service"], found["profile"], found["kind"], used, usd),
            )

    def settle_dead_runs(self, service: str, usd_per_unit: float) -> int:
        """Count reservations of runs that died as used, since the service may have billed them; return the units."""
        self._db.hold(SPENDING + service)
        left = self._db.records(Reservation, self._sql["reservations_of_dead_runs"], (service,))
        for one in left:
            self.settle(one.id, one.units, one.usd or one.units * usd_per_unit)
        return sum(one.units for one in left)
