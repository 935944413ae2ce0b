"""Whoever runs independent questions about the past: what an engine promises, and what travels to a worker and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar, cast

from trendspark_cli import __version__
from trendspark_cli.base.errors import ConfigError, ExitCode, TrendSparkError

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers(Protocol):
    """Processes that may be on other machines. They share nothing with us but the version of this package."""

    def map(
        self, function: Callable[[Task], Result], tasks: Sequence[Task], done: Callable[[int], None]
    ) -> list[Result]:
        """Return what *function* makes of each task, in their order; `done(number)` is called as each one ends.

        *function* is one of a module, and has no effect besides its result: the task of a worker that is lost is done
        again by another one. Leaving this call, by an error too, ends what still runs. Raises an error of ours as
        WorkerError, ConfigError for a worker of another version, MachineFullError when one task
        ends its worker again and again.
        """


class WorkerError(TrendSparkError):
    """A task failed on its worker, with an error of ours; it ends this command as it would have ended there."""

    def __init__(self, message: str, *, hint: str, exit_code: ExitCode) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class Answer(NamedTuple, Generic[Result]):
    """What comes back from a worker: the result, or what is wrong where `problem` is not empty."""

    value: Result | None = None
    problem: str = ""
    hint: str = ""
    exit_code: ExitCode = ExitCode.DONE


def run_task(version: str, function: Callable[[Task], Result], task: Task) -> Answer[Result]:
    """Return what *function* makes of a task, on a worker, for whoever asked with that version of this package."""
    if version != __version__:
        what = f"it has trendspark {__version__}; expected {version}, as here"
        hint = "install the same version on every worker, and start them again"
        return Answer(problem=what, hint=hint, exit_code=ExitCode.CONFIG)
    try:
        return Answer(function(task))
    except TrendSparkError as error:
        return Answer(problem=str(error), hint=error.hint, exit_code=error.exit_code)


def value_of(answer: Answer[Result], worker: str = "") -> Result:
    """Return the result in an answer; raise what went wrong, with the name of the worker where there are several."""
    where = f"worker {worker}: " if worker else ""
    if answer.exit_code == ExitCode.CONFIG:
        raise ConfigError(where + answer.problem, hint=answer.hint)
    if answer.problem:
        raise WorkerError(where + answer.problem, hint=answer.hint, exit_code=answer.exit_code)
    return cast(Result, answer.value)
