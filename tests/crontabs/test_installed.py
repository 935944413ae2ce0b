"""Where lines of ours may be: system crontabs and systemd timers."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from trendspark_cli.crontabs.installed import Machine, installed_crontabs, read_file
from trendspark_cli.crontabs.reading import Crontab
from trendspark_cli.crontabs.timers import calendar_schedule

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """An empty /etc."""
    (tmp_path / "etc" / "cron.d").mkdir(parents=True)
    return tmp_path / "etc"


def found(etc: Path) -> list[Crontab]:
    """Look for crontabs without asking for the user's own."""
    return installed_crontabs(os.getuid(), Machine(etc, is_asked=False))


def cron_d(etc: Path, name: str = "trendspark", user: str = ME) -> Path:
    """Put a file into cron.d."""
    path = etc / "cron.d" / name
    path.write_text(f"*/15 * * * * {user} /opt/trendspark ingest\n")
    path.chmod(0o644)
    return path


def test_lines_of_this_user_in_cron_d_are_found(etc: Path) -> None:
    path = cron_d(etc)
    cron_d(etc, "other", user="somebody-else")
    (etc / "cron.d" / "backup").write_text("0 5 * * * root backup\n")

    entries = [(entry.source, entry.command) for crontab in found(etc) for entry in crontab.entries]

    assert entries == [(str(path), "/opt/trendspark ingest")]


def test_a_file_in_cron_d_with_a_dot_in_its_name_is_told_to_be_ignored(etc: Path) -> None:
    crontab = read_file(cron_d(etc, "trendspark.cron"))

    assert "rename it to trendspark-cron" in [fault.fix for fault in crontab.faults]


def test_a_file_in_cron_d_that_others_may_write_is_told_to_be_ignored(etc: Path) -> None:
    path = cron_d(etc)
    path.chmod(0o664)

    assert [fault.expected for fault in read_file(path).faults] == [
        "a file of root that nobody else may write: cron ignores others"
    ]


TIMER = "[Timer]\nOnCalendar=*:0/15\nOnCalendar=Mon..Fri 07:30\n[Install]\nWantedBy=timers.target\n"
SERVICE = "[Service]\nEnvironment=TRENDSPARK_ENV_FILE=/etc/trendspark/env\nExecStart=/opt/trendspark ingest\n"


def timer(etc: Path, *, is_enabled: bool = True) -> Path:
    """Put a timer and its service among the units."""
    folder = etc / "systemd" / "system"
    wants = folder / "timers.target.wants"
    wants.mkdir(parents=True)
    path = folder / "collect.timer"
    path.write_text(TIMER)
    (folder / "collect.service").write_text(SERVICE)
    if is_enabled:
        (wants / path.name).symlink_to(path)
    return path


def test_an_enabled_timer_counts_as_a_crontab(etc: Path) -> None:
    path = timer(etc)

    (crontab,) = found(etc)

    assert [(entry.schedule, entry.command) for entry in crontab.entries] == [
        ("0-59/15 * * * *", "/opt/trendspark ingest"),
        ("30 07 * * 1,2,3,4,5", "/opt/trendspark ingest"),
    ]
    assert crontab.source == str(path)
    assert crontab.entries[0].environment["TRENDSPARK_ENV_FILE"] == "/etc/trendspark/env"


def test_a_timer_without_times_is_told(etc: Path) -> None:
    timer(etc).write_text("[Timer]\nOnUnitActiveSec=15min\n")

    (crontab,) = found(etc)

    assert [fault.text for fault in crontab.faults] == ["OnUnitActiveSec=15min"]


def test_a_timer_that_is_not_enabled_starts_nothing(etc: Path) -> None:
    timer(etc, is_enabled=False)

    assert found(etc) == []


def test_timers_are_not_asked_when_a_crontab_starts_jobs(etc: Path) -> None:
    path = cron_d(etc)
    timer(etc)

    assert [crontab.source for crontab in found(etc)] == [str(path)]


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("hourly", "0 * * * *"),
        ("weekly", "0 0 * * 1"),
        ("*:0/15", "0-59/15 * * * *"),
        ("*:*", "* * * * *"),
        ("*-*-* 03:20:00", "20 03 * * *"),
        ("03:20", "20 03 * * *"),
        ("Sun 04:40", "40 04 * * 0"),
        ("Mon,Wed *-*-* 7..21:10", "10 7-21 * * 1,3"),
        ("*-*-01 00:00", "00 00 01 * *"),
        ("*-*-* *:*:0/30", None),
        ("2026-11-01 12:00", None),
        ("*-*-* 03:20:00 Europe/Berlin", None),
        ("", None),
    ],
)
def test_calendars_of_systemd_become_fields_of_cron_or_nothing(text: str, schedule: str | None) -> None:
    assert calendar_schedule(text) == schedule
