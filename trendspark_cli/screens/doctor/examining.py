"""Everything `doctor` looks at, in the order in which it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from trendspark_cli.archiving.destination import Destination
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.settings import Settings
from trendspark_cli.crontabs.timetable import Timetable
from trendspark_cli.screens.doctor.exporter import check_metrics_folder
from trendspark_cli.screens.doctor.files import check_disks, check_places, check_settings
from trendspark_cli.screens.doctor.findings import FAIL, OK, Finding
from trendspark_cli.screens.doctor.placed_files import check_placed_files
from trendspark_cli.screens.doctor.records import check_database, check_rows, unusable
from trendspark_cli.screens.doctor.services import check_clock, check_services, impatient, probes
from trendspark_cli.screens.health_report import recorded_health
from trendspark_cli.store.open_store import database_path, open_store

_FIXES = {
    "worker": "see `trendspark jobs list` and docs/runbooks/scheduler-job-failures.md",
    "stream": "see docs/runbooks/real-time-stream-issues.md",
    "archive": "see docs/runbooks/database-retention-archival.md",
}
Destinations = Callable[[Settings, Callable[[ApiCall], None]], Callable[[str], Destination]]


def examine_here(settings: Settings, now: datetime, problems: Sequence[str], timetable: Timetable) -> Iterator[Finding]:
    """Yield what this machine says; *problems* are those of the settings. The database is opened read-only."""
    yield from check_settings(settings, problems)
    try:
        database = database_path(settings)
        yield from check_places(settings, database)
        yield from check_placed_files(settings, database)
        yield from check_disks(settings, database)
        with closing(open_store(settings, read_only=True)) as store:
            yield from check_database(store)
            yield from check_rows(store, now)
    except TrendSparkError as error:
        yield unusable(error)
    else:
        recorded = recorded_health(settings, now, timetable)
        for name, fix in _FIXES.items():
            if recorded.get(name, {}).get("configured", name in recorded):
                yield _of_health(name, recorded[name], fix)
    yield from check_metrics_folder(settings.textfile_dir)


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
