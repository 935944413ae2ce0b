"""What may be wrong with all lines together: jobs that nobody starts, twice, or too seldom for the settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from trendspark_cli.app.adapters.x import X
from trendspark_cli.base.clock import duration_text
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import read_profiles
from trendspark_cli.base.setting_specs import variable_of
from trendspark_cli.base.settings import Settings
from trendspark_cli.crontabs.fields import AT_BOOT
from trendspark_cli.crontabs.moments import intervals
from trendspark_cli.crontabs.plans import Plan, repeated, schedules_of, wanted_jobs
from trendspark_cli.kinds.jobs import JOBS, SCHEDULED, starters
from trendspark_cli.screens.crontab_check.findings import CrontabFinding, of_entry, place
from trendspark_cli.services.x.query import queries_of

SMALLEST_READ = 10  # posts: X's smallest page


def check_plan(plan: Plan, settings: Settings, stored: Sequence[Profile]) -> Iterator[CrontabFinding]:
    """Yield what is wrong with the jobs as a whole; *stored* are the profiles of the database."""
    if not plan:
        fix = "run `trendspark crontab print | crontab -`, or with --merge when it has other lines"
        yield CrontabFinding("crontab", "", "lines that start trendspark: nothing runs by itself", fix)
        return
    yield from _check_missing(plan, settings)
    yield from _check_pair(plan)
    for job in plan:
        yield from _check_twice(plan, job)
        yield from _check_never(plan, job)
        yield from _check_time_limit(plan, job, settings)
    yield from _check_recency(plan, settings)
    yield from _check_reads(plan, settings, read_profiles(settings, stored))
    yield from _check_order(plan)


def _check_missing(plan: Plan, settings: Settings) -> Iterator[CrontabFinding]:
    wanted = wanted_jobs(settings)
    for job, is_problem in wanted.items():
        if not any(name in plan for name in starters(job)):
            fix = "add its line: see `trendspark crontab print`"
            yield CrontabFinding(job, "no line", f"a line that starts it: {JOBS[job].why}", fix, is_problem=is_problem)
    for kind in SCHEDULED.values():
        if kind.needs and kind.id in plan and kind.id not in wanted:
            expected, fix = (
                f"no line for {kind.id}: it needs {kind.needs_words}",
                f"remove the line, or set {kind.needs_words}",
            )
            yield of_entry(plan[kind.id][0], expected, fix, is_problem=kind.fails_without)


def _check_pair(plan: Plan) -> Iterator[CrontabFinding]:
    for whole in JOBS.values():
        for step in whole.steps:
            if whole.id in plan and step in plan:
                fix = f"keep either {whole.id}, or {' and '.join(whole.steps)}"
                yield of_entry(plan[step][0], f"no line for {step} beside {whole.id}, which runs it", fix)


def _check_twice(plan: Plan, job: str) -> Iterator[CrontabFinding]:
    entries = repeated(plan[job])
    if len(entries) < 2 or intervals([entry.schedule for entry in entries])[0]:
        return
    others = ", ".join(place(entry.source, entry.line) for entry in entries[:-1])
    yield of_entry(entries[-1], f"one line for {job} at a time: {others} starts it too", "remove one of them")


def _check_never(plan: Plan, job: str) -> Iterator[CrontabFinding]:
    for entry in plan[job]:
        if entry.schedule == AT_BOOT and len(plan[job]) == 1:
            yield of_entry(entry, f"{job} again and again, not once a boot", f"write `{JOBS[job].cron}`")
        elif entry.schedule not in ("", AT_BOOT) and not intervals([entry.schedule])[1]:
            yield of_entry(entry, "a date that comes: this line never runs", "correct day and month")


def _check_time_limit(plan: Plan, job: str, settings: Settings) -> Iterator[CrontabFinding]:
    limit, schedules = settings.job_timeouts.get(job), schedules_of(plan, job)
    if limit is None or not schedules or JOBS[job].is_quiet_while_running or JOBS[job].steps:
        return  # a step has a limit of its own
    shortest, _ = intervals(schedules)
    if timedelta(0) < shortest < limit:
        name = variable_of("JOB_TIMEOUT_", job)
        expected = f"{name} ({duration_text(limit)}) below the {duration_text(shortest)} between two runs"
        fix = f"set {name}={duration_text(shortest)} or less, or run {job} less often: else a slow run skips the next"
        yield of_entry(plan[job][0], expected, fix, is_problem=False)


def _check_recency(plan: Plan, settings: Settings) -> Iterator[CrontabFinding]:
    recency = settings.alert_recency
    effects = {"rank": "a burst that is older opens no trend", "deliver": "an alert that waits longer is not sent"}
    for job, effect in effects.items():
        schedules = schedules_of(plan, job)
        longest = intervals(schedules)[1] if schedules else timedelta(0)
        if longest > recency and not (job == "deliver" and settings.alerts_are_muted):
            expected = f"{job} at least every {duration_text(recency)} (ALERT_RECENCY_MINUTES): {effect}"
            fix = f"write `{JOBS[job].cron}`, or set ALERT_RECENCY_MINUTES={longest // timedelta(minutes=1)}"
            entries = next(plan[name] for name in starters(job) if name in plan)
            yield of_entry(entries[0], expected, fix)


def _check_reads(plan: Plan, settings: Settings, profiles: Sequence[Profile]) -> Iterator[CrontabFinding]:
    schedules = schedules_of(plan, "ingest")
    if not schedules or not X.is_configured(settings):
        return
    try:
        queries = sum(len(queries_of(profile)) for profile in profiles)
    except ConfigError:
        return  # said by `config check`
    shortest, _ = intervals(schedules)
    runs = timedelta(days=1) // shortest if shortest else 0
    if runs and settings.x_max_reads_per_day < runs * queries * SMALLEST_READ:
        least = timedelta(days=1) * queries * SMALLEST_READ / max(settings.x_max_reads_per_day, 1)
        ceiling = f"X_MAX_READS_PER_DAY={settings.x_max_reads_per_day}"
        fix = f"run ingest every {duration_text(_whole_minutes(least))} at most, or raise the ceiling"
        entries = plan.get("ingest") or plan["ingest_rank"]
        expected = f"at least {SMALLEST_READ} posts of {ceiling} for each run and query: {runs} runs a day use it up"
        yield of_entry(entries[0], expected, fix)


def _check_order(plan: Plan) -> Iterator[CrontabFinding]:
    each = [[entry.schedule for entry in repeated(plan.get(job, ()))] for job in ("ingest", "rank")]
    if all(each) and not intervals([*each[0], *each[1]])[0] and all(intervals(own)[0] for own in each):
        expected = "rank some minutes after ingest: at the same minute it ranks what the run before brought"
        yield of_entry(plan["rank"][0], expected, "write other minutes, such as `5-59/15`", is_problem=False)


def _whole_minutes(duration: timedelta) -> timedelta:
    minute = timedelta(minutes=1)
    return -(-duration // minute) * minute
