"""QUIET_HOURS: when they begin and end, over midnight and on the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.settings.test_channel_settings import settings_of
from trendspark_cli.base.quiet_hours import QuietHours, quiet_hours

BERLIN = ZoneInfo("Europe/Berlin")  # in 2026 an hour is skipped on March 29 at 01:00 UTC and comes twice on October 25


def hours(text: str) -> QuietHours:
    """What is written, which must be something."""
    found = quiet_hours(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "now", "begins", "ends"),
    [
        ("22:00-07:00", "2026-11-30 20:59", "2026-11-29 21:00", "2026-11-30 06:00"),
        ("22:00-07:00", "2026-11-30 21:00", "2026-11-30 21:00", "2026-12-01 06:00"),
        ("22:00-07:00", "2026-12-01 05:59", "2026-11-30 21:00", "2026-12-01 06:00"),
        ("12:30-13:00", "2026-11-30 11:29", "2026-11-29 11:30", "2026-11-29 12:00"),
        ("12:30-13:00", "2026-11-30 11:45", "2026-11-30 11:30", "2026-11-30 12:00"),
        ("00:00-23:59", "2026-11-30 22:59", "2026-11-29 23:00", "2026-11-30 22:59"),
        ("22:00-07:00", "2026-03-29 03:00", "2026-03-28 21:00", "2026-03-29 05:00"),
        ("22:00-07:00", "2026-10-25 03:00", "2026-10-24 20:00", "2026-10-25 06:00"),
        ("22:00-02:30", "2026-10-25 01:00", "2026-10-24 20:00", "2026-10-25 01:30"),  # 02:30 comes twice: the second
        ("02:30-07:00", "2026-10-25 01:00", "2026-10-25 00:30", "2026-10-25 06:00"),  # and the first
        ("22:00-02:30", "2026-03-29 01:00", "2026-03-28 21:00", "2026-03-29 01:00"),  # 02:30 is skipped
        ("02:30-07:00", "2026-03-29 01:00", "2026-03-29 01:00", "2026-03-29 05:00"),
        ("02:10-02:50", "2026-03-29 01:00", "2026-03-29 01:00", "2026-03-29 01:00"),  # all of it is
    ],
)
def test_quiet_hours_are_those_of_a_clock_on_the_wall(text: str, now: str, begins: str, ends: str) -> None:
    span = hours(text).last_span(datetime.fromisoformat(now).replace(tzinfo=UTC), BERLIN)

    assert [f"{moment:%Y-%m-%d %H:%M}" for moment in span] == [begins, ends]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_each_span_of_a_year_follows_on_the_one_before(zone: str) -> None:
    night, now = hours("22:00-02:30"), datetime(2026, 1, 1, tzinfo=UTC)

    spans = {night.last_span(now + timedelta(hours=hour), ZoneInfo(zone)) for hour in range(0, 366 * 24, 6)}

    ordered = sorted(spans)
    assert all(before.ends < after.begins for before, after in pairwise(ordered))
    assert all(timedelta(hours=3) <= span.ends - span.begins <= timedelta(hours=6) for span in ordered)


@pytest.mark.parametrize("text", ["22:00", "22-07", "24:00-07:00", "22:60-07:00", "22:00-22:00", "10pm-7am", "-"])
def test_hours_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    found = settings_of(tmp_path, QUIET_HOURS=text)

    assert found.problems == (
        f"QUIET_HOURS={text!r} (environment): expected two times of a day that differ, such as 22:00-07:00",
    )


def test_without_a_word_of_them_there_are_none(tmp_path: Path) -> None:
    assert settings_of(tmp_path).quiet_hours is None
