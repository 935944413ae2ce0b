"""Workers: every task is answered once and in its place, whatever becomes of a worker; none outlives its command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools import tasks
from tests.tools.processes import wait_for
from trendspark_cli.backtests.workers import WorkerError, run_task, value_of
from trendspark_cli.base.errors import ConfigError, ExitCode, MachineFullError
from trendspark_cli.services.dask_cluster import DaskCluster
from trendspark_cli.services.spark_cluster import SparkCluster
from trendspark_cli.services.worker_processes import WorkerProcesses, run_apart


def unseen(number: int) -> None:
    """Look at nothing."""


def test_the_task_of_a_worker_that_was_killed_is_done_again(tmp_path: Path) -> None:
    ended: list[int] = []

    found = WorkerProcesses(2).map(
        tasks.double_at_the_second_try, [(str(tmp_path), number) for number in (3, 1, 2)], ended.append
    )

    assert (found, sorted(ended)) == ([6, 2, 4], [0, 1, 2])


def test_one_worker_at_a_time_gives_its_memory_back_after_each_task() -> None:
    processes = WorkerProcesses(1).map(tasks.process, [1, 2], unseen)

    assert len({os.getpid(), *processes}) == 3


def test_a_single_task_is_done_without_a_worker() -> None:
    assert WorkerProcesses(2).map(tasks.process, [1], unseen) == [os.getpid()]


def test_a_task_apart_is_done_again_when_its_process_is_killed(tmp_path: Path) -> None:
    assert run_apart(tasks.process, 1, lambda: True) != os.getpid()
    assert run_apart(tasks.double_at_the_second_try, (str(tmp_path), 3), lambda: True) == 6


def test_a_task_apart_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    begun = tmp_path / "1"

    with pytest.raises(WorkerError, match="nobody waits"):
        run_apart(tasks.say_and_wait, (str(tmp_path), 1), lambda: not begun.exists())

    assert not tasks.is_alive(int(begun.read_text()))


def test_a_task_that_ends_every_worker_ends_the_command_and_says_what_helps() -> None:
    with pytest.raises(MachineFullError, match=r"of 2 ended 3 workers, the last by signal 9"):
        WorkerProcesses(2).map(tasks.die, [1, 2], unseen)


def test_an_error_of_a_worker_ends_the_command_as_it_would_have_ended_there() -> None:
    with pytest.raises(WorkerError, match="is damaged") as raised:
        WorkerProcesses(2).map(tasks.find_damage, [1, 2], unseen)

    assert (raised.value.exit_code, raised.value.hint) == (ExitCode.INTEGRITY, "look at it")


def test_a_bug_of_a_worker_is_not_tried_again(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="a worker met a bug"):
        WorkerProcesses(2).map(tasks.be_wrong, [1, 2], unseen)

    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_worker_of_another_version_refuses_with_both_versions() -> None:
    answer = run_task("0.0.1", tasks.double, 1)

    with pytest.raises(ConfigError, match=r"worker tcp://there: it has trendspark .*; expected 0\.0\.1"):
        value_of(answer, "tcp://there")


def test_a_cluster_without_its_library_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(ConfigError, match="--engine dask needs the extra `dask`"):
        DaskCluster("tcp://127.0.0.1:8786").map(tasks.double, [1], unseen)


def test_each_task_on_a_cluster_of_dask_has_a_process_that_ends_with_it() -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, scheduler_port=0
    ) as cluster:
        processes = DaskCluster(cluster.scheduler_address).map(tasks.process, [1, 2], unseen)
        with pytest.raises(WorkerError, match=r"the task ended 3 workers, the last by signal 9") as raised:
            DaskCluster(cluster.scheduler_address).map(tasks.die, [1], unseen)

    assert len({os.getpid(), *processes}) == 3
    assert raised.value.exit_code == MachineFullError.exit_code


def test_what_a_cluster_of_dask_has_begun_ends_with_the_command(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    begun = tmp_path / "1"

    def interrupt(number: int) -> None:
        wait_for("the second task", begun.exists, seconds=60)
        raise KeyboardInterrupt

    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, scheduler_port=0
    ) as cluster:
        with pytest.raises(KeyboardInterrupt):
            DaskCluster(cluster.scheduler_address).map(
                tasks.wait_but_for_the_first, [(str(tmp_path), 0), (str(tmp_path), 1)], interrupt
            )

        assert wait_for("its end", lambda: not tasks.is_alive(int(begun.read_text())), seconds=60)


def test_spark_without_its_library_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)

    with pytest.raises(ConfigError, match="--engine spark needs the extra `spark`"):
        SparkCluster("spark://127.0.0.1:7077").map(tasks.double, [1], unseen)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_command(tmp_path: Path, how: signal.Signals) -> None:
    code = (
        "import sys; from tests.tools import tasks; "
        "from trendspark_cli.services.worker_processes import WorkerProcesses; "
        f"WorkerProcesses(2).map(tasks.say_and_wait, [({str(tmp_path)!r}, 0), ({str(tmp_path)!r}, 1)], print)"
    )
    command = subprocess.Popen([sys.executable, "-c", code], cwd=Path.cwd(), stderr=subprocess.DEVNULL)
    with command:
        wait_for("both at work", lambda: {"0", "1"} <= {path.name for path in tmp_path.iterdir()}, seconds=60)
        workers = [int((tmp_path / name).read_text()) for name in "01"]

        command.send_signal(how)

    assert wait_for("their end", lambda: not any(map(tasks.is_alive, workers)), seconds=60)
