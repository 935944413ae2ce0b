"""Whether this host's clock is that of the database: all hosts write times into it, and rank by them."""

from __future__ import annotations

from datetime import timedelta

from trendspark_cli.base.clock import Clock, duration_words, utc_now
from trendspark_cli.base.errors import IntegrityError
from trendspark_cli.store.protocol import Store

MOST_APART = timedelta(seconds=60)


def clock_doubt(store: Store, clock: Clock = utc_now) -> str:
    """Return in words how far this clock is from the database's, when that is too far; else nothing."""
    lead = store.upkeep.clock_lead(clock)
    if abs(lead) <= MOST_APART:
        return ""
    way = "ahead of" if lead > timedelta() else "behind"
    return f"this host's clock is {duration_words(abs(lead))} {way} that of the database"


def check_server_clock(store: Store, clock: Clock = utc_now) -> None:
    """Raise IntegrityError when this clock is more than a minute from the database's."""
    if doubt := clock_doubt(store, clock):
        raise IntegrityError(doubt, hint="set the clocks (`timedatectl`); nothing was ranked")
