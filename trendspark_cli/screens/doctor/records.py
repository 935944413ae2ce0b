"""Look at the database: its schema, its pages, and what its rows say of runs, alerts and time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from trendspark_cli.base.clock import duration_words, from_text, to_text
from trendspark_cli.base.errors import IntegrityError, TrendSparkError
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.running.server_clock import clock_doubt
from trendspark_cli.screens.doctor.findings import FAIL, OK, WARN, Finding, bytes_text
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.runs import RunFilter
from trendspark_cli.store.rows.upkeep import DatabaseStats

CHECK_SECONDS = 10.0  # for all pages of a few gigabytes; a larger file is for `vacuum`
FULL_SOON_DAYS = 30
SILENT_AFTER = timedelta(seconds=90)  # six beats of a run that is at work
WAITING_AFTER = timedelta(minutes=15)
CLOCK_TOLERANCE = timedelta(minutes=5)


def check_database(store: Store) -> Iterator[Finding]:
    """Yield whether the file is sound."""
    engine, note = store.upkeep.engine()
    yield Finding("schema", OK, "as this version needs it")
    problems: list[str] | None
    try:
        problems = store.upkeep.problems(CHECK_SECONDS)
    except IntegrityError as error:  # some damage ends the check itself
        problems = [str(error)]
    if problems is None:
        what = f"{bytes_text(store.size_bytes())} were not read to their end in {CHECK_SECONDS:.0f} s; no fault so far"
        yield Finding("integrity", OK, f"{what}; `vacuum` checks all of them")
    elif problems:
        fix = "stop cron, keep the file, restore the last `trendspark db backup`, and check the disk"
        yield Finding("integrity", FAIL, "; ".join(problems), fix)
    elif store.upkeep.first_host() is not None:
        yield Finding("integrity", OK, "the server answers; it looks after its files itself")
    else:
        yield Finding("integrity", OK, f"quick_check found nothing in {bytes_text(store.size_bytes())}")
    yield Finding("engine", OK, f"{engine}; {note}" if note else engine)


def check_growth(found: DatabaseStats, retention: timedelta | None) -> Finding:
    """Say when the disk will be full; what leaves after its *retention* (None: never) bounds what is kept."""
    growth, days = found.growth_bytes_per_day, found.days_until_disk_full
    if growth is None:
        return Finding("growth", OK, "not known before a day of posts was collected")
    if days is None or found.disk_free_bytes is None:
        return Finding("growth", OK, "the disk is the server's own" if growth else "no posts came of late")
    told = f"{bytes_text(growth)} a day"
    if retention is not None:
        kept = round(growth * (retention / timedelta(days=1)))
        if kept <= found.bytes + found.disk_free_bytes:
            return Finding("growth", OK, f"{told}, which comes to {bytes_text(kept)} in the days posts are kept")
        told = f"{told}, which would come to {bytes_text(kept)} in the days posts are kept"
    fix = "keep less (RETENTION_DAYS_POSTS, with ARCHIVE_URL), collect less, or take a larger disk"
    is_soon = days < FULL_SOON_DAYS
    return Finding(
        "growth", WARN if is_soon else OK, f"{told}; the disk is full in {days} days", fix if is_soon else ""
    )


def check_rows(store: Store, now: datetime) -> Iterator[Finding]:
    """Yield what needs somebody: killed runs, paused jobs, alerts that did not get out, times from the future."""
    findings = [*_killed_runs(store, now), *_paused_jobs(store), *_alerts(store, now), *_future(store, now)]
    yield from findings
    for name in ("runs", "alerts", "clock"):
        if not any(finding.check == name for finding in findings):
            yield Finding(name, OK, _GOOD[name])


_GOOD = {
    "runs": "none was killed, no job is paused",
    "alerts": "none is dead, none waits",
    "clock": "no row is of the future",
}


def _killed_runs(store: Store, now: datetime) -> Iterator[Finding]:
    for run in store.job_runs.history(100, RunFilter(status="running")):
        silent = now - from_text(run.heartbeat_at or run.started_at)
        if silent > SILENT_AFTER:
            what = f"run {run.id} of {run.job_id} gave no sign of life for {duration_words(silent)} (pid {run.pid})"
            fix = f"if that process is gone, nothing: the next {run.job_id} notes it; see `dmesg` for who killed it"
            yield Finding("runs", WARN, what, fix)


def _paused_jobs(store: Store) -> Iterator[Finding]:
    for job_id in JOBS:
        state = store.job_states.get(job_id)
        if state.paused:
            why = f": {state.reason}" if state.reason else ""
            what = f"{job_id} is paused since {state.since} by {state.by}{why}"
            yield Finding("runs", WARN, what, f"trendspark jobs resume {job_id}")


def _alerts(store: Store, now: datetime) -> Iterator[Finding]:
    dead = store.notifications.backlog().get("dead", 0)
    if dead:
        fix = "see `trendspark alerts list --status dead`; then `alerts retry --all` or `alerts drop --all`"
        yield Finding("alerts", WARN, f"{dead} could not be delivered", fix)
    oldest = store.notifications.oldest_pending()
    if oldest is not None and now - oldest > WAITING_AFTER:
        waits = duration_words(now - oldest)
        fix = "is `deliver` in the crontab? see `trendspark jobs history --job deliver`"
        yield Finding("alerts", WARN, f"the oldest has waited for {waits}", fix)


def _future(store: Store, now: datetime) -> Iterator[Finding]:
    """Yield what says that the clock was ahead, or is behind."""
    fix = "set the clock (timedatectl), and keep it set by NTP"
    newest = store.posts.newest_created(now + timedelta(days=3650))
    if newest is not None and newest > now + CLOCK_TOLERANCE:
        yield Finding("clock", WARN, f"the newest post is of {to_text(newest)}, and here it is {to_text(now)}", fix)
    runs = store.job_runs.history(1)
    if runs and from_text(runs[0].started_at) > now + CLOCK_TOLERANCE:
        yield Finding("clock", FAIL, f"run {runs[0].id} began at {runs[0].started_at}, later than now", fix)
    if doubt := clock_doubt(store):
        yield Finding("clock", FAIL, f"{doubt}: `rank` waits", fix)
    for late in store.times.later_than(now):
        what = f"{late.number} of {late.what} later than now, the last one {late.newest}"
        yield Finding("clock", WARN, what, f"{fix}; the next job takes back what only a wrong clock can have made")


def unusable(error: TrendSparkError) -> Finding:
    """Return what it means that the database cannot be opened."""
    return Finding("schema", FAIL, str(error), error.hint)
