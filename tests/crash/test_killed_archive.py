"""kill -9 in the middle of an archive run: each row is live or in one proven file, and the next run completes it.

A few kills of each kind; `scripts/prove archive` kills at every call.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.crash.test_killed_runs import broken, needs_strace
from tests.tools import books
from tests.tools.archive_scenes import DISK_CODES, archive_scene, cut_power
from tests.tools.crash_trials import fail_at_calls, kill_at_calls, undisturbed
from tests.tools.kills import CALLS
from tests.tools.object_store import object_store
from tests.tools.power_cut import power_cuts
from tests.tools.processes import run, wait_for


@needs_strace
def test_an_archive_to_a_folder_killed_at_a_write_loses_nothing_and_the_next_run_completes_it(tmp_path: Path) -> None:
    scene = archive_scene(tmp_path, old=30)
    reference = undisturbed(scene, tmp_path)

    trials = kill_at_calls(scene, tmp_path, reference, 6, seed=5)

    assert broken(trials) == []


@needs_strace
def test_an_archive_to_a_bucket_killed_at_a_send_loses_nothing_and_the_next_run_completes_it(tmp_path: Path) -> None:
    with object_store(tmp_path / "weed") as s3:
        scene = archive_scene(tmp_path, s3, old=30)
        reference = undisturbed(scene, tmp_path, (*CALLS, "sendto"))

        trials = kill_at_calls(scene, tmp_path, reference, 6, seed=6)

    assert broken(trials) == []


@needs_strace
@pytest.mark.parametrize(
    ("error", "calls"), [("ENOSPC", ("write", "pwrite64")), ("EIO", ("fsync", "fdatasync"))], ids=["full", "broken"]
)
def test_a_disk_that_is_full_or_broken_ends_the_run_with_its_code_and_loses_nothing(
    tmp_path: Path, error: str, calls: tuple[str, ...]
) -> None:
    scene = archive_scene(tmp_path, old=30)
    reference = undisturbed(scene, tmp_path, calls)

    trials = fail_at_calls(scene, tmp_path, reference, error, DISK_CODES, 6, seed=7)

    assert broken(trials) == []


@needs_strace
def test_after_a_power_cut_each_row_is_live_or_in_one_proven_file_and_the_next_run_completes_it(tmp_path: Path) -> None:
    assert cut_power(tmp_path, old=30, cuts=4, seed=8) == []


def test_a_recording_of_a_program_that_does_not_flush_shows_the_loss(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    program = "import os; open('new.tmp', 'w').write('content'); os.rename('new.tmp', 'new')"

    _, states = power_cuts(["python3", "-c", program], {"PATH": os.environ["PATH"]}, folder, cuts=9, seed=1)

    found = {(state.rpartition(", ")[2], *(p.read_text() for p in folder.glob("new"))) for state in states}
    assert ("nothing survived",) in found
    assert ("names survived", "") in found


def test_sigterm_ends_an_archive_run_between_two_batches_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with archive_scene(tmp_path, old=240)(tmp_path / "place") as stage:
        process = subprocess.Popen(
            stage.argv, env=stage.environment, cwd=stage.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        done = "SELECT count(*) FROM archive_manifests WHERE state = 'done'"
        wait_for("a file is done", lambda: books.value(stage.database, done) > 0, seconds=30, pause=0.005)
        process.terminate()
        stdout, stderr = process.communicate(timeout=30)

        assert (process.returncode, stdout) == (143, b""), stderr
        assert books.value(stage.database, "SELECT count(*) FROM posts WHERE created_at < '2026-09-17'") > 0
        assert stage.check_after_kill() == []
        assert run(stage.argv, stage.environment, stage.home).exit_code == 0
        assert stage.check_at_end() == []
