"""Everything `doctor` looks at, in the order in which it is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from trendspark_cli.archiving.destination import Destination
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.settings import Settings
from trendspark_cli.base.threads import ask_all
from trendspark_cli.crontabs.timetable import Timetable
from trendspark_cli.screens.doctor.exporter import check_metrics_folder
from trendspark_cli.screens.doctor.files import check_disks, check_places, check_settings
from trendspark_cli.screens.doctor.findings import FAIL, OK, Finding
from trendspark_cli.screens.doctor.placed_files import check_placed_files
from trendspark_cli.screens.doctor.records import check_database, check_growth, check_rows, unusable
from trendspark_cli.screens.doctor.services import check_clock, check_services, impatient, probes
from trendspark_cli.screens.health_report import recorded_health
from trendspark_cli.store.open_store import database_of, open_store

HERE_SECONDS = 24.0  # for all that this machine says; the services have as much, and a minute is for both
CHECK_SECONDS, LEAST_SECONDS = 14.0, 0.5  # of one check; all pages of the database are read for 10 s at most

_FIXES = {
    "worker": "see `trendspark jobs list` and docs/runbooks/scheduler-job-failures.md",
    "stream": "see docs/runbooks/real-time-stream-issues.md",
    "archive": "see docs/runbooks/database-retention-archival.md",
}
Destinations = Callable[[Settings, Callable[[ApiCall], None]], Callable[[str], Destination]]


class Patience:
    """How long a machine that hangs may keep `doctor`: each check a while, and all of them together."""

    def __init__(self, seconds: float = HERE_SECONDS) -> None:
        self._until = time.monotonic() + seconds

    def look(self, name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
        """Return what a check finds, or that it did not answer; it is then left alone."""
        seconds = max(LEAST_SECONDS, min(CHECK_SECONDS, self._until - time.monotonic()))
        answer = ask_all({name: lambda: list(check())}, seconds)[name]
        if answer is not None:
            return answer.value()
        fix = "see what holds it up: a disk or mount that hangs, a lock, a name server, systemd"
        return [Finding(name, FAIL, f"no answer in {seconds:.0f} s", fix)]


def examine_here(
    settings: Settings,
    now: datetime,
    problems: Sequence[str],
    timetable: Callable[[], Timetable],
    patience: Patience | None = None,
) -> Iterator[Finding]:
    """Yield what this machine says; *problems* are those of the settings. The database is opened read-only."""
    patience = patience or Patience()
    yield from patience.look("settings", lambda: check_settings(settings, problems))
    database = database_of(settings)
    yield from patience.look("permissions", lambda: check_places(settings, database))
    yield from patience.look("files", lambda: check_placed_files(settings, database))
    yield from patience.look("disk", lambda: check_disks(settings, database))
    yield from patience.look("schema", lambda: _check_records(settings, now))
    yield from patience.look("worker", lambda: _check_health(settings, now, timetable))
    yield from patience.look("metrics", lambda: check_metrics_folder(settings.textfile_dir))


def _check_records(settings: Settings, now: datetime) -> Iterator[Finding]:
    try:
        with closing(open_store(settings, read_only=True)) as store:
            yield from check_database(store)
            yield from check_rows(store, now)
        retention = settings.retention["posts"].longest if settings.archive_url else None
        yield check_growth(database_of(settings).stats(now), retention)
    except TrendSparkError as error:
        yield unusable(error)


def _check_health(settings: Settings, now: datetime, timetable: Callable[[], Timetable]) -> Iterator[Finding]:
    recorded = recorded_health(settings, now, timetable)
    if not recorded["database"]["ok"]:
        return  # which is said already
    for name, fix in _FIXES.items():
        if recorded.get(name, {}).get("configured", name in recorded):
            yield _of_health(name, recorded[name], fix)


def examine_services(settings: Settings, destinations: Destinations) -> Iterator[Finding]:
    """Yield what each service says, asked at once, and how far our clock is from theirs."""
    calls: list[ApiCall] = []
    quick = impatient(settings)
    yield from check_services(probes(quick, calls.append, destinations(quick, calls.append)))
    yield from check_clock(calls)


def _of_health(name: str, state: Mapping[str, Any], fix: str) -> Finding:
    if state["ok"]:
        return Finding(name, OK, str(state.get("reason", "well")))
    return Finding(name, FAIL, str(state["reason"]), fix)
