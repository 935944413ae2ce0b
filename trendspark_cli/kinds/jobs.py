"""What can be run: one entry for each job. Settings are named in lower case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from trendspark_cli.kinds.channels import alerts_are_sent
from trendspark_cli.kinds.entries import Settings, always, are_set, never


class JobKind(NamedTuple):
    """One job: what it runs, when, for how long, and what follows. One of `body`, `run` and `steps` is set."""

    id: str
    body: str = ""  # makes its body with the defaults of its flags: a function of `app.wired.Wired`
    run: str = ""  # or what it runs, when that needs nothing but a `running.job_context.JobContext`
    steps: tuple[str, ...] = ()  # or the jobs it runs, in this order; each has a run of its own
    flags: str = ""  # the module of its command; without one, the command has the flags of all jobs
    time_limit: str = ""  # what JOB_TIMEOUT_<JOB> is when unset; "" is no limit
    cron: str = ""  # when it should run; "" for one that only people start
    why: str = ""  # so: the comment above its line
    is_scheduled: bool = False  # its line in crontab.example is active
    needs: str = ""  # the setting without which it has nothing to do, and no line
    needs_words: str = ""  # that setting, for people
    fails_without: bool = False  # its runs fail without that setting; else they just end
    is_needed: Callable[[Settings], bool] = never  # without it, something the settings ask for is left undone
    then: str = ""  # the job that follows each of its runs, while that one is needed
    is_quiet_while_running: bool = False  # cron starts it each minute: a held lock is no news, others are hourly
    is_a_try: bool = False  # people start it to see whether something works: its failures are answers
    is_continuous: bool = False  # runs for days: cron's line watches over it, and is late for nothing

    @property
    def command(self) -> str:
        """Return the words after `trendspark` that start it."""
        return f"jobs run {self.id}" if self.steps else self.id

    def is_wanted(self, settings: Settings) -> bool:
        """Tell whether a crontab should have its line."""
        return are_set(settings, (self.needs,)) if self.needs else bool(self.cron) and self.is_scheduled


_BODIES = "trendspark_cli.app.job_bodies"
_FLAGS = "trendspark_cli.cli"
_ALL = (
    JobKind(
        id="ingest",
        body=f"{_BODIES}:ingest_body",
        flags=f"{_FLAGS}.ingest",
        time_limit="10m",
        cron="*/15 * * * *",
        why="new posts; at most 4 searches an hour",
        is_scheduled=True,
        is_needed=always,
    ),
    JobKind(
        id="rank",
        body=f"{_BODIES}:rank_body",
        flags=f"{_FLAGS}.rank",
        time_limit="10m",
        cron="5-59/15 * * * *",
        why="five minutes after each ingest",
        is_scheduled=True,
        is_needed=always,
        then="deliver",
    ),
    JobKind(
        id="brief",
        body=f"{_BODIES}:brief_body",
        flags=f"{_FLAGS}.brief",
        time_limit="10m",
        cron="10 7-21 * * *",
        why="labels for open trends; the first run of a day sends the daily message",
        is_scheduled=True,
        then="deliver",
    ),
    JobKind(
        id="deliver",
        body=f"{_BODIES}:deliver_body",
        flags=f"{_FLAGS}.deliver",
        time_limit="5m",
        cron="* * * * *",
        why="alerts that wait: what a channel did not take is tried again",
        is_scheduled=True,
        is_needed=alerts_are_sent,
        is_quiet_while_running=True,
    ),
    JobKind(
        id="alert-test",
        body=f"{_BODIES}:alert_test_body",
        flags=f"{_FLAGS}.alert_test",
        time_limit="5m",
        is_a_try=True,
    ),
    JobKind(
        id="report",
        body="trendspark_cli.screens.report:report_body",
        flags=f"{_FLAGS}.report",
        time_limit="5m",
        cron="35 * * * *",
        why="the page and feeds of docs/how-to/report.md, once somebody looks at them",
    ),
    JobKind(
        id="ingest_rank",
        steps=("ingest", "rank"),
        time_limit="20m",
        cron="*/15 * * * *",
        why="ingest and rank in one go, instead of their lines",
        then="deliver",
    ),
    JobKind(
        id="stream",
        body=f"{_BODIES}:stream_body",
        flags=f"{_FLAGS}.stream",
        cron="* * * * *",
        why="posts as X sends them: it does nothing while one runs",
        needs="x_stream_enabled",
        needs_words="X_STREAM_ENABLED=true",
        is_needed=always,
        is_quiet_while_running=True,
        is_continuous=True,
    ),
    JobKind(
        id="archive",
        body=f"{_BODIES}:archive_body",
        flags=f"{_FLAGS}.archive",
        time_limit="60m",
        cron="20 3 * * *",
        why="rows past retention; once ARCHIVE_URL is set",
        needs="archive_url",
        needs_words="ARCHIVE_URL",
        fails_without=True,
        is_needed=always,
    ),
    JobKind(
        id="vacuum",
        body=f"{_BODIES}:vacuum_body",
        flags=f"{_FLAGS}.vacuum",
        time_limit="60m",
        cron="40 4 * * 0",
        why="free pages back to the disk, when little else runs",
        is_scheduled=True,
    ),
)
JOBS: Mapping[str, JobKind] = {kind.id: kind for kind in _ALL}
SCHEDULED: Mapping[str, JobKind] = {kind.id: kind for kind in _ALL if kind.cron}  # those with a line in crontabs
WHOLES: Mapping[str, str] = {step: kind.id for kind in _ALL for step in kind.steps}  # step -> the job that runs it


def kind_of(job_id: str) -> JobKind:
    """Return a job's entry; one without anything for a run that is no job of the table."""
    return JOBS.get(job_id) or JobKind(id=job_id)


def starters(job_id: str) -> tuple[str, ...]:
    """Return the jobs whose line starts this one: itself, and those that it is a step of."""
    return (job_id, *(kind.id for kind in _ALL if job_id in kind.steps))
