"""`trendspark jobs list|history|run|pause|resume`."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Annotated

import typer

from trendspark_cli.cli.options import JsonFlag, LimitOption, QuietFlag, VerboseFlag, here, sub_app
from trendspark_cli.clock import duration_words, to_text
from trendspark_cli.console import short_time, shortened
from trendspark_cli.errors import UsageError
from trendspark_cli.jobs.command_bodies import RUNNABLE
from trendspark_cli.store.protocol import Store
from trendspark_cli.wiring import change, deliver_now, look, run, run_steps

app = sub_app("Runs of jobs.")
JobId = Annotated[str, typer.Argument(help=f"A job: {', '.join(RUNNABLE)}.")]


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """List jobs: schedule, last run, next run."""
    from trendspark_cli.job_overview import job_overview

    installed = here("jobs", is_json=as_json)

    def action(store: Store) -> None:
        jobs = job_overview(store, installed.clock())
        if installed.output.is_json:
            installed.output.data({"jobs": jobs})
        else:
            installed.output.table(
                ("id", "paused", "schedule", "next run", "last run", "last status", "overdue", "failures"),
                [
                    (
                        job["id"],
                        "yes" if job["paused"] else "",
                        job["schedule"],
                        short_time(job["next_run"]),
                        short_time(job["last_run"]),
                        job["last_status"],
                        duration_words(timedelta(seconds=job["lateness_seconds"])) if job["lateness_seconds"] else "",
                        job["failures"],
                    )
                    for job in jobs
                ],
                less_needed=("schedule", "next run"),
            )

    raise typer.Exit(look(installed, "jobs list", action))


@app.command()
def history(
    limit: LimitOption = 20,
    job: Annotated[str | None, typer.Option(help="Only runs of this job.")] = None,
    status: Annotated[str | None, typer.Option(help="Only runs that ended like this.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show runs, newest first."""
    installed = here("jobs", is_json=as_json)

    def action(store: Store) -> None:
        runs = store.job_runs.history(limit, job, status)
        if installed.output.is_json:
            installed.output.data({"history": [asdict(run) for run in runs]})
            return
        installed.output.table(
            ("run", "job", "status", "started", "seconds", "exit", "error"),
            [
                (
                    r.id,
                    r.job_id,
                    r.status,
                    short_time(r.started_at),
                    r.duration,
                    r.exit_code,
                    shortened(r.error or "", 80),
                )
                for r in runs
            ],
        )

    raise typer.Exit(look(installed, "jobs history", action))


@app.command("run")
def run_(job: JobId, as_json: JsonFlag = False, quiet: QuietFlag = False, verbose: VerboseFlag = False) -> None:
    """Run a job now, as cron would; `ingest_rank` runs ingest, then rank, as one job."""
    installed = here(job, is_json=as_json, quiet=quiet, verbose=verbose)
    steps = RUNNABLE.get(job)
    if steps is None:
        error = UsageError(f"job {job!r} is unknown; expected one of {', '.join(RUNNABLE)}")
        installed.output.failure(error, where="jobs run", exit_code=error.exit_code)
        raise typer.Exit(error.exit_code)
    bodies = {step: make() for step, make in steps.items()}
    if list(bodies) == [job]:
        code = run(installed, job, bodies[job])
        if job == "rank":
            deliver_now(installed)
        raise typer.Exit(code)
    raise typer.Exit(run_steps(installed, job, bodies))


@app.command()
def pause(job: JobId, reason: Annotated[str, typer.Option(help="Why, for those who find it paused.")] = "") -> None:
    """Keep a job from running until it is resumed; cron's runs then end at once with exit code 0."""
    _set_paused(job, True, reason)


@app.command()
def resume(job: JobId) -> None:
    """Let a paused job run again."""
    _set_paused(job, False, "")


def _set_paused(job: str, paused: bool, reason: str) -> None:
    installed = here("jobs")

    def action(store: Store) -> None:
        if job not in RUNNABLE:
            raise UsageError(f"job {job!r} is unknown; expected one of {', '.join(RUNNABLE)}")
        by = os.environ.get("SUDO_USER") or os.environ.get("USER") or f"uid {os.getuid()}"
        since = to_text(installed.clock())
        found = replace(store.job_states.get(job), paused=paused, since=None, by=None, reason=None)
        store.job_states.save(replace(found, since=since, by=by, reason=reason or None) if paused else found)

    def export(store: Store) -> None:
        installed.metric_files().write(store, [job], installed.clock())
        if not installed.output.is_quiet:
            installed.output.line(f"{job} is {'paused' if paused else 'active'}")

    where = "jobs pause" if paused else "jobs resume"
    raise typer.Exit(change(installed, where, action) or look(installed, where, export))
