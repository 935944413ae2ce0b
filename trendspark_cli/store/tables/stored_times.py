"""Times that a clock stored: which are later than they can be, and how they are taken back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.named_queries import together
from trendspark_cli.store.rows.stored_times import BOUNDS, LateTimes
from trendspark_cli.store.tables.connection import Connection

_STATEMENTS = {  # by kind: what finds it, and what takes it back
    "back_off": ("late_back_off", "heal_back_off"),
    "pause": ("late_pause", "heal_pause"),
    "attempt": ("late_attempt", "heal_attempt"),
    "lease": ("late_lease", "heal_lease"),
    "send": ("late_send", "heal_send"),
    "notice": ("late_notice", "heal_notice"),
    "count": ("late_count", "heal_count"),
    "streak": ("late_streak", "heal_streak"),
    "schedule": ("late_schedule", "heal_schedule"),
    "incident": ("late_incident", "heal_incident"),
    "call": ("late_call", "heal_call"),
    "spend": ("late_spend", "heal_spend", "heal_spend_rest"),
    "reservation": ("late_reservation", "heal_reservation"),
    "billed": ("late_billed", "heal_billed"),
    "trend": ("late_trend", "heal_trend"),
    "memory": ("late_memory", "heal_memory_of_topics", "heal_memory_of_posts", "heal_memory_of_authors"),
    "hold": ("late_hold", "heal_hold"),
}


class StoredTimes:
    """Every kind of time that only our clock vouches for."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("stored_times")
        self._find_all = together({kind: self._sql[names[0]] for kind, names in _STATEMENTS.items()}, "latest")

    def later_than(self, now: datetime) -> list[LateTimes]:
        """Return by kind the times that are later than *now* plus the longest that kind can mean."""
        latest = {bound.kind: to_text(now + bound.longest) for bound in BOUNDS}
        with self._db.errors():
            rows = self._db.execute(self._find_all, latest).fetchall()
        late = {kind: (number, newest) for kind, number, newest in rows if number}
        return [
            LateTimes(bound.kind, bound.what, *late[bound.kind], needs_witness=bound.needs_witness)
            for bound in BOUNDS
            if bound.kind in late
        ]

    def take_back(self, kinds: Collection[str], now: datetime) -> None:
        """Replace those of these kinds by what they can be; call inside a transaction."""
        for bound in BOUNDS:
            if bound.kind not in kinds:
                continue
            values = {"latest": to_text(now + bound.longest), "now": to_text(now)}
            for name in _STATEMENTS[bound.kind][1:]:
                self._db.execute(self._sql[name], values)
