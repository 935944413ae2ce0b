"""What calls cost."""

from __future__ import annotations

from typing import NamedTuple


class Spent(NamedTuple):
    """What a service used in some days, and what is set aside for calls under way."""

    used: int = 0  # units
    reserved: int = 0
    used_usd: float = 0.0
    reserved_usd: float = 0.0


class Reservation(NamedTuple):
    """Units, and what they cost at most, set aside for one call on a day (YYYY-MM-DD) and not settled."""

    id: int
    day: str
    service: str
    profile: str
    kind: str
    units: int
    usd: float
