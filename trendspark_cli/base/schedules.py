"""When jobs should run: the one table behind crontab.example and `crontab print`."""

from __future__ import annotations

from dataclasses import dataclass


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
CONTINUOUS = ("stream",)  # runs for days: cron's line watches over it, and is late for nothing
QUIET_WHEN_RUNNING = ("stream", "deliver")  # cron starts them each minute: a held lock is no news
BY_JOB = {schedule.job_id: schedule for schedule in SCHEDULES}
