"""Times that only our clock vouches for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from trendspark_cli.store.rows.stored_times import LateTimes


class StoredTimes(Protocol):
    """Which of them are later than they can be, and how they are taken back."""

    def later_than(self, now: datetime) -> list[LateTimes]:
        """Return by kind the times that are later than *now* plus the longest that kind can mean."""

    def take_back(self, kinds: Collection[str], now: datetime) -> None:
        """Replace those of these kinds by what they can be; call inside a transaction."""
