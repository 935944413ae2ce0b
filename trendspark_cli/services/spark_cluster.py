"""Tasks on a Spark cluster that people run already, as its executors' work: no table of Spark, no settings of ours."""

from __future__ import annotations

import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from trendspark_cli import __version__
from trendspark_cli.backtests.workers import Answer, Result, Task, run_task, value_of
from trendspark_cli.base.errors import ConfigError, MachineFullError, UpstreamError
from trendspark_cli.base.extras import missing_extra

CONNECT_SECONDS = 20
MOST_AT_A_TIME = 256  # tasks that are handed to the cluster before it has answered others
MOST_DEATHS = 3  # of the workers of one task: then it is the task
_DEATHS = ("ExecutorLostFailure", "Python worker exited unexpectedly", "Python worker failed to connect back")
_LACKING = re.compile(r"(?:ModuleNotFoundError|ImportError|AttributeError): [^\n]*trendspark_cli[^\n]*")
_OTHER_PYTHON = re.compile(r"PYTHON_VERSION_MISMATCH[^\n]*")
_WHERE = re.compile(r"\(TID \d+\) \((\S+) executor (\S+)\)")


def make(workers: int | None, address: str) -> SparkCluster:
    """Return the cluster whose master has that address."""
    return SparkCluster(address)


class SparkCluster:
    """A master and whatever executors it gives us; one that is lost has its task done by another, as Spark does it."""

    def __init__(self, address: str) -> None:
        self._address = address

    def map(
        self, function: Callable[[Task], Result], tasks: Sequence[Task], done: Callable[[int], None]
    ) -> list[Result]:
        """Return what *function* makes of each task; raise UpstreamError for a master that cannot be reached."""
        if not tasks:
            return []
        results: dict[int, Result] = {}
        with _context(self._address) as context:
            threads = ThreadPoolExecutor(min(len(tasks), MOST_AT_A_TIME))
            try:
                futures = {threads.submit(_run, context, function, task): number for number, task in enumerate(tasks)}
                for future in as_completed(futures):
                    worker, answer = future.result()
                    results[futures[future]] = value_of(answer, worker)
                    done(futures[future])
            except _java_error() as error:
                raise in_our_words(error, self._address) from error
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
                context.cancelAllJobs()
        return [results[number] for number in range(len(tasks))]


def run_on_worker(asked: tuple[str, Callable[[Task], Result], Task]) -> tuple[str, Answer[Result]]:
    """Return the name of the machine this is, and what came of the task."""
    version, function, task = asked
    return socket.gethostname(), run_task(version, function, task)


def _run(context: Any, function: Callable[[Task], Result], task: Task) -> tuple[str, Answer[Result]]:
    """Have the cluster do one task, as a job of its own: its end is seen before that of the others."""
    answers: list[tuple[str, Answer[Result]]]
    answers = context.parallelize([(__version__, function, task)], 1).map(run_on_worker).collect()
    return answers[0]


@contextmanager
def _context(address: str) -> Iterator[Any]:
    """Yield our application on a cluster; its executors are given back at the end."""
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkRuntimeError
    except ImportError as error:
        raise missing_extra("--engine spark", "spark") from error
    _require_master(address)
    conf = SparkConf().setMaster(address).setAppName(f"trendspark {__version__}")
    conf.set("spark.ui.enabled", "false").set("spark.ui.showConsoleProgress", "false")
    conf.set("spark.task.maxFailures", str(MOST_DEATHS))
    conf.set("spark.python.worker.reuse", "false")  # what a slice needed of memory is free again after it
    handler = signal.getsignal(signal.SIGINT)
    try:
        context = SparkContext(conf=conf)
    except _java_error() as error:
        raise _no_master(address, _first_line(error)) from error
    except PySparkRuntimeError as error:  # no Java, or one that is too old
        hint = "Spark needs Java 17 or newer here too; see JAVA_HOME"
        raise ConfigError(f"--engine spark: {error}", hint=hint) from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)  # Spark's own would do without our last words
    context.setLogLevel("OFF")
    if address.startswith("local"):
        context.pythonExec = sys.executable  # else it is whatever `python3` there is
    try:
        yield context
    finally:
        context.stop()


def _require_master(address: str) -> None:
    """Raise UpstreamError when no master answers: Spark itself would try for a minute, and say it in a traceback."""
    if not address.startswith("spark://"):
        return
    problem: Exception | None = None
    for place in address.removeprefix("spark://").split(","):
        try:
            parts = urlsplit(f"//{place}")
            with socket.create_connection((parts.hostname or "", parts.port or 7077), timeout=CONNECT_SECONDS):
                return
        except (OSError, ValueError) as error:
            problem = error
    raise _no_master(address, str(problem))


def _no_master(address: str, why: str) -> UpstreamError:
    hint = "start one with `start-master.sh`, and workers with `start-worker.sh`, of the version that pyspark has here"
    return UpstreamError("spark", f"no master at {address!r} ({why})", hint=hint)


def _java_error() -> type[Exception]:
    """Return the error in which Java's come to us."""
    from py4j.protocol import Py4JError

    error: type[Exception] = Py4JError
    return error


def _first_line(error: Exception) -> str:
    told = str(getattr(error, "java_exception", error))
    return told.partition("\n")[0][:300]


def in_our_words(error: Exception, address: str) -> Exception:
    """Return what an error of Spark means for whoever asked; one that is nobody's but ours stays as it is."""
    told = str(error)
    where = _WHERE.search(told)
    worker = f"worker {where[1]} (executor {where[2]})" if where else f"a worker of Spark at {address!r}"
    if lacking := _LACKING.search(told):
        hint = f"install trendspark {__version__} on every worker, and name its Python by PYSPARK_PYTHON here"
        return ConfigError(f"{worker}: {lacking[0]}", hint=hint)
    if other := _OTHER_PYTHON.search(told):
        return ConfigError(f"{worker}: {other[0]}", hint="name a Python of the same version by PYSPARK_PYTHON here")
    if any(death in told for death in _DEATHS):
        hint = "give executors more memory, or shorter --slices"
        return MachineFullError(f"{worker}: a slice ended one worker of Spark after another", hint=hint)
    return error
