"""Files and folders: what others can read, what cannot be written or read; the fix that is told mends it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.installation import Installation
from trendspark_cli.screens.doctor.exporter import check_metrics_folder
from trendspark_cli.screens.doctor.files import check_disks, check_places, check_settings
from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding


def looked(workplace: Installation) -> list[Finding]:
    """What is found of settings and places, without what is well."""
    settings = workplace.installation().settings
    found = [*check_settings(settings, settings.problems), *check_places(settings, workplace.installation().database)]
    return [finding for finding in found if finding.state != OK]


def follow(finding: Finding) -> None:
    """Do what the fix says."""
    subprocess.run(["sh", "-c", finding.fix.rpartition(": ")[2]], check=True, timeout=10)


def test_a_good_installation_has_nothing_to_mend(workplace: Installation) -> None:
    assert looked(workplace) == []


@pytest.mark.parametrize("place", ["home", "home/trendspark.db", "home/locks"])
def test_data_that_others_can_read_is_found_and_its_fix_closes_it(workplace: Installation, place: str) -> None:
    path = workplace.home.parent / place
    path.chmod(0o755 if path.is_dir() else 0o644)

    found = looked(workplace)
    follow(found[0])

    assert [(finding.check, finding.state) for finding in found] == [("permissions", FAIL)]
    assert looked(workplace) == []


def test_a_folder_others_may_only_pass_through_is_no_finding(workplace: Installation) -> None:
    workplace.home.chmod(0o711)

    assert looked(workplace) == []


@pytest.mark.parametrize("origin", ["env file", "secret file"])
def test_secrets_that_others_can_read_are_found_and_the_fix_closes_them(workplace: Installation, origin: str) -> None:
    env_file, secret = workplace.home / "my settings.env", workplace.home / "token"
    secret.write_text("planted-secret-value\n")
    env_file.write_text("X_BEARER_TOKEN=abcdef" if origin == "env file" else f"X_BEARER_TOKEN_FILE={secret}\n")
    workplace.environment["TRENDSPARK_ENV_FILE"] = str(env_file)
    for path in (env_file, secret):
        path.chmod(0o640)

    found = looked(workplace)
    follow(found[0])

    assert [(finding.check, finding.state) for finding in found] == [("secrets", FAIL)]
    assert looked(workplace) == []


def test_an_env_file_without_secrets_may_be_read_by_all(workplace: Installation) -> None:
    env_file = workplace.home / "plain.env"
    env_file.write_text("KEYWORDS=bridge\n")
    env_file.chmod(0o644)
    workplace.environment["TRENDSPARK_ENV_FILE"] = str(env_file)

    assert looked(workplace) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_an_env_file_of_another_user_may_be_read_by_our_group(workplace: Installation) -> None:
    env_file = workplace.home / "their.env"
    env_file.write_text("X_BEARER_TOKEN=abcdef\n")
    os.chown(env_file, 12345, os.getgid())
    env_file.chmod(0o640)
    workplace.environment["TRENDSPARK_ENV_FILE"] = str(env_file)

    assert looked(workplace) == []


def test_malformed_settings_and_names_nobody_reads_are_told_with_what_to_write(workplace: Installation) -> None:
    workplace.environment |= {"X_MAX_READS_PER_DAY": "many", "X_BEARER_TOKN": "abcdef"}

    found = looked(workplace)

    assert [(finding.state, finding.what.split()[0]) for finding in found] == [
        (FAIL, "X_MAX_READS_PER_DAY='many'"),
        (WARN, "X_BEARER_TOKN"),
    ]
    assert "X_BEARER_TOKEN" in found[1].fix


def test_a_missing_lock_folder_is_told(workplace: Installation) -> None:
    shutil.rmtree(workplace.home / "locks")

    assert [(finding.state, "db init" in finding.fix) for finding in looked(workplace)] == [(FAIL, True)]


@pytest.mark.parametrize("place", ["nowhere/trendspark.log", "home"])
def test_a_log_that_cannot_be_written_is_told(workplace: Installation, place: str) -> None:
    workplace.environment["LOG_FILE"] = str(workplace.home.parent / place)

    assert [(finding.check, finding.state) for finding in looked(workplace)] == [("log", FAIL)]


def test_a_log_nobody_rotates_is_told(workplace: Installation) -> None:
    workplace.log_file.touch()
    os.truncate(workplace.log_file, 2 * 10**9)

    assert [(finding.check, finding.state) for finding in looked(workplace)] == [("log", WARN)]


@pytest.mark.parametrize(
    ("free_bytes", "free_inodes", "expected"),
    [(10**12, 9, OK), (9 * 10**8, 9, WARN), (10**7, 9, FAIL), (10**12, 0, FAIL)],
)
def test_a_disk_that_fills_up_is_told(
    workplace: Installation, monkeypatch: pytest.MonkeyPatch, free_bytes: int, free_inodes: int, expected: str
) -> None:
    real = os.statvfs(workplace.home)
    values = list(real)
    values[1:5] = [1, 10**12, free_bytes, free_bytes]  # f_frsize, f_blocks, f_bfree, f_bavail
    values[5:8] = [100, free_inodes, free_inodes]  # f_files, f_ffree, f_favail
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(values))

    found = list(check_disks(workplace.installation().settings, workplace.installation().database))

    assert [finding.state for finding in found] == [expected]


@pytest.fixture
def exporter(tmp_path: Path) -> Path:
    """A machine on which node_exporter runs as a user of its own, reading our folder."""
    process = tmp_path / "proc" / "4711"
    process.mkdir(parents=True)
    (process / "comm").write_text("node_exporter\n")
    (process / "status").write_text(
        "Name:\tnode_exporter\nUid:\t987\t987\t987\t987\nGid:\t987\t987\t987\t987\nGroups:\t \n"
    )
    folder = tmp_path / "home" / "textfile_collector"
    (process / "cmdline").write_bytes(f"node_exporter\0--collector.textfile.directory={folder}\0".encode())
    return tmp_path / "proc"


@pytest.fixture
def metrics(workplace: Installation) -> Path:
    """The folder of metrics, as the first run makes it."""
    workplace.command("metrics")
    return workplace.metrics_folder


def of_metrics(folder: Path, processes: Path) -> tuple[str, str]:
    """State and fix of what is found, followed until it is well or nothing changes."""
    found = list(check_metrics_folder(folder, processes))
    assert len(found) == 1
    return found[0].state, found[0].fix


def test_a_home_that_the_exporter_cannot_enter_is_found_and_the_fix_lets_it_in(metrics: Path, exporter: Path) -> None:
    found = list(check_metrics_folder(metrics, exporter))
    follow(found[0])

    assert (found[0].state, "process 4711" in found[0].what) == (FAIL, True)
    assert of_metrics(metrics, exporter) == (OK, "")


@pytest.mark.parametrize("place", ["", "trendspark_shared.prom"])
def test_metrics_that_the_exporter_cannot_read_are_found_and_the_fix_opens_them(
    metrics: Path, exporter: Path, place: str
) -> None:
    follow(next(check_metrics_folder(metrics, exporter)))
    (metrics / place).chmod(0o700 if not place else 0o600)

    found = list(check_metrics_folder(metrics, exporter))
    follow(found[0])

    assert found[0].state == FAIL
    assert of_metrics(metrics, exporter) == (OK, "")


def test_an_exporter_that_looks_elsewhere_is_found(metrics: Path, exporter: Path) -> None:
    words = b"node_exporter\0--collector.textfile.directory\0/var/lib/node_exporter\0"
    (exporter / "4711" / "cmdline").write_bytes(words)

    assert of_metrics(metrics, exporter) == (FAIL, "set TEXTFILE_DIR=/var/lib/node_exporter")


def test_an_exporter_of_our_own_group_reads_by_the_group(metrics: Path, exporter: Path) -> None:
    status = (exporter / "4711" / "status").read_text().replace("Groups:\t ", f"Groups:\t{os.getgid()} ")
    (exporter / "4711" / "status").write_text(status)
    for path in metrics.parents:
        if path.stat().st_mode & 0o050 != 0o050:  # pytest's folders are closed to everybody else
            path.chmod(path.stat().st_mode | 0o050)
    metrics.chmod(0o750)

    state, _ = of_metrics(metrics, exporter)

    assert state == OK


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert of_metrics(tmp_path / "nowhere", tmp_path)[0] == FAIL
