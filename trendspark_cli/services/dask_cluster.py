"""Tasks on a Dask cluster that people run already. Its workers need this package, and credentials of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from trendspark_cli import __version__
from trendspark_cli.backtests.workers import Answer, Result, Task, run_task, value_of
from trendspark_cli.base.errors import ConfigError, MachineFullError, UpstreamError
from trendspark_cli.base.extras import missing_extra
from trendspark_cli.services.worker_processes import run_apart

CONNECT_SECONDS = 20
_one_at_a_time = threading.Lock()  # a worker with several threads does one of our tasks, whose memory it has then


def make(workers: int | None, address: str) -> DaskCluster:
    """Return the cluster whose scheduler has that address."""
    return DaskCluster(address)


class DaskCluster:
    """A scheduler and whatever workers it has; one that is lost has its task done by another, as Dask does it."""

    def __init__(self, address: str) -> None:
        self._address = address

    def map(
        self, function: Callable[[Task], Result], tasks: Sequence[Task], done: Callable[[int], None]
    ) -> list[Result]:
        """Return what *function* makes of each task; raise UpstreamError for a scheduler that cannot be reached."""
        try:
            from distributed import Client, KilledWorker, as_completed
        except ImportError as error:
            raise missing_extra("--engine dask", "dask") from error
        try:
            client = Client(self._address, timeout=CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            hint = "start one with `dask scheduler`, and workers with `dask worker`"
            raise UpstreamError("dask", f"no scheduler at {self._address!r} ({error})", hint=hint) from error
        results: dict[int, Result] = {}
        with client:
            futures = {
                client.submit(run_on_worker, __version__, function, task, pure=False): number
                for number, task in enumerate(tasks)
            }
            try:
                for future in as_completed(futures):
                    worker, answer = future.result()
                    results[futures[future]] = value_of(answer, worker)
                    done(futures[future])
            except KilledWorker as error:
                hint = "give them more memory, or shorter --slices"
                raise MachineFullError(f"a slice ended one worker of Dask after another: {error}", hint=hint) from error
            except ModuleNotFoundError as error:
                hint = f"install trendspark {__version__} on every worker"
                raise ConfigError(
                    f"a worker of Dask at {self._address!r} lacks a package: {error}", hint=hint
                ) from error
            finally:
                client.cancel(list(futures))
        return [results[number] for number in range(len(tasks))]


def run_on_worker(version: str, function: Callable[[Task], Result], task: Task) -> tuple[str, Answer[Result]]:
    """Return the address of the worker this is, and what came of the task; end it once whoever asked is gone."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def is_wanted() -> bool:
        known = worker.state.tasks.get(key)
        return known is not None and known.state != "cancelled"

    apart = partial(run_apart, function, is_wanted=is_wanted)
    with _one_at_a_time:  # this process lives on: what a slice leaves behind must not lie beside the next one
        return worker.address, run_task(version, apart, task)
