"""When not to archive: each guard says what was seen, and how to go on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from trendspark_cli.base.clock import duration_text, from_text, to_text
from trendspark_cli.base.errors import ConfigError, IntegrityError
from trendspark_cli.base.retention import LEAST, LEAST_OF_FREE_SOURCES, Cutoff, Retention
from trendspark_cli.base.setting_specs import variable_of
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.store.protocol import Store

CLOCK_TOLERANCE = timedelta(minutes=5)
LONGEST_SILENCE = timedelta(days=7)  # between the newest thing on record and now
RUNS_LOOKED_AT = 20
CHECKED = "the database was checked"  # a key of notices
CHECKED_EVERY = timedelta(hours=20)  # a run that begins a little early tomorrow checks it again
CHECK_SECONDS, DRY_CHECK_SECONDS = 600.0, 10.0

log = logging.getLogger(__name__)

FORCE = "if that is right, run it once by hand with --force"


def check_retention(retention: Mapping[str, Retention]) -> None:
    """Raise ConfigError when rows of less than a week would leave, or posts that can be read again of two days."""
    for table, kept in retention.items():
        _check_age(table, kept.age, LEAST, f"RETENTION_DAYS_{table.upper()} and --older-than")
        for source, age in kept.of_sources.items():
            least = LEAST if SOURCES[source].needs_key else LEAST_OF_FREE_SOURCES
            _check_age(f"{table} of {source}", age, least, variable_of(f"RETENTION_DAYS_{table.upper()}_", source))


def _check_age(what: str, age: timedelta, least: timedelta, settings: str) -> None:
    if age < least:
        raise ConfigError(
            f"{what} would leave after {duration_text(age)}; expected at least {duration_text(least)}",
            hint=f"see {settings}; {FORCE}",
        )


def check_database(store: Store, now: datetime, *, is_dry: bool = False) -> None:
    """Raise IntegrityError when the database is damaged: copies of damaged rows are no archive.

    It is read once a day, for ten minutes at most. What was not read by then is said in the log: a page that cannot be
    read ends the export of its rows, and what they became is read back before any of them is deleted. A dry run takes
    ten seconds for it.
    """
    checked_at = store.noticed_at(CHECKED)
    if checked_at is not None and timedelta() <= now - checked_at < CHECKED_EVERY:
        return
    read_whole(store, DRY_CHECK_SECONDS if is_dry else CHECK_SECONDS, "nothing was archived")
    if not is_dry:
        store.write(lambda: store.notice_after(CHECKED, now, timedelta()))


def read_whole(store: Store, seconds: float, left: str) -> bool:
    """Read the database for so long; tell whether its end was reached, which the log says otherwise.

    Raises IntegrityError when it is damaged; *left* says what was not done.
    """
    problems = store.upkeep.problems(seconds)
    if problems is None:
        log.warning("the database was not read to its end in %.0f s; no fault so far", seconds)
    elif problems:
        raise IntegrityError(
            f"the database is damaged: {'; '.join(problems)}",
            hint=f"{left}; keep the file, restore the last `trendspark db backup`, and check the disk",
        )
    return problems is not None


def check_clock(store: Store, now: datetime, run_id: int | None) -> None:
    """Raise IntegrityError when the clock went backwards, or so far ahead of all that is on record.

    What services say of their posts is the better witness: it does not come from this machine's clock.
    """
    runs = [from_text(run.started_at) for run in store.job_runs.history(RUNS_LOOKED_AT) if run.id != run_id]
    newest_run = max(runs, default=None)
    if newest_run is not None and newest_run > now + CLOCK_TOLERANCE:
        raise IntegrityError(
            f"the clock went backwards: a run began at {to_text(newest_run)}, and it is {to_text(now)} now",
            hint=f"set the clock; {FORCE}",
        )
    newest_post = store.posts.newest_created(now)
    witness, what = (newest_post, "post") if newest_post is not None else (newest_run, "run")
    if witness is not None and now - witness > LONGEST_SILENCE:
        seen = f"the newest {what} is of {to_text(witness)}, and now is {to_text(now)}"
        raise IntegrityError(
            f"the clock jumped, or nothing was collected: {seen}",
            hint=f"check the clock and `trendspark ingest`; {FORCE}",
        )


def check_share(store: Store, cutoffs: Mapping[str, Cutoff]) -> None:
    """Raise IntegrityError when more than half of a table would leave in one run."""
    for table, cutoff in cutoffs.items():
        old = store.archives.count_old(table, cutoff) - store.archives.count_held(table)
        live = store.archives.count(table, at_most=2 * old)  # more of them make no difference
        if 2 * old > live:
            raise IntegrityError(
                f"{old} of {live} rows of {table} are from before {cutoff.latest:%Y-%m-%d}: more than half would leave",
                hint=FORCE,
            )
