"""Where lines of ours may be: system crontabs. Of systemd timers: test_timers.py."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from trendspark_cli.crontabs.installed import Machine, installed_crontabs, read_file
from trendspark_cli.crontabs.reading import Crontab

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
