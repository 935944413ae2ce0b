"""Runs of jobs, what is remembered of each job, and counters."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.metric_kinds import Increase, Reading
from trendspark_cli.store.rows.runs import ALL_RUNS, JobRun, JobState, RunFilter, UnendedRun, WorkSpan
from trendspark_cli.store.tables.connection import RECORDS, Connection


class JobRuns:
    """One row for each run, written before its work begins."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("job_records")

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
        """Record that a run begins and return its id."""
        run_id = self._db.insert(self._sql["start"], (job_id, to_text(now), to_text(now), pid, host, version))
        if process is not None:
            sql = "INSERT INTO run_processes (run_id, process) VALUES (?, ?)"
            self._db.execute(sql, (run_id, process))
        part_of_run = "INSERT INTO run_parts (run_id, part) VALUES (?, ?)"
        self._db.executemany(part_of_run, [(run_id, part) for part in parts])
        return run_id

    def beat(self, run_id: int, now: datetime) -> None:
        """Record that the run is alive."""
        self._db.execute("UPDATE job_runs SET heartbeat_at = ? WHERE id = ?", (to_text(now), run_id))

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
        self._db.execute(
            self._sql["finish"],
            {
                "id": run_id,
                "status": status,
                "exit_code": exit_code,
                "error": error,
                "counts": json.dumps(counts, default=str),
                "finished_at": to_text(now),
                "duration": round(duration, 3),
            },
        )
        self._forget_process(run_id)

    def _forget_process(self, run_id: int) -> None:
        self._db.execute("DELETE FROM run_processes WHERE run_id = ?", (run_id,))
        self._db.execute("DELETE FROM run_parts WHERE run_id = ?", (run_id,))

    def note_schedule(self, run_id: int, scheduled_for: datetime, lateness: float) -> None:
        """Record when a run was due and how many seconds late it began."""
        sql = "UPDATE job_runs SET scheduled_for = ?, lateness = ? WHERE id = ?"
        self._db.execute(sql, (to_text(scheduled_for), round(lateness, 3), run_id))

    def amend(self, run_id: int, exit_code: int, error: str) -> None:
        """Add what went wrong after the work was recorded."""
        self._db.execute("UPDATE job_runs SET exit_code = ?, error = ? WHERE id = ?", (exit_code, error, run_id))

    def add_skipped(
        self, job_id: str, now: datetime, pid: int, host: str, version: str, exit_code: int, why: str
    ) -> int:
        """Record a run that did nothing, and why; return its id."""
        row = (job_id, to_text(now), to_text(now), pid, host, version, exit_code, why)
        return self._db.insert(self._sql["add_skipped"], row)

    def abandon(self, run_ids: Sequence[int], now: datetime) -> list[int]:
        """Mark runs that never ended and live no more, and return which those were; for the holder of their locks."""
        ended = [
            run_id for run_id in run_ids if self._db.execute(self._sql["abandon"], (to_text(now), run_id)).rowcount
        ]
        for run_id in ended:
            self._forget_process(run_id)
        return ended

    def unended(self, job_id: str) -> list[UnendedRun]:
        """Return the runs of a job that have not ended, oldest first: at work, or killed."""
        found = self._db.records(UnendedRun, self._sql["unended"], (job_id,))
        parts = [tuple(row.values()) for row in self._db.rows(self._sql["unended_parts"], (job_id,))]
        return [one._replace(parts=frozenset(part for run_id, part in parts if run_id == one.id)) for one in found]

    def history(self, limit: int, wanted: RunFilter = ALL_RUNS) -> list[JobRun]:
        """Return the runs that are wanted, newest first."""
        return self._db.records(JobRun, self._sql["history"], {"limit": limit, **wanted._asdict()})

    def scheduled(self, job_id: str, after: datetime) -> set[datetime]:
        """Return the moments after *after* for which there is a run."""
        rows = self._db.rows(self._sql["scheduled"], {"job_id": job_id, "after": to_text(after)})
        return {from_text(row["scheduled_for"]) for row in rows}

    def spans(self, job_id: str, after: datetime) -> list[WorkSpan]:
        """Return when runs of the job that began after *after* were at work."""
        rows = self._db.rows(self._sql["spans"], {"job_id": job_id, "after": to_text(after)})
        return [WorkSpan(from_text(row["started_at"]), _moment(row["finished_at"])) for row in rows]

    def overlaps(self, after: datetime) -> dict[str, int]:
        """Return how many runs of each job found another one at work."""
        return {row["job_id"]: row["runs"] for row in self._db.rows(self._sql["overlaps"], {"after": to_text(after)})}

    def last_success(self, job_id: str) -> datetime | None:
        """Return when the job last ended with exit code 0."""
        sql = "SELECT max(finished_at) FROM job_runs WHERE job_id = ? AND status = 'success' AND exit_code = 0"
        return _moment(self._db.value(sql, (job_id,)))

    def last(self, job_ids: Collection[str]) -> dict[str, JobRun]:
        """Return of each of these jobs that ever ran the newest run that was not skipped."""
        found = self._db.records(JobRun, self._sql["last_runs"], {"job_ids": json.dumps(list(job_ids))})
        return {run.job_id: run for run in found}


class JobStates:
    """Pause and failure streak of each job."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("job_records")

    def get(self, job_id: str) -> JobState:
        """Return the state of a job; one never touched is neither paused nor failing."""
        return self.of((job_id,))[job_id]

    def of(self, job_ids: Collection[str]) -> dict[str, JobState]:
        """Return the states of jobs by their ids, in their order."""
        self._db.hold(RECORDS)
        rows = self._db.rows("SELECT * FROM job_states")
        found = {row["job_id"]: JobState(**{**row, "paused": bool(row["paused"])}) for row in rows}
        return {job_id: found.get(job_id) or JobState(job_id) for job_id in job_ids}

    def save(self, state: JobState) -> None:
        """Store the state of a job."""
        self._db.execute(self._sql["save_state"], {**state._asdict(), "paused": int(state.paused)})


class MetricTotals:
    """Counters, histogram buckets and last-seen values, raised in the transaction of the work they count."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("job_records")

    def add(self, increases: Sequence[Increase]) -> None:
        """Raise each series by its amount."""
        self._db.executemany(self._sql["add_total"], [(i.name, label_text(i.labels), i.value) for i in increases])

    def set(self, readings: Sequence[Reading]) -> None:
        """Set each series to its value."""
        self._db.executemany(self._sql["set_total"], [(r.name, label_text(r.labels), r.value) for r in readings])

    def all(self) -> dict[str, list[tuple[dict[str, str], float]]]:
        """Return every total by metric name."""
        totals: dict[str, list[tuple[dict[str, str], float]]] = {}
        for row in self._db.rows("SELECT name, labels, value FROM metric_totals ORDER BY name, labels"):
            totals.setdefault(row["name"], []).append((json.loads(row["labels"]), row["value"]))
        return totals

    def values_of(self, metric: str, label: str) -> frozenset[str]:
        """Return the values a label of a metric has had."""
        rows = self._db.rows("SELECT labels FROM metric_totals WHERE name = ?", (metric,))
        return frozenset(labels[label] for row in rows if label in (labels := json.loads(row["labels"])))


def label_text(labels: Mapping[str, str]) -> str:
    """Return labels in the one form that makes equal label sets equal text."""
    return json.dumps(dict(sorted(labels.items())), separators=(",", ":"))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)
