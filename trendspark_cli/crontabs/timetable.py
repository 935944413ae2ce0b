"""When each job is due, and who says so: JOB_INTERVAL_<JOB>, what is installed here, else nobody.

A machine whose jobs another scheduler starts (a container's, a cluster's) knows no times of them, and makes none up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from trendspark_cli.base.clock import duration_text
from trendspark_cli.crontabs.commands import calls, mentions_us
from trendspark_cli.crontabs.installed import Machine, installed_crontabs, owner_of
from trendspark_cli.crontabs.moments import intervals, last_moment, machine_zone, moments, moments_between
from trendspark_cli.crontabs.plans import Plan, plan_of, schedules_of
from trendspark_cli.crontabs.reading import Crontab, Entry
from trendspark_cli.kinds.jobs import SCHEDULED, kind_of

EXAMPLE = "crontab.example"
UNKNOWN = "unknown"


class Timetable(NamedTuple):
    """The times of every job, by the machine's local time. A step of another job is due when that one is."""

    schedules: Mapping[str, tuple[str, ...]]  # job -> five fields of each line
    zone: tzinfo
    origin: str  # where they were found
    told: Mapping[str, timedelta] = MappingProxyType({})  # job -> its interval by JOB_INTERVAL_<JOB>

    @property
    def is_installed(self) -> bool:
        """Return whether these times are really kept by somebody on this machine."""
        return self.origin not in (EXAMPLE, UNKNOWN)

    def text(self, job_id: str) -> str | None:
        """Return a job's times as they are written, None for a job that nothing is known of."""
        if job_id in self.told:
            return f"every {duration_text(self.told[job_id])}"
        return "; ".join(self.schedules.get(job_id, ())) or None

    def interval_seconds(self, job_id: str) -> int:
        """Return the longest time between two runs, 0 for a job that has no times, or one that never ends."""
        if job_id in self.told:
            return round(self.told[job_id].total_seconds())
        schedules = self._of(job_id)
        return round(intervals(schedules)[1].total_seconds()) if schedules else 0

    def next_run(self, job_id: str, after: datetime) -> datetime | None:
        """Return when a job is due next, or None. Of an interval only the length is known, and no moment."""
        return None if job_id in self.told else next(moments(self._lines(job_id), self.zone, after), None)

    def expected_after(self, job_id: str, started: datetime) -> datetime | None:
        """Return when the run after the one that *started* then should begin, or None when nobody knows."""
        if job_id in self.told:
            return started + self.told[job_id]
        return self.next_run(job_id, started) if self._of(job_id) else None

    def due(self, job_id: str, at: datetime) -> datetime | None:
        """Return the last moment up to *at* at which a job was due, or None."""
        return last_moment(self._of(job_id), self.zone, at)

    def moments(self, job_id: str, after: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the moments at which a job was due."""
        return moments_between(self._of(job_id), self.zone, after, until)

    def _of(self, job_id: str) -> Sequence[str]:
        return () if kind_of(job_id).is_continuous else self._lines(job_id)

    def _lines(self, job_id: str) -> Sequence[str]:
        return () if job_id in self.told else self.schedules.get(job_id, ())


def installed_timetable(
    database: Path, home: Path, told: Mapping[str, timedelta], machine: Machine | None = None
) -> Timetable:
    """Return the times at which this installation's jobs are started; *told* is what JOB_INTERVAL_<JOB> says of them.

    The crontab is that of the database's owner: root sees the same times as the user whose jobs these are.
    """
    found = installed_crontabs(owner_of(database), machine)
    ours = [entry for crontab in found for entry in crontab.entries if _is_ours(entry, home)]
    plan = plan_of(ours)
    zone = machine_zone()
    known = timetable_of(plan, zone, _origin(found, plan)) if plan else Timetable({}, zone, UNKNOWN)
    return known._replace(told=told)


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
