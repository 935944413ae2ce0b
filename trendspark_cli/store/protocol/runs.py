"""Runs of jobs, what is remembered of each job, and counters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from trendspark_cli.base.metric_kinds import Increase, Reading
from trendspark_cli.store.rows.runs import ALL_RUNS, JobRun, JobState, RunFilter, UnendedRun, WorkSpan


class JobRuns(Protocol):
    """One row for each run, written before its work begins."""

    def start(
        self,
        job_id: str,
        now: datetime,
        pid: int,
        host: str,
        version: str,
        process: str | None = None,
        parts: Sequence[str] = (),
    ) -> int:
        """Record that a run begins and return its id; *process* tells its process from others with that pid.

        *parts* are what it does of its job, when that is not the whole.
        """

    def beat(self, run_id: int, now: datetime) -> None:
        """Record that the run is alive."""

    def finish(
        self,
        run_id: int,
        status: str,
        exit_code: int,
        error: str | None,
        counts: Mapping[str, object],
        now: datetime,
        duration: float,
    ) -> None:
        """Record how a run ended; *duration* in seconds."""

    def note_schedule(self, run_id: int, scheduled_for: datetime, lateness: float) -> None:
        """Record when a run was due and how many seconds late it began."""

    def amend(self, run_id: int, exit_code: int, error: str) -> None:
        """Add what went wrong after the work was recorded."""

    def add_skipped(
        self, job_id: str, now: datetime, pid: int, host: str, version: str, exit_code: int, why: str
    ) -> int:
        """Record a run that did nothing, and why; return its id."""

    def abandon(self, run_ids: Sequence[int], now: datetime) -> list[int]:
        """Mark runs that never ended and live no more, and return which those were; for the holder of their locks."""

    def unended(self, job_id: str) -> list[UnendedRun]:
        """Return the runs of a job that have not ended, oldest first: at work, or killed."""

    def history(self, limit: int, wanted: RunFilter = ALL_RUNS) -> list[JobRun]:
        """Return the runs that are wanted, newest first."""

    def scheduled(self, job_id: str, after: datetime) -> set[datetime]:
        """Return the moments after *after* for which there is a run."""

    def spans(self, job_id: str, after: datetime) -> list[WorkSpan]:
        """Return when runs of the job that began after *after* were at work."""

    def overlaps(self, after: datetime) -> dict[str, int]:
        """Return how many runs of each job found another one at work."""

    def last_success(self, job_id: str) -> datetime | None:
        """Return when the job last ended with exit code 0."""

    def last(self, job_ids: Collection[str]) -> Mapping[str, JobRun]:
        """Return of each of these jobs that ever ran the newest run that was not skipped."""


class JobStates(Protocol):
    """Pause and failure streak of each job."""

    def get(self, job_id: str) -> JobState:
        """Return the state of a job."""

    def of(self, job_ids: Collection[str]) -> Mapping[str, JobState]:
        """Return the states of jobs by their ids, in their order."""

    def save(self, state: JobState) -> None:
        """Store the state of a job."""


class MetricTotals(Protocol):
    """Counters, histogram buckets and last-seen values."""

    def add(self, increases: Sequence[Increase]) -> None:
        """Raise each series by its amount."""

    def set(self, readings: Sequence[Reading]) -> None:
        """Set each series to its value."""

    def all(self) -> dict[str, list[tuple[dict[str, str], float]]]:
        """Return every total by metric name."""

    def values_of(self, metric: str, label: str) -> frozenset[str]:
        """Return the values a label of a metric has had."""
