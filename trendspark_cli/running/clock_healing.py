"""What a clock that was ahead has stored is bounded when it is read: told, taken back, counted.

A value later than now plus the longest it can mean is wrong. Or our clock is: so what costs or would be lost waits
for a second witness, the Date of an answer or the newest post that a service served; without one it is left, and told.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from trendspark_cli.base.clock import from_text
from trendspark_cli.base.clock_witness import TOLERATED
from trendspark_cli.base.metrics import CLOCK_HEALED
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.protocol import Store

LONGEST_SILENCE = timedelta(days=7)  # between the newest post and now, for what cannot be taken back
SERVED_LATELY = timedelta(hours=2)  # a post served so lately confirms a clock when no answer named its time

log = logging.getLogger(__name__)


def heal_times(job: JobContext, now: datetime) -> None:
    """Take back stored times that only a clock that was wrong can have made, as far as that costs nothing unproven."""
    if job.dry_run:
        return
    late = job.store.times.later_than(now)
    if not late:
        return
    is_proven = not is_behind(job.store, now) and not job.witness.contradicts
    healed = {one.kind for one in late if is_proven or not one.needs_witness}

    def heal() -> None:
        if healed:
            job.store.times.take_back(healed, now)
        for one in late:
            words = f"{one.number} of {one.what} later than now, the last one {one.newest}"
            if one.kind in healed:
                note_healed(job, one.kind, words, one.number)
            else:
                log.warning("the clock may be wrong: %s; left until a service confirms the time", words)
                job.count("times_left", one.number)

    job.write(heal)


def note_healed(job: JobContext, kind: str, what: str, count: int = 1) -> None:
    """Tell and count that something stored by a wrong clock was taken back; call inside a transaction."""
    log.warning("a clock was wrong: %s; taken back", what)
    job.count("times_healed", count)
    job.store.totals.add([CLOCK_HEALED.by(count, kind=kind)])


def clock_is_confirmed(job: JobContext, source: str) -> bool:
    """Tell whether a second witness says what our clock says: an answer of this run, else the newest post served."""
    if job.witness.ahead is not None:
        return job.witness.agrees
    served = newest_served(job.store, source)
    return served is not None and -TOLERATED <= job.now - served <= SERVED_LATELY


def is_behind(store: Store, now: datetime) -> bool:
    """Tell whether a service served a post that is made later than now, or never served one: nobody can say then."""
    served = newest_served(store)
    return served is None or served > now + TOLERATED


def may_be_ahead(job: JobContext) -> bool:
    """Tell whether now is so long after the newest post that a clock that is ahead may be the reason.

    What forgets by the clock waits then: the next run with posts does the same, if the clock was right. A file that was
    read lately may hold posts of any time.
    """
    collected = job.store.posts.newest_collected()
    if collected is not None and timedelta(0) <= job.now - collected <= LONGEST_SILENCE:
        return False
    newest = job.store.posts.newest_created(job.now)
    return newest is None or job.now - newest > LONGEST_SILENCE


def newest_served(store: Store, source: str | None = None) -> datetime | None:
    """Return when the newest post was made that a service (or this one) has served of late."""
    served = store.audit.newest_time(source)
    return None if served is None else from_text(served)
