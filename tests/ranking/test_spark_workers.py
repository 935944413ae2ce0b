"""Workers on a Spark of two executors, where pyspark and Java are: what other engines promise, this one does too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools import tasks
from tests.tools.processes import wait_for
from tests.tools.spark_reading import spark_missing
from trendspark_cli.backtests.workers import WorkerError
from trendspark_cli.base.errors import ConfigError, ExitCode, MachineFullError, UpstreamError
from trendspark_cli.services.spark_cluster import SparkCluster, in_our_words

HERE = "local-cluster[2,1,1024]"
pytestmark = [
    pytest.mark.skipif(spark_missing() is not None, reason=str(spark_missing())),
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("_importable"),
]


@pytest.fixture
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let executors import what a test has: they get the environment, as a worker of a cluster has its own."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))


def unseen(number: int) -> None:
    """Look at nothing."""


def test_the_task_of_a_worker_that_was_killed_is_done_again(tmp_path: Path) -> None:
    ended: list[int] = []

    found = SparkCluster(HERE).map(
        tasks.double_at_the_second_try, [(str(tmp_path), number) for number in (3, 1, 2)], ended.append
    )

    assert (found, sorted(ended)) == ([6, 2, 4], [0, 1, 2])


def test_a_task_that_ends_every_worker_ends_the_command_and_says_what_helps() -> None:
    with pytest.raises(MachineFullError, match=r"worker .+ \(executor .+\): a slice ended one worker") as raised:
        SparkCluster(HERE).map(tasks.die, [1], unseen)

    assert "shorter --slices" in raised.value.hint


def test_an_error_of_a_worker_ends_the_command_as_it_would_have_ended_there() -> None:
    with pytest.raises(WorkerError, match=r"worker .+: object 1 is damaged") as raised:
        SparkCluster(HERE).map(tasks.find_damage, [1], unseen)

    assert (raised.value.exit_code, raised.value.hint) == (ExitCode.INTEGRITY, "look at it")


@pytest.mark.parametrize(
    ("address", "told"),
    [("spark://127.0.0.1:1", "no master at .* refused"), ("nonsense", "no master at .*Could not parse Master URL")],
)
def test_a_master_that_is_not_there_is_named(address: str, told: str) -> None:
    with pytest.raises(UpstreamError, match=told):
        SparkCluster(address).map(tasks.double, [1], unseen)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "(TID 3) (10.0.0.5 executor 1): ... ModuleNotFoundError: No module named 'trendspark_cli'",
            "worker 10.0.0.5 .executor 1.: ModuleNotFoundError",
        ),
        (
            "(TID 3) (w2 executor 7): ... [PYTHON_VERSION_MISMATCH] Python in worker has 3.10",
            "worker w2 .executor 7.: ",
        ),
    ],
)
def test_a_worker_of_another_installation_is_named_and_ends_the_command_with_78(told: str, shown: str) -> None:
    error = in_our_words(RuntimeError(told), "spark://h:7077")

    assert isinstance(error, ConfigError)
    with pytest.raises(ConfigError, match=shown):
        raise error


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_command(tmp_path: Path, how: signal.Signals) -> None:
    code = (
        "from tests.tools import tasks; from trendspark_cli.services.spark_cluster import SparkCluster; "
        f"SparkCluster({HERE!r}).map(tasks.say_and_wait, [({str(tmp_path)!r}, 0), ({str(tmp_path)!r}, 1)], print)"
    )
    command = subprocess.Popen([sys.executable, "-c", code], cwd=Path.cwd(), stderr=subprocess.DEVNULL)
    with command:
        try:
            wait_for("both at work", lambda: {"0", "1"} <= {path.name for path in tmp_path.iterdir()}, seconds=240)
            workers = [int((tmp_path / name).read_text()) for name in "01"]

            command.send_signal(how)
            command.wait(60)
        finally:
            command.kill()

    assert wait_for("their end", lambda: not any(map(tasks.is_alive, workers)), seconds=60)
