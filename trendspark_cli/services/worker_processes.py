"""Tasks in processes of this machine: one for each task, so that what it needed of memory is free again after it.

A worker ends with whoever started it, whatever ends that one: its stdin ends then.
"""

from __future__ import annotations

import os
import pickle
import selectors
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from trendspark_cli import __version__
from trendspark_cli.backtests.workers import Answer, Result, Task, WorkerError, run_task, value_of
from trendspark_cli.base.errors import ExitCode, MachineFullError, os_words

LOOK_SECONDS = 1.0  # between two looks whether results are wanted
MOST_DEATHS = 3  # of the workers of one task: then it is the task
_CODE = (
    "import sys; question = int(sys.argv[1]); sys.path[:] = sys.argv[2:]; "
    "from trendspark_cli.services.worker_processes import main; main(question)"
)
_PACKAGES = str(Path(__file__).resolve().parents[2])


def make(workers: int | None, address: str) -> WorkerProcesses:
    """Return so many processes at a time, by default as many as there are cores for us."""
    return WorkerProcesses(workers or len(os.sched_getaffinity(0)))


class _Worker(NamedTuple):
    number: int  # of its task
    process: subprocess.Popen[bytes]
    answer: IO[bytes]


class WorkerProcesses:
    """At most so many processes at a time; a single task is done in this one."""

    def __init__(self, most: int) -> None:
        self._most = most

    def map(
        self, function: Callable[[Task], Result], tasks: Sequence[Task], done: Callable[[int], None]
    ) -> list[Result]:
        """Return what *function* makes of each task."""
        if len(tasks) == 1:
            result = value_of(run_task(__version__, function, tasks[0]))
            done(0)
            return [result]
        return _each_apart(self._most, function, tasks, done)


def run_apart(function: Callable[[Task], Result], task: Task, is_wanted: Callable[[], bool]) -> Result:
    """Return what *function* makes of a task in a process of its own; raise what `Workers.map` does.

    It is asked every second whether the result is still wanted; WorkerError when it is not, and the process has ended.
    """
    return _each_apart(1, function, [task], lambda number: None, is_wanted)[0]


def _each_apart(
    most: int,
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    done: Callable[[int], None],
    is_wanted: Callable[[], bool] = lambda: True,
) -> list[Result]:
    results: dict[int, Result] = {}
    waiting = list(range(len(tasks)))[::-1]
    deaths: Counter[int] = Counter()
    with selectors.DefaultSelector() as ready:
        try:
            while waiting or ready.get_map():
                if not is_wanted():
                    raise WorkerError("nobody waits for it any more", hint="", exit_code=ExitCode.INTERRUPTED)
                while waiting and len(ready.get_map()) < most:
                    worker = _start(waiting.pop(), function, tasks)
                    ready.register(worker.process.stdout, selectors.EVENT_READ, worker)  # type: ignore[arg-type]
                for key, _ in ready.select(LOOK_SECONDS):
                    worker = key.data
                    some = os.read(key.fd, 2**16)
                    worker.answer.write(some)
                    if some:
                        continue
                    ready.unregister(key.fileobj)
                    answer: Answer[Result] | None = _ended(worker)
                    if answer is not None:
                        results[worker.number] = value_of(answer)
                        done(worker.number)
                        continue
                    deaths[worker.number] += 1
                    _require_life(worker, deaths[worker.number], len(tasks))
                    waiting.append(worker.number)
        finally:
            for key in list(ready.get_map().values()):
                _end(key.data)
    return [results[number] for number in range(len(tasks))]


def _start(number: int, function: Callable[[Task], Result], tasks: Sequence[Task]) -> _Worker:
    """Start a worker with its task; it is in a group of its own, so that Ctrl-C is for us alone."""
    places = [_PACKAGES, *(place for place in sys.path if place)]
    with tempfile.TemporaryFile() as question:
        pickle.dump((__version__, function, tasks[number]), question)
        question.seek(0)
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CODE, str(question.fileno()), *places],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                process_group=0,
                pass_fds=[question.fileno()],
            )
        except OSError as error:
            what = f"no process could be started: {os_words(error)}"
            raise MachineFullError(what, hint="ask for fewer --workers") from error
    return _Worker(number, process, tempfile.TemporaryFile())


def _ended(worker: _Worker) -> Answer[Result] | None:
    """Return the answer of a worker whose output has ended; None when it died before it was whole."""
    code = worker.process.wait()
    try:
        if code == 1:
            raise RuntimeError("a worker met a bug; its traceback stands above")
        if code:
            return None
        worker.answer.seek(0)
        answer: Answer[Result] = pickle.load(worker.answer)
        return answer
    finally:
        _end(worker)


def _end(worker: _Worker) -> None:
    worker.process.kill()
    worker.answer.close()
    with worker.process:  # closes the pipes, and waits
        pass


def _require_life(worker: _Worker, deaths: int, tasks: int) -> None:
    """Raise MachineFullError when one task has ended too many workers."""
    if deaths >= MOST_DEATHS:
        how = f"signal {-worker.process.returncode}" if worker.process.returncode < 0 else "no answer"
        which = f"task {worker.number + 1} of {tasks}" if tasks > 1 else "the task"
        raise MachineFullError(
            f"{which} ended {deaths} workers, the last by {how}",
            hint="fewer --workers at a time, or shorter --slices, need less memory",
        )


def main(descriptor: int) -> None:
    """Do the task in the open file that was handed down, and write the answer to stdout."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed must not get between
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with os.fdopen(descriptor, "rb") as question:
        version, function, task = pickle.load(question)
    pickle.dump(run_task(version, function, task), answers)
    answers.close()


def _end_with_parent() -> None:
    """Wait for the end of stdin, which nobody writes to: then whoever started this is gone."""
    while os.read(0, 1):
        pass
    os._exit(0)
