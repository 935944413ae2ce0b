"""Run jobs: start the runner, tell how it ended, and speak up when the database itself is broken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial

from trendspark_cli.app.installation import Installation
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.console import counting, report
from trendspark_cli.base.errors import (
    IntegrityError,
    MachineFullError,
    StopRequest,
    StoreBusyError,
    StoreError,
    TrendSparkError,
)
from trendspark_cli.base.threads import ask_all
from trendspark_cli.kinds.channels import operations_queued_for
from trendspark_cli.kinds.jobs import JOBS, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.app.job_runner import JobRunner
    from trendspark_cli.base.models import RunResult
    from trendspark_cli.running.job_context import JobContext
    from trendspark_cli.store.database import JobParts

LONGEST_ALERT_SECONDS = 60.0  # a name server that hangs knows no time-out of ours

log = logging.getLogger(__name__)

Body = Callable[[Wired], None]


def run(
    installation: Installation,
    job_id: str,
    body: Body,
    *,
    is_dry: bool = False,
    parts: JobParts | None = None,
    show: Callable[[RunResult], None] | None = None,
) -> int:
    """Run *body* as job *job_id*, tell how it ended, and return the exit code; after a real run, run what follows."""

    def call(runner: JobRunner) -> RunResult:
        return runner.run(job_id, _wired(installation, body), parts=parts, is_dry=is_dry)

    return _run(installation, job_id, call, is_dry, show)


def run_as_cron(installation: Installation, job_id: str) -> int:
    """Run a job of the table with the defaults of its flags, and return the exit code."""
    from trendspark_cli.app.job_bodies import bodies_of
    from trendspark_cli.app.job_parts import parts_of

    bodies = bodies_of(job_id)
    parts = parts_of(installation.settings, bodies)
    if JOBS[job_id].steps:
        return run_steps(installation, job_id, bodies, parts)
    return run(installation, job_id, bodies[job_id], parts=parts)


def run_steps(installation: Installation, job_id: str, steps: Mapping[str, Body], parts: JobParts | None = None) -> int:
    """Run several jobs as one: all locks taken first, one row for the whole and one for each step."""
    runner = installation.runner()

    def body(job: JobContext) -> None:
        worst: RunResult | None = None
        for step, step_body in steps.items():
            result = runner.run_locked(step, _wired(installation, step_body), job.store, began=job.now, parts=parts)
            job.counts[step] = dict(result.counts)
            job.result[step] = {"run_id": result.run_id, "status": result.status, "exit_code": result.exit_code}
            job.result.update(result.extra)
            if isinstance(result.cause, StopRequest):
                raise result.cause
            worst = worst if worst is not None and worst.exit_code else result
        if worst is not None and worst.cause is not None:
            raise worst.cause

    locks = (job_id, *steps)
    return _run(installation, job_id, lambda _: runner.run(job_id, body, locks=locks, parts=parts), False, None)


def _run(
    installation: Installation,
    job_id: str,
    call: Callable[[JobRunner], RunResult],
    is_dry: bool,
    show: Callable[[RunResult], None] | None,
) -> int:
    try:
        installation.database.require()
        result = call(installation.runner(is_dry=is_dry))
    except TrendSparkError as error:
        if is_dry or installation.is_news(job_id, error):
            log.error("%s: %s", job_id, error)
            installation.output.failure(error, where=job_id, exit_code=error.exit_code, is_of_run=True)
        _tell_of_broken_store(installation, job_id, error)
        if not is_dry:
            _follow(installation, job_id)
        return error.exit_code
    if is_dry or result.cause is None or installation.is_news(job_id, result.cause):
        report(result, installation.output)
    if isinstance(result.store_error, TrendSparkError):
        _tell_of_broken_store(installation, job_id, result.store_error)
    if show is not None and not installation.output.is_json:
        show(result)
    if not is_dry and not result.must_end:
        _follow(installation, job_id)
    return result.exit_code


def _follow(installation: Installation, job_id: str) -> None:
    """Run the job that follows this one, while it is needed; its own failures are on record and never this job's."""
    from trendspark_cli.app.job_bodies import bodies_of

    then = kind_of(job_id).then
    if not then or not JOBS[then].is_needed(installation.settings):
        return
    try:
        for step, body in bodies_of(then).items():
            installation.runner(is_extra=True).run(step, _wired(installation, body))
    except TrendSparkError as error:
        log.error("%s could not run: %s", then, error)


def _tell_of_broken_store(installation: Installation, job_id: str, error: TrendSparkError) -> None:
    """Alert at once when the database is what failed; a busy one is no news."""
    from trendspark_cli.alerts.direct_alert import send_directly
    from trendspark_cli.app.adapters.channels import notifiers_of

    is_broken = isinstance(error, (IntegrityError, StoreError)) and not isinstance(error, StoreBusyError)
    if installation.settings.alerts_are_muted or not (is_broken or not installation.database.is_there()):
        return
    channels = operations_queued_for(installation.settings)
    notifiers = notifiers_of(installation.settings, lambda call: None, channels)
    cooldown = installation.settings.ops_alert_cooldown
    told = partial(send_directly, notifiers, installation.lock_folder, job_id, error, installation.clock(), cooldown)
    try:
        answer = ask_all({"alert": told}, LONGEST_ALERT_SECONDS)["alert"]
    except MachineFullError as refusal:
        log.error("nobody was told that the database is broken: %s", refusal)
        return
    if answer is None:
        log.error("the alert on the broken database did not get out in %.0f s", LONGEST_ALERT_SECONDS)
    else:
        answer.value()


def _wired(installation: Installation, body: Body) -> Callable[[JobContext], None]:
    def wired_body(job: JobContext) -> None:
        installation.settings.require()
        with counting(installation.output, job.counts):
            body(Wired(installation.settings, job, installation.clock))

    return wired_body
