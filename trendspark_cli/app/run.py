"""Run jobs: start the runner, tell how it ended, and speak up when the database itself is broken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

from trendspark_cli.app.adapters import NOTIFIERS, load
from trendspark_cli.app.installation import Installation
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.console import report
from trendspark_cli.base.errors import IntegrityError, StopRequest, StoreBusyError, StoreError, TrendSparkError
from trendspark_cli.store.open_store import require_database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.app.job_runner import JobRunner
    from trendspark_cli.base.models import RunResult
    from trendspark_cli.running.job_context import JobContext

log = logging.getLogger(__name__)

Body = Callable[[Wired], None]


def run(
    here: Installation,
    job_id: str,
    body: Body,
    *,
    is_dry: bool = False,
    show: Callable[[RunResult], None] | None = None,
) -> int:
    """Run *body* as job *job_id*, tell how it ended, and return the exit code."""
    return _run(here, job_id, lambda runner: runner.run(job_id, _wired(here, body), is_dry=is_dry), is_dry, show)


def run_steps(here: Installation, job_id: str, steps: Mapping[str, Body]) -> int:
    """Run several jobs as one: all locks taken first, one row for the whole and one for each step."""
    runner = here.runner()

    def body(job: JobContext) -> None:
        worst: RunResult | None = None
        for step, step_body in steps.items():
            result = runner.run_locked(step, _wired(here, step_body), job.store, began=job.now)
            job.counts[step] = dict(result.counts)
            job.result[step] = {"run_id": result.run_id, "status": result.status, "exit_code": result.exit_code}
            job.result.update(result.extra)
            if isinstance(result.cause, StopRequest):
                raise result.cause
            worst = worst if worst is not None and worst.exit_code else result
        if worst is not None and worst.cause is not None:
            raise worst.cause

    code = _run(here, job_id, lambda _: runner.run(job_id, body, locks=(job_id, *steps)), False, None)
    deliver_now(here)
    return code


def _run(
    here: Installation,
    job_id: str,
    call: Callable[[JobRunner], RunResult],
    is_dry: bool,
    show: Callable[[RunResult], None] | None,
) -> int:
    try:
        require_database(here.database)
        result = call(here.runner(is_dry=is_dry))
    except TrendSparkError as error:
        log.error("%s: %s", job_id, error, exc_info=True)
        here.output.failure(error, where=job_id, exit_code=error.exit_code)
        _tell_of_broken_store(here, job_id, error)
        return error.exit_code
    report(result, here.output)
    if isinstance(result.store_error, TrendSparkError):
        _tell_of_broken_store(here, job_id, result.store_error)
    if show is not None and not here.output.is_json:
        show(result)
    return result.exit_code


def deliver_now(here: Installation) -> None:
    """Send what the job before queued; its own failures are on record and never that job's."""
    from trendspark_cli.app.job_bodies import deliver_body

    if here.settings.alerts_are_muted:
        return
    try:
        here.runner(is_extra=True).run("deliver", _wired(here, deliver_body()))
    except TrendSparkError as error:
        log.error("delivery could not run: %s", error)


def _tell_of_broken_store(here: Installation, job_id: str, error: TrendSparkError) -> None:
    """Alert at once when the database is what failed; a busy one is no news."""
    from trendspark_cli.alerts.direct_alert import send_directly

    is_broken = isinstance(error, (IntegrityError, StoreError)) and not isinstance(error, StoreBusyError)
    if here.settings.alerts_are_muted or not (is_broken or not here.database.exists()):
        return
    notifiers = [load(target)(here.settings, lambda call: None) for target in NOTIFIERS.values()]
    cooldown = timedelta(minutes=here.settings.ops_alert_cooldown_minutes)
    send_directly(notifiers, here.lock_folder, job_id, error, here.clock(), cooldown)


def _wired(here: Installation, body: Body) -> Callable[[JobContext], None]:
    def wired_body(job: JobContext) -> None:
        here.settings.require()
        body(Wired(here.settings, job, here.clock))

    return wired_body
