"""When lines are due: by local time, as cron keeps it over its changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.crontabs.cron_model import CronModel, utc
from trendspark_cli.crontabs.moments import intervals, last_moment, machine_zone, moments, moments_between
from trendspark_cli.crontabs.timetable import example_timetable
from trendspark_cli.kinds.jobs import SCHEDULED

CHANGES = [
    ("Europe/Berlin", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T01:00"),
    ("America/New_York", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T06:00"),
    ("UTC", "2026-03-29T01:00"),
]
LINES = [job.cron for job in SCHEDULED.values()]
LINES += ["30 2 * * *", "0 3 * * *", "30 1 * * *", "15,45 1-3 * * *", "*/20 2 * * *", "30 */2 * * *", "5 * * * 0"]


@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize("line", LINES)
def test_over_a_clock_change_lines_are_due_when_cron_starts_them(line: str, zone: str, change: str) -> None:
    begin, end = utc(change) - timedelta(hours=30), utc(change) + timedelta(hours=30)

    due = list(moments_between([line], ZoneInfo(zone), begin, end))

    assert due == list(CronModel(line, ZoneInfo(zone)).starts(begin, end))


@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize("line", LINES)
def test_a_run_is_never_late_by_the_hour_of_a_clock_change(line: str, zone: str, change: str) -> None:
    begin, end = utc(change) - timedelta(hours=4), utc(change) + timedelta(hours=4)

    starts = list(CronModel(line, ZoneInfo(zone)).starts(begin, end))

    assert [last_moment([line], ZoneInfo(zone), start + timedelta(seconds=1.5)) for start in starts] == starts


def test_in_the_hour_that_comes_again_a_fixed_line_is_due_tomorrow() -> None:
    due = moments(["45 2 * * *"], ZoneInfo("Europe/Berlin"), utc("2026-10-25T01:30"))

    assert next(due) == utc("2026-10-26T01:45")


def test_several_lines_are_due_in_order_and_each_minute_once() -> None:
    due = moments(["30 * * * *", "*/20 * * * *"], UTC, utc("2026-11-01T12:00"))

    assert [f"{next(due):%H:%M}" for _ in range(5)] == ["12:20", "12:30", "12:40", "13:00", "13:20"]


def test_the_moment_itself_counts_as_the_last_one() -> None:
    assert last_moment(["0 * * * *"], UTC, utc("2026-11-01T12:00")) == utc("2026-11-01T12:00")


def test_a_line_that_never_comes_has_no_moment() -> None:
    assert (last_moment(["0 0 31 2 *"], UTC, utc("2026-11-01T12:00")), intervals(["0 0 31 2 *"])[1]) == (
        None,
        timedelta(0),
    )


@pytest.mark.parametrize(
    ("lines", "shortest", "longest"),
    [
        (["* * * * *"], "1m", "1m"),
        (["*/15 * * * *"], "15m", "15m"),
        (["10 7-21 * * *"], "60m", "600m"),
        (["0 9 * * 1-5"], "1440m", "4320m"),
        (["40 4 * * 0"], "10080m", "10080m"),
        (["0 0 1 * *"], "40320m", "44640m"),
        (["0 9-12 * * *", "30 14-18 * * *"], "60m", "870m"),
        (["0 * * * *", "*/15 * * * *"], "0m", "15m"),
    ],
)
def test_the_longest_time_between_two_runs_includes_nights_and_weekends(
    lines: list[str], shortest: str, longest: str
) -> None:
    assert [f"{gap // timedelta(minutes=1)}m" for gap in intervals(lines)] == [shortest, longest]


def test_the_machines_zone_is_that_of_its_file_and_utc_without_one(tmp_path: Path) -> None:
    berlin = Path("/usr/share/zoneinfo/Europe/Berlin")
    if not berlin.exists():
        pytest.skip("needs tzdata")

    zone = machine_zone(berlin)

    assert datetime(2026, 7, 1, tzinfo=UTC).astimezone(zone).utcoffset() == timedelta(hours=2)
    assert machine_zone(tmp_path / "nowhere") is UTC


def test_the_times_of_the_example_are_local_times() -> None:
    timetable = example_timetable(ZoneInfo("Europe/Berlin"))

    assert timetable.next_run("vacuum", utc("2026-11-01T12:00")) == utc("2026-11-08T03:40")
    assert timetable.interval_seconds("brief") == 10 * 3600
