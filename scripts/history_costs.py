"""What a backtest of an archive costs by each engine: time, processor and memory of its processes, and the answer."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOOK_SECONDS = 0.25
_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@dataclass
class Cost:
    """What a command took. `peak_bytes`: of the largest process that ranked; `answer`: its JSON, as a sum."""

    seconds: float = 0.0
    exit_code: int = 0
    answer: str = ""
    peak_bytes: int = 0
    _cpu: dict[int, float] = field(default_factory=dict)

    @property
    def cpu_seconds(self) -> float:
        """Return what all processes took together, from when they were seen first."""
        return sum(self._cpu.values())

    def look(self, roots: Sequence[int], before: Mapping[int, float]) -> None:
        """Take notice of the processes below *roots*; what they had taken *before* is left out."""
        for number, (cpu, resident, is_python) in processes_below(roots).items():
            self._cpu[number] = cpu - before.get(number, 0.0)
            if is_python:
                self.peak_bytes = max(self.peak_bytes, resident)


def processes_below(roots: Sequence[int]) -> dict[int, tuple[float, int, bool]]:
    """Return processor seconds and resident bytes of processes and all below them, and whether they are Python's."""
    parents: dict[int, int] = {}
    found: dict[int, tuple[float, int, bool]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (place / "stat").read_text().partition(") ")
        except OSError:
            continue
        fields, number = rest.split(), int(place.name)
        parents[number] = int(fields[1])
        found[number] = ((int(fields[11]) + int(fields[12])) / _TICKS, int(fields[21]) * _PAGE, "java" not in name)
    below = set(roots)
    while new := {number for number, parent in parents.items() if parent in below} - below:
        below |= new
    return {number: found[number] for number in below if number in found}


def cost_of(question: Sequence[str], environment: Mapping[str, str], others: Sequence[int] = ()) -> Cost:
    """Return what a command costs; *others* are processes that work for it and are not below it."""
    cost = Cost()
    before = {number: cpu for number, (cpu, _, _) in processes_below(others).items()}
    started = time.monotonic()
    argv = [sys.executable, "-m", "trendspark_cli", *question]
    with subprocess.Popen(argv, env={**os.environ, **environment}, stdout=subprocess.PIPE) as command:
        assert command.stdout is not None
        os.set_blocking(command.stdout.fileno(), False)
        printed = bytearray()
        while command.poll() is None:
            cost.look([command.pid, *others], before)
            printed += command.stdout.read() or b""
            time.sleep(LOOK_SECONDS)
        printed += command.stdout.read() or b""
    cost.seconds, cost.exit_code = time.monotonic() - started, command.returncode
    cost.answer = hashlib.sha256(bytes(printed)).hexdigest()
    return cost


@contextmanager
def dask_here(environment: Mapping[str, str], workers: int) -> Iterator[tuple[str, list[int]]]:
    """Yield the address of a cluster of so many processes, and their ids."""
    from distributed import Client, LocalCluster

    before = dict(os.environ)
    os.environ.update(environment)
    try:
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield cluster.scheduler_address, sorted(client.run(os.getpid).values())
    finally:
        os.environ.clear()
        os.environ.update(before)
