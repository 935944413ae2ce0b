"""`doctor` and `health` look at files in locks/, spool/ and TEXTFILE_DIR, not only at the folders."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation
from tests.tools.other_user import AS_ANOTHER, NEEDS_ROOT, UID, give, reachable_folder
from trendspark_cli.base.locks import STORE_LOCK
from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding
from trendspark_cli.screens.doctor.placed_files import check_placed_files


def with_a_second_name(path: Path) -> None:
    """Make a file that has another name as well."""
    path.with_name("a").touch(0o600)
    os.link(path.with_name("a"), path)


def open_to_others(path: Path) -> None:
    """Make a file that everybody may write."""
    path.touch()
    path.chmod(0o666)


STRANGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a link": (FAIL, lambda path: path.symlink_to("/etc/hostname")),
    "a link that leads nowhere": (FAIL, lambda path: path.symlink_to("/nowhere")),
    "a pipe": (FAIL, lambda path: os.mkfifo(path)),
    "a second name": (FAIL, with_a_second_name),
    "open to others": (WARN, open_to_others),
}


def looked(workplace: Installation) -> list[Finding]:
    """What is found, without what is well."""
    found = check_placed_files(workplace.installation().settings, workplace.installation().database)
    return [finding for finding in found if finding.state != OK]


@pytest.fixture
def used() -> Iterator[Installation]:
    """An installation that has worked."""
    with reachable_folder() as folder:
        workplace = Installation(folder / "home")
        workplace.make_database()
        workplace.command("db", "init")
        workplace.command("ingest", "--from", "/dev/null")
        (workplace.home / "spool").mkdir(mode=0o700)
        yield workplace


def test_an_installation_that_has_worked_has_nothing_to_mend(used: Installation) -> None:
    assert looked(used) == []


@pytest.mark.parametrize("place", ["locks/old.lock", "spool/part", "textfile_collector/trendspark_old.prom"])
@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_file_is_named_and_the_fix_mends_it(used: Installation, place: str, kind: str) -> None:
    state, make = STRANGE[kind]
    make(used.home / place)

    found = [one for one in looked(used) if one.check == "files" and str(used.home / place) in one.what]
    subprocess.run(["sh", "-c", found[0].fix.rpartition(": ")[2]], check=True, timeout=10)

    assert [finding.state for finding in found] == [state]
    assert not [one for one in looked(used) if str(used.home / place) in one.what]


@NEEDS_ROOT
@pytest.mark.parametrize("looks", ["the user", "root"])
def test_a_lock_that_root_once_made_is_found(used: Installation, looks: str) -> None:
    give(used.home)
    os.chown(used.home / "locks" / "ingest.lock", 0, 0)

    done = used.command("doctor", "--offline", wrapped_in=AS_ANOTHER if looks == "the user" else ())

    assert f"'{used.home / 'locks' / 'ingest.lock'}' belongs to root, and the data to uid {UID}" in done.stdout
    assert f"chown {UID} {used.home / 'locks' / 'ingest.lock'}" in done.stdout


@NEEDS_ROOT
@pytest.mark.parametrize("leads_nowhere", [False, True])
def test_doctor_says_that_the_folder_of_the_data_is_missing(tmp_path: Path, leads_nowhere: bool) -> None:
    here = Installation(tmp_path / "home")
    if leads_nowhere:
        here.home.symlink_to("/nowhere/at/all")

    done = here.command("doctor", "--json")

    fails = [finding["what"] for finding in done.json["findings"] if finding["check"] == "permissions"]
    assert (done.stderr.count("Traceback"), f"folder {str(here.home)!r} is missing" in fails) == (0, True)


def test_health_knows_of_a_lock_the_jobs_cannot_take(used: Installation) -> None:
    give(used.home)
    os.chown(used.home / "locks" / "ingest.lock", 0, 0)

    done = used.command("health", "--json", wrapped_in=AS_ANOTHER)

    assert "ingest.lock" in done.json["services"]["worker"]["reason"]


@NEEDS_ROOT
def test_metrics_of_another_user_matter_where_they_cannot_be_replaced(used: Installation) -> None:
    give(used.home)
    used.metrics_folder.chmod(0o1777)
    os.chown(used.metrics_folder, 0, 0)
    os.chown(used.metrics_folder / "trendspark_ingest.prom", 12345, 12345)

    doctor = used.command("doctor", "--offline", wrapped_in=AS_ANOTHER)
    health = used.command("health", "--json", wrapped_in=AS_ANOTHER)

    assert "trendspark_ingest.prom' belongs to uid 12345" in doctor.stdout
    assert "trendspark_ingest.prom" in health.json["services"]["metrics"]["reason"]


def test_files_of_other_programs_among_the_metrics_are_none_of_ours(used: Installation) -> None:
    (used.metrics_folder / "apt.prom").symlink_to("/nowhere")

    assert looked(used) == []


def test_a_folder_of_metrics_that_everybody_may_write_is_told(used: Installation) -> None:
    used.metrics_folder.chmod(0o777)

    assert [(finding.state, "everybody may replace" in finding.what) for finding in looked(used)] == [(WARN, True)]


def test_a_disk_without_locks_is_found_by_trying_one(used: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)

    found = looked(used)

    assert [(finding.check, finding.state) for finding in found] == [("locks", FAIL)]
    assert "must be on a disk with locks" in found[0].what


def test_looking_at_locks_sends_no_job_away(used: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    locked: list[str] = []
    real = fcntl.flock

    def spied(descriptor: int, kind: int) -> None:
        locked.append(os.readlink(f"/proc/self/fd/{descriptor}").rpartition("/")[2])
        real(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", spied)
    looked(used)

    assert set(locked) == {STORE_LOCK}
