"""One question in slices to one process, several, Dask and Spark, with workers killed at it: one answer."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.archive.keeping import Keeper
from tests.rank.test_rank_job import NOW, TICK, write_posts
from tests.ranking.streams import background, said
from tests.tools.processes import wait_for
from trendspark_cli.base.clock import to_text
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS

BACKTEST = ("backtest", "--archive", "--json", "--slices", "2d")
COMPARISON = (*BACKTEST, "--compare", "threshold=9")
CALIBRATION = ("calibrate", "--archive", "--json", "--slices", "4d", "--days", "90", "--shuffles", "1")


def has_dask() -> bool:
    """Tell whether the package of Dask's clusters is there."""
    return importlib.util.find_spec("distributed") is not None


def archive_of(folder: Path, *, days: int, per_tick: int) -> Keeper:
    """Return an operator whose posts are in the archive, with a story across each boundary of slices."""
    first = TICK - days * 96
    stories = [
        said(f"story{day} told", 40, (first + day * 96) * TICK_SECONDS - 2400, every=120, seed=day)
        for day in range(2, days, 2)
    ]
    posts = [*background(first, days * 96, per_tick), *(post for story in stories for post in story)]
    keeper = Keeper(folder / "home", now=NOW)
    assert keeper.ingest(file=str(write_posts(folder / "posts.ndjson", posts))).exit_code == 0
    keeper.rank()
    keeper.later(days=30)
    assert keeper.archive(tables=["posts"], older_than=timedelta(days=1), is_forced=True).exit_code == 0
    return keeper


def ask(
    keeper: Keeper,
    *options: str,
    about: tuple[str, ...] = BACKTEST,
    meanwhile: Callable[[int], None] = lambda process: None,
) -> Any:
    """Return what is printed, as JSON; *meanwhile* gets the id of the command."""
    told = (sys.executable, "-m", "tests.tools.job_at", to_text(keeper.now), *about, *options)
    around = {**keeper.surroundings(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    started = time.monotonic()
    with subprocess.Popen(told, env=around, cwd=keeper.home.parent, stdout=subprocess.PIPE) as command:
        meanwhile(command.pid)
        printed, _ = command.communicate()
    print(
        f"{about[0]} {' '.join(options)}: {time.monotonic() - started:.0f} s, exit code {command.returncode}",
        flush=True,
    )
    return json.loads(printed) if command.returncode == 0 else command.returncode


def kill_a_worker(command: int) -> None:
    """Kill the first process that works for a command."""
    child = wait_for("a worker", lambda: _worker_of(command), seconds=120)
    os.kill(child, signal.SIGKILL)
    print(f"killed a worker of {command}")


def _worker_of(command: int) -> int:
    found = (process for process, argv in _processes_below(command) if b"worker_processes" in argv)
    return next(found, 0)


def _processes_below(command: int) -> list[tuple[int, bytes]]:
    """Return a command's processes, theirs, and so on, with their arguments."""
    parents: dict[int, int] = {}
    argv: dict[int, bytes] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            number = int(place.name)
            parents[number] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            argv[number] = (place / "cmdline").read_bytes()
        except OSError:
            continue
    below, found = {command}, list[tuple[int, bytes]]()
    while new := {number for number, parent in parents.items() if parent in below} - below:
        below |= new
        found += [(number, argv.get(number, b"")) for number in sorted(new)]
    return found


def kill_an_executor(command: int) -> None:
    """Kill an executor of Spark once both have a Python that ranks."""

    def executor() -> int:
        found = _processes_below(command)
        ranking = [number for number, argv in found if b"pyspark.daemon" in argv]
        executors = [number for number, argv in found if b"CoarseGrainedExecutorBackend" in argv]
        return executors[-1] if len(ranking) >= 4 and executors else 0  # a daemon and its child, for each

    process = wait_for("executors at work", executor, seconds=240)
    os.kill(process, signal.SIGKILL)
    print(f"killed executor {process} of {command}")


@contextmanager
def dask_cluster(keeper: Keeper) -> Iterator[Any]:
    """Yield a cluster of two processes that have settings, and nothing of ours besides."""
    from distributed import LocalCluster

    before = dict(os.environ)
    os.environ.update(keeper.surroundings())
    try:
        with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
            yield cluster
    finally:
        os.environ.clear()
        os.environ.update(before)


def kill_a_dask_worker(cluster: Any) -> None:
    """Kill a worker once it has begun a task."""
    from distributed import Client

    with Client(cluster.scheduler_address, set_as_default=False) as client:
        busy = wait_for(
            "a task at work", lambda: [who for who, some in client.processing().items() if some], seconds=120
        )
        process = client.run(os.getpid, workers=busy[:1])[busy[0]]
    os.kill(process, signal.SIGKILL)
    print(f"killed the worker at {busy[0]}")
