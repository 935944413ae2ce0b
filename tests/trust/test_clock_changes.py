"""Both clock changes of a year, north and south: no run is late or missed for them, and no day is longer."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.crontabs.cron_model import CronModel, utc
from tests.ingest.operator import TOKEN, Operator
from tests.installation import Installation, x_settings
from tests.servers import XServer, x_post
from trendspark_cli.crontabs.timetable import Timetable
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.running.missed_runs import missed_runs
from trendspark_cli.screens.job_overview import job_overview

CHANGES = [
    ("Europe/Berlin", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T01:00"),
    ("America/New_York", "2026-11-01T06:00"),
    ("Australia/Sydney", "2026-10-03T16:00"),
    ("Australia/Sydney", "2026-04-04T16:00"),
]
LINES = {"ingest": "0 */4 * * *", "rank": "15 1-3 * * *", "brief": "30 2 * * *"}


def nothing(job: JobContext) -> None:
    """Do nothing."""


def lived(here: Installation, zone: str, change: str, *, without: str = "") -> tuple[Timetable, datetime, datetime]:
    """Run what cron starts from a day before a change to a day after it, but for one job on the day of the change."""
    begin, end = utc(change) - timedelta(hours=25), utc(change) + timedelta(hours=26)
    times = Timetable({job: (line,) for job, line in LINES.items()}, ZoneInfo(zone), "a crontab")
    starts = [(at, job) for job, line in LINES.items() for at in CronModel(line, ZoneInfo(zone)).starts(begin, end)]
    for at, job in sorted(starts):
        here.now = at + timedelta(seconds=2)
        if job != without or abs(at - utc(change)) > timedelta(hours=5):
            replace(here.installation().runner(), timetable=lambda: times).run(job, nothing)
    return times, begin, end


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_over_a_clock_change_no_run_is_late_missed_or_overdue(workplace: Installation, zone: str, change: str) -> None:
    times, begin, end = lived(workplace, zone, change)

    with closing(workplace.store()) as store:
        missed = missed_runs(store, times, list(LINES), begin, end)
        overdue = {job.id: job.lateness_seconds for job in job_overview(store, end, times) if job.id in LINES}
    assert (missed, overdue) == ([], dict.fromkeys(LINES, 0))
    assert set(workplace.values("SELECT lateness FROM job_runs")) == {2.0}


@pytest.mark.parametrize(("zone", "change"), CHANGES[:2])
def test_a_run_that_a_clock_change_moves_is_told_when_it_is_missed(
    workplace: Installation, zone: str, change: str
) -> None:
    times, begin, end = lived(workplace, zone, change, without="brief")

    with closing(workplace.store()) as store:
        [missed] = missed_runs(store, times, ["brief"], begin, end)

    assert (missed.runs, abs(utc(missed.first[:16]) - utc(change)) <= timedelta(hours=2)) == (1, True)


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_the_day_of_a_ceiling_is_utcs_whatever_people_read(tmp_path: Path, day: str) -> None:
    midnight = utc(f"{day}T00:00") + timedelta(days=1)
    operator = Operator(tmp_path / "home", {"TIMEZONE": "Europe/Berlin"})
    posts = [x_post(midnight - timedelta(minutes=50 - n), f"the bridge {n}", author_id=str(n + 1)) for n in range(50)]
    codes = []

    with XServer(posts, clock=lambda: operator.now.timestamp(), bearer_token=TOKEN) as server:
        operator.environment |= x_settings(server.url, X_MAX_READS_PER_DAY="10")
        for minutes in (-30, -1, 1):  # it is the next day in Berlin, it still is, and then it is by UTC
            operator.now = midnight + timedelta(minutes=minutes)
            codes.append(operator.ingest().exit_code)

    assert (codes, server.billing.billed_posts) == ([75, 75, 75], 20)
    assert operator.rows("SELECT day, used FROM spend ORDER BY day") == [
        {"day": day, "used": 10},
        {"day": f"{midnight:%Y-%m-%d}", "used": 10},
    ]
