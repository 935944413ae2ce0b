"""A crontab is read as cron reads it: what it takes, what it refuses, what it reads otherwise than it looks."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from trendspark_cli.crontabs.reading import Crontab, read_crontab

GOOD = [
    "*/15 * * * * a",
    "\t*\t*\t*\t*\t*\ta",
    "1-5/2,10 * * * * a",
    "5,*/20 * * * * a",
    "0 0 * jan-mar MON,fri a",
    "0 0 * * 7 a",
    "0 0 * * 6-1 a",
    "5~10 * * * * a",
    "*/5-7 * * * * a",
    "*/99 * * * * a",
    "0 0 31 2 * a",
    "@daily a",
    "@reboot a",
    "@hourly",
    "* * * * *",
    "* * * * * a %b",
    "PATH=/a",
    'PATH = "/a b"',
    "A=b c d",
    "A=#b",
    'A=""',
    '"A B"=x',
    "=b",
    "1 2 3 4 5=a",
    "  # a=b",
]
REFUSED = [
    "*/15 * * * *\ta\n* * * * * without a line break",
    "5/15 * * * * a",
    "*/0 * * * * a",
    "60 * * * * a",
    "0 24 * * * a",
    "0 0 0 * * a",
    "0 0 1 13 * a",
    "0 0 * * 8 a",
    "0 0 * * Sunday a",
    "1,2,,3 * * * * a",
    "1- * * * * a",
    "-5 * * * * a",
    "1-9/3x * * * * a",
    "0 0 L * * a",
    "mon * * * * a",
    "* * * * a",
    "@Daily a",
    "@every_minute a",
    "A=",
    "A='x",
    'A="x" # why',
    "A B=x",
    '"A"B=c',
    "FOO",
]
TAKES_CRON = pytest.mark.skipif(shutil.which("crontab") is None, reason="needs Debian's cron")


def read(text: str) -> Crontab:
    """Read one user's crontab."""
    return read_crontab(text if text.endswith("break") else text + "\n", "crontab")


def is_refused(text: str) -> bool:
    """Return whether we say that cron leaves the crontab out."""
    return any(fault.is_fatal for fault in read(text).faults)


def cron_refuses(text: str, folder: Path) -> bool:
    """Ask Debian's crontab itself; it installs nothing."""
    file = folder / "crontab"
    file.write_text(text if text.endswith("break") else text + "\n")
    return subprocess.run(["crontab", "-n", str(file)], capture_output=True, timeout=10).returncode != 0


@pytest.mark.parametrize("text", GOOD)
def test_what_cron_takes_is_read(text: str) -> None:
    assert not is_refused(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_cron_refuses_is_said_to_cost_the_whole_crontab(text: str) -> None:
    assert is_refused(text)


@TAKES_CRON
def test_cron_itself_agrees_with_these_examples(tmp_path: Path) -> None:
    assert [text for text in GOOD if cron_refuses(text, tmp_path)] == []
    assert [text for text in REFUSED if not cron_refuses(text, tmp_path)] == []


@TAKES_CRON
def test_cron_agrees_about_fields_put_together_by_chance(tmp_path: Path) -> None:
    dice = random.Random(20261101)
    parts = ["*", "1", "5", "07", "15", "60", "7", "8", "-", "/", ",", "mon", "JAN", "x", "0", "*/", "59", "31", "~"]
    lines = []
    for _ in range(120):
        fields = ["*"] * 5
        fields[dice.randrange(5)] = "".join(dice.choice(parts) for _ in range(dice.randint(1, 5)))
        lines.append(" ".join(fields) + " a")

    assert [line for line in lines if is_refused(line) != cron_refuses(line, tmp_path)] == []


SCHEDULES = [
    ("*/15 * * * * a", "*/15 * * * *"),
    ("5-59/15 * * * * a", "5-59/15 * * * *"),
    ("*/20,5 * * * * a", "*/60,0,5,20,40 * * * *"),
    ("1-1/5 * * * * a", "1 * * * *"),
    ("*/99 * * * * a", "*/99 * * * *"),
    ("0 0 * jan,mar mon-wed a", "0 0 * 1,3 1,2,3"),
    ("5~10 * * * * a", "5 * * * *"),
    ("*,5 * * * * a", "* * * * *"),
    ("@daily a", "0 0 * * *"),
    ("@reboot a", "@reboot"),
    ("50-10 * * * * a", ""),
]


@pytest.mark.parametrize(("line", "schedule"), SCHEDULES)
def test_fields_become_what_the_simulation_of_cron_takes(line: str, schedule: str) -> None:
    assert [entry.schedule for entry in read(line).entries] == [schedule]


@pytest.mark.parametrize("line", ["5~10 * * * * a", "0 0 * * mon#1 a", "50-10 * * * * a", "* * * * * a %b", "@daily"])
def test_what_cron_takes_but_reads_otherwise_is_told(line: str) -> None:
    (fault,) = read(line).faults

    assert (fault.is_fatal, fault.line) == (False, 1)


def test_carriage_returns_are_told_and_do_not_hide_the_rest() -> None:
    crontab = read("PATH=/a\r\n* * * * * trendspark deliver\r")

    assert [fault.line for fault in crontab.faults] == [1, 2]
    assert (crontab.entries[0].command, crontab.entries[0].environment) == ("trendspark deliver", {"PATH": "/a"})


def test_a_setting_holds_for_the_lines_below_it_only() -> None:
    crontab = read("* * * * * a\nPATH='/b c'\n* * * * * b\nPATH=/d\n* * * * * c")

    assert [dict(entry.environment) for entry in crontab.entries] == [{}, {"PATH": "/b c"}, {"PATH": "/d"}]


def test_a_percent_sign_ends_the_command_unless_it_is_escaped() -> None:
    crontab = read(r"* * * * * date +\%H > log %input")

    assert crontab.entries[0].command == "date +%H > log"


def test_lines_of_a_system_crontab_name_a_user() -> None:
    crontab = read_crontab("* * * * *  root  trendspark deliver\n", "/etc/crontab", has_users=True)

    assert (crontab.entries[0].user, crontab.entries[0].command) == ("root", "trendspark deliver")
