"""Which lines start which job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trendspark_cli.base.settings import Settings
from trendspark_cli.crontabs.commands import calls
from trendspark_cli.crontabs.fields import AT_BOOT
from trendspark_cli.crontabs.reading import Entry
from trendspark_cli.kinds.jobs import JOBS, SCHEDULED, starters

Plan = Mapping[str, Sequence[Entry]]  # job -> the lines that start it


def plan_of(entries: Sequence[Entry]) -> Plan:
    """Return which lines start which job; a line may start several."""
    plan: dict[str, list[Entry]] = {}
    for entry in entries:
        try:
            jobs = [call.job for call in calls(entry.command)]
        except ValueError:
            continue
        for job in jobs:
            if job is not None and job in SCHEDULED and entry not in plan.get(job, []):
                plan.setdefault(job, []).append(entry)
    return plan


def schedules_of(plan: Plan, job: str) -> list[str]:
    """Return when a job runs, by itself or as a step of another, each line's time fields."""
    return [entry.schedule for name in starters(job) for entry in repeated(plan.get(name, ()))]


def repeated(entries: Sequence[Entry]) -> list[Entry]:
    """Return the lines that cron starts at times, leaving out those it starts once or never."""
    return [entry for entry in entries if entry.schedule not in ("", AT_BOOT)]


def wanted_jobs(settings: Settings) -> dict[str, bool]:
    """Return the jobs that make sense with these settings; True for those nothing works without."""
    return {job.id: job.is_needed(settings) for job in JOBS.values() if job.is_wanted(settings)}
