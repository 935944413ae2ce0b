"""When jobs should run: the one table behind crontab.example, expected intervals and lateness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True)
class Schedule:
    """A job and its line in crontab.example; `is_scheduled` is False for an alternative that is not active there."""

    job_id: str
    cron: str
    why: str
    is_scheduled: bool = True


SCHEDULES = (
    Schedule("ingest", "*/15 * * * *", "new posts; at most 4 searches an hour"),
    Schedule("rank", "5-59/15 * * * *", "five minutes after each ingest"),
    Schedule("deliver", "* * * * *", "alerts that wait: what Telegram did not take is tried again"),
    Schedule("brief", "10 7-21 * * *", "labels for open trends; the first run of a day sends the daily message"),
    Schedule("stream", "* * * * *", "posts as X sends them: it does nothing while one runs", is_scheduled=False),
    Schedule("vacuum", "40 4 * * 0", "free pages back to the disk, when little else runs"),
    Schedule("archive", "20 3 * * *", "rows past retention; once ARCHIVE_URL is set", is_scheduled=False),
    Schedule("ingest_rank", "*/15 * * * *", "ingest and rank in one go, instead of their lines", is_scheduled=False),
)
STEPS = {"ingest_rank": ("ingest", "rank")}  # jobs that run others, in this order
QUIET_WHEN_RUNNING = ("stream", "deliver")  # cron starts them each minute: a held lock is no news
BY_JOB = {schedule.job_id: schedule for schedule in SCHEDULES}


def expected_interval_seconds(job_id: str) -> int:
    """Return the longest time between two scheduled runs, 0 for a job that has no schedule."""
    schedule = BY_JOB.get(job_id)
    if schedule is None or not schedule.is_scheduled:
        return 0
    runs = _runs(schedule.cron, datetime(2026, 1, 1))
    return max(round((after - before).total_seconds()) for before, after in pairwise(runs))


def next_run(job_id: str, after: datetime) -> datetime | None:
    """Return when the job should run next, or None when it has no schedule."""
    schedule = BY_JOB.get(job_id)
    if schedule is None or not schedule.is_scheduled:
        return None
    return _runs(schedule.cron, after, count=1)[0]


def lateness(job_id: str, started: datetime) -> float | None:
    """Return how many seconds after its last scheduled time a run began, or None when the job has no schedule."""
    schedule = BY_JOB.get(job_id)
    if schedule is None or not schedule.is_scheduled:
        return None
    from cronsim import CronSim

    before = next(CronSim(schedule.cron, started.replace(microsecond=0) + timedelta(seconds=1), reverse=True))
    return max(0.0, (started - before).total_seconds())


def _runs(cron: str, after: datetime, count: int = 10) -> list[datetime]:
    from cronsim import CronSim

    simulation = CronSim(cron, after)
    return [next(simulation) for _ in range(count)]
