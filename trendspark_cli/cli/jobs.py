"""`trendspark jobs list|history|run|pause|resume`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from trendspark_cli.app.installation import Installation
from trendspark_cli.app.run import run_as_cron
from trendspark_cli.app.with_store import change, read_only
from trendspark_cli.base.clock import duration_words, from_text, to_text
from trendspark_cli.base.console import printable, short_time, shortened
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.given_times import time_or_age
from trendspark_cli.cli.completing import job_ids
from trendspark_cli.cli.options import (
    JsonFlag,
    LimitOption,
    QuietFlag,
    VerboseFlag,
    person,
    refuse,
    require_one_of,
    sub_app,
    this_installation,
)
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.running.pausing import pause_words
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.runs import RUN_STATUSES as STATUSES
from trendspark_cli.store.rows.runs import JobRun, RunFilter

if TYPE_CHECKING:
    from trendspark_cli.screens.job_overview import JobOverview

app = sub_app("Runs of jobs.")
WHEN = "A time in UTC, or an age such as 6h or 2d."
JobId = Annotated[str, typer.Argument(help=f"A job: {', '.join(JOBS)}.", autocompletion=job_ids)]


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """List jobs: when they are due, their last run, what was missed or skipped within 24 hours."""
    from trendspark_cli.screens.job_overview import job_overview

    installed = this_installation("jobs", is_json=as_json)

    def action(store: Store) -> None:
        timetable = installed.timetable
        jobs = job_overview(store, installed.clock(), timetable)
        if installed.output.is_json:
            installed.output.data({"jobs": [job._asdict() for job in jobs], "schedule_from": timetable.origin})
            return
        installed.output.table(
            JOB_COLUMNS,
            [_job_row(job) for job in jobs],
            less_needed=LESS_NEEDED,
        )
        for job in jobs:
            if job.paused:
                why = pause_words(job.paused_by, job.paused_reason)
                installed.output.line(printable(f"{job.id} is {why}, since {short_time(job.paused_since)}"))
        known = timetable.is_installed or timetable.told
        advice = "" if known else ": nothing installed here starts jobs; JOB_INTERVAL_<JOB> says what to expect"
        origins = [timetable.origin] if timetable.is_installed or not timetable.told else []
        origins += ["JOB_INTERVAL_<JOB>"] if timetable.told else []
        installed.output.prose(f"schedule: {', '.join(origins)}{advice}")

    raise typer.Exit(read_only(installed, "jobs list", action))


LESS_NEEDED = ("overlapping", "schedule", "missed", "next run", "overdue", "failures", "paused")
JOB_COLUMNS = (
    "id",
    "paused",
    "schedule",
    "next run",
    "last run",
    "last status",
    "overdue",
    "failures",
    "missed",
    "overlapping",
)


def _job_row(job: JobOverview) -> tuple[object, ...]:
    return (
        job.id,
        "yes" if job.paused else "",
        job.schedule,
        short_time(job.next_run),
        short_time(job.last_run),
        job.last_status,
        duration_words(timedelta(seconds=job.lateness_seconds)) if job.lateness_seconds else "",
        job.failures or "",
        job.missed or "",
        job.overlapping or "",
    )


@app.command()
def history(
    limit: LimitOption = 20,
    job: Annotated[str | None, typer.Option(help="Only runs of this job.")] = None,
    status: Annotated[str | None, typer.Option(help=f"Only runs that ended as: {', '.join(STATUSES)}.")] = None,
    since: Annotated[str, typer.Option(help=f"Only runs that began after this. {WHEN}")] = "",
    until: Annotated[str, typer.Option(help=f"Only runs that began before this. {WHEN}")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only runs that failed.")] = False,
    missed: Annotated[
        bool, typer.Option("--missed", help="Runs that were due and never began; the last 24 hours without --since.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show runs, newest first."""
    installed = this_installation("jobs", is_json=as_json)
    try:
        wanted = _filter(installed, job, status, since, until)
        if missed and (status or failed):
            raise UsageError("--missed goes with --job, --since and --until only: a missed run has no status")
    except UsageError as error:
        refuse(installed, "jobs history", error)

    def action(store: Store) -> None:
        if missed:
            _show_missed(installed, store, wanted, limit)
        else:
            _show_runs(installed, store.job_runs.history(limit, wanted._replace(is_failed=failed)))

    raise typer.Exit(read_only(installed, "jobs history", action))


def _filter(installed: Installation, job: str | None, status: str | None, since: str, until: str) -> RunFilter:
    """Return what runs are wanted; raise UsageError for a job or status that does not exist."""
    require_one_of("--job", job, JOBS)
    require_one_of("--status", status, STATUSES)
    now = installed.clock()
    return RunFilter(job, status, _moment("--since", since, now), _moment("--until", until, now))


def _moment(option: str, text: str, now: datetime) -> str | None:
    """Return a time, or a duration before now, in the stored form."""
    moment = time_or_age(option, text, now)
    return to_text(moment) if moment is not None else None


def _show_runs(installed: Installation, runs: list[JobRun]) -> None:
    if installed.output.is_json:
        installed.output.data({"history": [{**run._asdict(), "counts": run.counted} for run in runs]})
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
        less_needed=("seconds", "exit"),
        texts=("error",),
        nothing="no run yet",
    )


def _show_missed(installed: Installation, store: Store, wanted: RunFilter, limit: int) -> None:
    from trendspark_cli.running.missed_runs import missed_runs

    now = installed.clock()
    after = from_text(wanted.since) if wanted.since else now - timedelta(hours=24)
    until = from_text(wanted.until) if wanted.until else now
    found = missed_runs(store, installed.timetable, [wanted.job_id] if wanted.job_id else list(JOBS), after, until)
    found = sorted(found, key=lambda missed: missed.last, reverse=True)[:limit]
    if installed.output.is_json:
        installed.output.data(
            {"missed": [each._asdict() for each in found], "schedule_from": installed.timetable.origin}
        )
        return
    rows = [(each.job_id, short_time(each.first), short_time(each.last), each.runs, each.why) for each in found]
    can_be_missed = installed.timetable.is_installed
    none = "nothing that is installed here starts jobs, so none can be missed"
    nothing = "no run was missed" if can_be_missed else none
    installed.output.table(("job", "from", "to", "runs", "why"), rows, less_needed=("why",), nothing=nothing)
    if not can_be_missed and (rows or not installed.output.is_terminal):
        installed.output.line(none)


@app.command("run")
def run_(job: JobId, as_json: JsonFlag = False, quiet: QuietFlag = False, verbose: VerboseFlag = False) -> None:
    """Run a job now, as cron would; `ingest_rank` runs ingest, then rank, as one job."""
    installed = this_installation(job, is_json=as_json, quiet=quiet, verbose=verbose)
    if job not in JOBS:
        error = UsageError(f"job {job!r} is unknown; expected one of {', '.join(JOBS)}")
        installed.output.failure(error, where="jobs run", exit_code=error.exit_code)
        raise typer.Exit(error.exit_code)
    raise typer.Exit(run_as_cron(installed, job))


@app.command()
def pause(job: JobId, reason: Annotated[str, typer.Option(help="Why, for those who find it paused.")] = "") -> None:
    """Keep a job from running until it is resumed; cron's runs then end at once with exit code 0."""
    _set_paused(job, True, reason)


@app.command()
def resume(job: JobId) -> None:
    """Let a paused job run again."""
    _set_paused(job, False, "")


def _set_paused(job: str, paused: bool, reason: str) -> None:
    installed = this_installation("jobs")

    def action(store: Store) -> None:
        if job not in JOBS:
            raise UsageError(f"job {job!r} is unknown; expected one of {', '.join(JOBS)}")
        by = person()
        since = to_text(installed.clock())
        found = store.job_states.get(job)._replace(paused=paused, since=None, by=None, reason=None)
        store.job_states.save(found._replace(since=since, by=by, reason=reason or None) if paused else found)

    def export(store: Store) -> None:
        installed.metric_files().write(store, [job], installed.clock())
        if not installed.output.is_quiet:
            goes_on = f"is paused: it runs again after `trendspark jobs resume {job}`"
            installed.output.line(f"{job} {goes_on if paused else 'is not paused: it runs when it is due'}")

    where = "jobs pause" if paused else "jobs resume"
    raise typer.Exit(change(installed, where, action) or read_only(installed, where, export))
