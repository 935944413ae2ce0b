"""When each job is due, and who says so: what is installed, else crontab.example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from trendspark_cli.crontabs.commands import calls, mentions_us
from trendspark_cli.crontabs.installed import Machine, installed_crontabs, owner_of
from trendspark_cli.crontabs.moments import intervals, last_moment, machine_zone, moments, moments_between
from trendspark_cli.crontabs.plans import Plan, plan_of, schedules_of
from trendspark_cli.crontabs.reading import Crontab, Entry
from trendspark_cli.kinds.jobs import SCHEDULED, kind_of

EXAMPLE = "crontab.example"


class Timetable(NamedTuple):
    """The times of every job, by the machine's local time. A step of another job is due when that one is."""

    schedules: Mapping[str, tuple[str, ...]]  # job -> five fields of each line
    zone: tzinfo
    origin: str  # where they were found

    @property
    def is_installed(self) -> bool:
        """Return whether these times are really kept by somebody, and not only what we propose."""
        return self.origin != EXAMPLE

    def text(self, job_id: str) -> str | None:
        """Return a job's times as they are written, None for a job that nothing starts."""
        return "; ".join(self.schedules.get(job_id, ())) or None

    def interval_seconds(self, job_id: str) -> int:
        """Return the longest time between two runs, 0 for a job that has no times, or one that never ends."""
        schedules = self._of(job_id)
        return round(intervals(schedules)[1].total_seconds()) if schedules else 0

    def next_run(self, job_id: str, after: datetime) -> datetime | None:
        """Return when a job is due next, or None."""
        return next(moments(self.schedules.get(job_id, ()), self.zone, after), None)

    def due(self, job_id: str, at: datetime) -> datetime | None:
        """Return the last moment up to *at* at which a job was due, or None."""
        return last_moment(self._of(job_id), self.zone, at)

    def moments(self, job_id: str, after: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the moments at which a job was due."""
        return moments_between(self._of(job_id), self.zone, after, until)

    def _of(self, job_id: str) -> Sequence[str]:
        return () if kind_of(job_id).is_continuous else self.schedules.get(job_id, ())


def installed_timetable(database: Path, home: Path, machine: Machine | None = None) -> Timetable:
    """Return the times at which this installation's jobs are started, or those of crontab.example.

    The crontab is that of the database's owner: root sees the same times as the user whose jobs these are.
    """
    found = installed_crontabs(owner_of(database), machine)
    ours = [entry for crontab in found for entry in crontab.entries if _is_ours(entry, home)]
    plan = plan_of(ours)
    zone = machine_zone()
    return timetable_of(plan, zone, _origin(found, plan)) if plan else example_timetable(zone)


def example_timetable(zone: tzinfo) -> Timetable:
    """Return the times of crontab.example."""
    lines = {job.id: (job.cron,) for job in SCHEDULED.values() if job.is_scheduled}
    return Timetable(lines, zone, EXAMPLE)


def timetable_of(plan: Plan, zone: tzinfo, origin: str) -> Timetable:
    """Return the times of these lines."""
    schedules = {job: tuple(dict.fromkeys(schedules_of(plan, job))) for job in SCHEDULED}
    return Timetable({job: lines for job, lines in schedules.items() if lines}, zone, origin)


def _is_ours(entry: Entry, home: Path) -> bool:
    """Leave out lines of another installation of the same user."""
    if not mentions_us(entry.command):
        return False
    try:
        homes = [call.settings.get("TRENDSPARK_HOME") for call in calls(entry.command)]
    except ValueError:
        return False
    named = [name for name in (*homes, entry.environment.get("TRENDSPARK_HOME")) if name]
    return not named or Path(named[0]) == home


def _origin(found: Sequence[Crontab], plan: Plan) -> str:
    used = {entry.source for entries in plan.values() for entry in entries}
    return ", ".join(crontab.source for crontab in found if crontab.source in used)
