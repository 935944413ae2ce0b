"""Two living runs of one job cannot be, whatever became of the lock; a run that died does not hold up the next."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.builders import NOW
from tests.installation import Installation
from tests.runner.conftest import Start, start
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.running.living_runs import this_process

__all__ = ["start"]  # the fixture

STATES = "SELECT status FROM job_runs ORDER BY id"


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


def replaced(workplace: Installation) -> None:
    """Put another file in the lock's place."""
    (workplace.home / "locks" / "new").touch()
    (workplace.home / "locks" / "new").rename(workplace.home / "locks" / "ingest.lock")


def made_anew(workplace: Installation) -> None:
    """Remove the folder of locks, and make it again."""
    shutil.rmtree(workplace.home / "locks")
    (workplace.home / "locks").mkdir(mode=0o700)


REMOVED: dict[str, Callable[[Installation], object]] = {
    "the lock's file is removed": lambda here: (here.home / "locks" / "ingest.lock").unlink(),
    "the lock's file is replaced": replaced,
    "the folder of locks is made anew": made_anew,
}


@pytest.mark.parametrize("way", REMOVED)
def test_a_run_keeps_its_job_when(workplace: Installation, start: Start, way: str) -> None:
    first = start("idle")
    REMOVED[way](workplace)

    second = workplace.run("ingest", nothing)
    first.communicate("go on\n", timeout=30)

    assert (second.exit_code, second.status, first.returncode) == (75, "skipped", 0)
    assert workplace.values(STATES) == ["success", "skipped"]


def test_a_watchdog_whose_lock_is_gone_leaves_the_living_one_alone_without_a_word(
    workplace: Installation, start: Start
) -> None:
    start("idle", "stream")
    (workplace.home / "locks" / "stream.lock").unlink()

    second = workplace.run("stream", nothing)

    assert (second.exit_code, second.run_id, workplace.values(STATES)) == (75, None, ["running"])


def test_the_pair_does_not_run_a_step_that_is_at_work(workplace: Installation, start: Start) -> None:
    start("idle")
    (workplace.home / "locks" / "ingest.lock").unlink()

    done = workplace.command("jobs", "run", "ingest_rank")

    assert (done.exit_code, "ingest is already running" in done.stderr) == (75, True)
    assert workplace.values("SELECT status FROM job_runs WHERE job_id = 'ingest_rank'") == ["skipped"]


def test_a_run_that_was_killed_after_its_lock_was_removed_is_abandoned(workplace: Installation, start: Start) -> None:
    first = start("idle")
    (workplace.home / "locks" / "ingest.lock").unlink()
    first.kill()
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)  # it has died, and nobody has taken note: a zombie

    second = workplace.run("ingest", nothing)

    assert (second.exit_code, workplace.values(STATES)) == (0, ["abandoned", "success"])


@pytest.fixture
def other_pid() -> Iterator[int]:
    """The pid of a process that lives."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process.pid
        process.kill()


def left_running(workplace: Installation, *, pid: int, host: str, process: str | None, beat_seconds_ago: float) -> None:
    """Leave a run that never ended."""
    store = workplace.store()
    with store.transaction():
        run_id = store.job_runs.start("ingest", NOW - timedelta(hours=1), pid, host, "0", process)
        store.job_runs.beat(run_id, NOW - timedelta(seconds=beat_seconds_ago))
    store.close()


HERE = socket.gethostname()
SPACE = this_process().rpartition(" ")[0]
RECYCLED = f"{SPACE} 1"  # began with the machine, as no process of ours did
DEAD_PID = 2**22 + 1  # above what the kernel gives
ENDINGS = [
    # host, process, seconds since its last beat, whether its pid lives, whether the run does
    pytest.param(HERE, RECYCLED, 5, True, False, id="its pid is another process's now"),
    pytest.param(HERE, f"{SPACE} 77", 5, False, False, id="its process is gone, a beat ago"),
    pytest.param("elsewhere", f"{SPACE} 77", 44, False, True, id="on another host, with a young heartbeat"),
    pytest.param("elsewhere", f"{SPACE} 77", 46, True, False, id="on another host, with an old heartbeat"),
    pytest.param("elsewhere", f"{SPACE} 77", -3600, True, False, id="on another host, with a heartbeat of the future"),
    pytest.param(HERE, "other-boot pid:[1] 77", 44, False, True, id="of another boot, with a young heartbeat"),
    pytest.param(HERE, "other-boot pid:[1] 77", 46, True, False, id="of another boot, with an old heartbeat"),
    pytest.param(HERE, f"{SPACE[:-1]}9] 77", 44, False, True, id="in another container, with a young heartbeat"),
    pytest.param(HERE, None, 44, False, True, id="of version 0.1, with a young heartbeat"),
    pytest.param(HERE, None, 46, True, False, id="of version 0.1, with an old heartbeat"),
]


@pytest.mark.parametrize(("host", "process", "beat", "pid_lives", "lives"), ENDINGS)
def test_whether_a_run_without_an_end_still_lives(
    workplace: Installation, other_pid: int, host: str, process: str | None, beat: float, pid_lives: bool, lives: bool
) -> None:
    pid = other_pid if pid_lives else DEAD_PID
    left_running(workplace, pid=pid, host=host, process=process, beat_seconds_ago=beat)

    result = workplace.run("ingest", nothing)

    assert result.exit_code == (75 if lives else 0)
    assert workplace.values(STATES) == (["running", "skipped"] if lives else ["abandoned", "success"])


def test_a_run_that_lives_is_not_abandoned_however_old_its_heartbeat(workplace: Installation, start: Start) -> None:
    start("idle")
    (workplace.home / "locks" / "ingest.lock").unlink()
    workplace.clock.advance(hours=5)

    assert workplace.run("ingest", nothing).exit_code == 75


def test_a_run_of_this_very_process_that_could_not_be_ended_holds_up_nobody(workplace: Installation) -> None:
    left_running(workplace, pid=os.getpid(), host=HERE, process=this_process(), beat_seconds_ago=1)

    assert workplace.run("ingest", nothing).exit_code == 0
