"""Runs of jobs, and what is remembered of a job between them."""

import json
from datetime import datetime
from typing import NamedTuple

from trendspark_cli.store.rows.column_kinds import Time, Word

CLOCK_OFF = "clock_off_seconds"  # of a run's counts: how far our clock was ahead of the services', negative: behind


class JobRun(NamedTuple):
    """One run. `duration` and `lateness` in seconds; `counts`: JSON, see `counted`."""

    id: int
    job_id: Word
    status: Word
    started_at: Time
    heartbeat_at: Time | None
    finished_at: Time | None
    duration: float | None
    scheduled_for: Time | None
    lateness: float | None
    pid: int
    host: Word
    exit_code: int | None
    error: str | None
    counts: str
    version: Word

    @property
    def counted(self) -> dict[str, object]:
        """Return what the run counted, by name."""
        return dict(json.loads(self.counts))


class UnendedRun(NamedTuple):
    """A run that has not ended: at work, or killed. `process` says which one it is of its host, None when unknown.

    `parts` are those of its job that it does, none when it does the whole.
    """

    id: int
    pid: int
    host: Word
    started_at: Time
    heartbeat_at: Time | None
    process: str | None
    parts: frozenset[str] = frozenset()


class WorkSpan(NamedTuple):
    """When a run was at work; `until` is None while it is."""

    since: datetime
    until: datetime | None


RUN_STATUSES = ("running", "success", "partial", "error", "timeout", "interrupted", "skipped", "abandoned")


class RunFilter(NamedTuple):
    """Which runs are wanted; times in the stored form, by when a run began."""

    job_id: str | None = None
    status: str | None = None
    since: str | None = None
    until: str | None = None
    is_failed: bool = False


ALL_RUNS = RunFilter()


class JobState(NamedTuple):
    """What is remembered of a job between runs: paused by whom, its failure streak, its times."""

    job_id: str
    paused: bool = False
    since: str | None = None
    by: str | None = None
    reason: str | None = None
    failures: int = 0
    failing_since: str | None = None
    alert_key: str | None = None  # dedupe key of the streak's alert, once it was queued
    schedule: str | None = None  # when it is due, as the last run that cron started found it
    schedule_since: str | None = None  # the first run that found it so
