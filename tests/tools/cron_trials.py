"""Cron over clock changes: which lines its daemon starts when, and what real jobs make of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.crontabs.cron_model import CronModel
from tests.ingest.operator import Operator
from tests.tools import books
from tests.tools.cron_machine import FASTEST, FastClock, run_cron, with_program, write_program
from tests.tools.processes import cron_environment
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.crontabs.moments import last_moment, moments_between
from trendspark_cli.crontabs.plans import plan_of
from trendspark_cli.crontabs.reading import read_crontab
from trendspark_cli.crontabs.timetable import Timetable, timetable_of
from trendspark_cli.running.missed_runs import missed_runs

# Zone, and the moment (UTC) at which its local time jumps.
CHANGES = (
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
)
LINES = (
    "*/5 * * * *",
    "5-59/15 * * * *",
    "*/20 2 * * *",
    "30 */2 * * *",
    "30 1 * * *",
    "30 2 * * *",
    "0 3 * * *",
    "15,45 1-3 * * *",
)
LATEST_SECONDS = 1800  # of fast time: half of the hour by which a wrong reckoning would be off
STARTED_WITHIN = timedelta(minutes=4)  # of fast time, two seconds of real time: machines are busy


@dataclass(frozen=True)
class Daemon:
    """What cron started: the moments of each line, by our reckoning, and what does not agree."""

    starts: int
    wrong: list[str]


def watch_daemon(work: Path, zone: str, begin: datetime, end: datetime, lines: Sequence[str] = LINES) -> Daemon:
    """Let cron run *lines*, and compare what it starts with our reckoning and with the model of the tests."""
    work.mkdir()
    table = "".join(f"{line} date +\\%s.\\%N >>{work}/line-{n}\n" for n, line in enumerate(lines))
    clock = FastClock(begin)
    run_cron(table, work, clock, zone=zone, real_seconds=(end - begin) / timedelta(seconds=FASTEST))
    wrong, count = [], 0
    for number, line in enumerate(lines):
        file = work / f"line-{number}"
        real = [float(word) for word in file.read_text().split()] if file.exists() else []
        shown = [
            datetime.fromtimestamp(begin.timestamp() + (moment - clock.began) * clock.speed, UTC) for moment in real
        ]
        count += len(shown)
        wrong += _compare(line, ZoneInfo(zone), shown, begin, end)
    return Daemon(count, wrong)


def _compare(line: str, zone: ZoneInfo, starts: Sequence[datetime], begin: datetime, end: datetime) -> list[str]:
    """Return where the daemon's starts differ from the moments at which we say the line is due."""
    wrong = []
    served = set()
    for start in starts:
        due = last_moment([line], zone, start)
        if due is None or start - due > STARTED_WITHIN:
            wrong.append(f"{line}: started at {to_text(start)}, due at {due and to_text(due)}")
        else:
            served.add(due)
    surely = end - STARTED_WITHIN  # what is due just before the end may not have begun
    reckoned = set(moments_between([line], zone, begin + timedelta(minutes=1), surely))
    if reckoned != set(CronModel(line, zone).starts(begin + timedelta(minutes=1), surely)):
        wrong.append(f"{line}: we and the model of the tests differ")
    return wrong + [f"{line}: due at {to_text(moment)}, not started" for moment in sorted(reckoned - served)]


@dataclass(frozen=True)
class Jobs:
    """What real jobs did over a clock change."""

    started: int
    latest_seconds: float
    wrong: list[str]
    output: str


def run_jobs(work: Path, operator: Operator, crontab: str, zone: str, begin: datetime, hours: float) -> Jobs:
    """Let cron run real jobs from *begin* on: each start has its row, on time, and none meets another."""
    clock = FastClock(begin, speed=FASTEST)
    environment = {**cron_environment(work, operator.environment), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    text = with_program(crontab, write_program(work, environment, clock))
    run_cron(text, work, clock, zone=zone, real_seconds=hours * 3600 / clock.speed)
    end = begin + timedelta(hours=hours) - STARTED_WITHIN
    timetable = timetable_of(plan_of(read_crontab(text, "crontab").entries), ZoneInfo(zone), "crontab")
    wrong = _unlike_their_moments(operator, timetable, begin + timedelta(minutes=1), end)
    wrong += _at_the_same_time(operator) + books.broken_books(operator.home, operator.database)
    late = books.value(operator.database, "SELECT max(lateness) FROM job_runs")
    output = work / "output"
    said = output.read_text(encoding="utf-8", errors="replace").strip() if output.exists() else ""
    return Jobs(len((work / "starts").read_text().splitlines()), late or 0.0, wrong, said)


def _unlike_their_moments(operator: Operator, timetable: Timetable, begin: datetime, end: datetime) -> list[str]:
    """Return moments without a run, told by `jobs history --missed` or not, and runs that are not on time."""
    wrong = []
    with closing(operator.store()) as store:
        missed = missed_runs(store, timetable, list(timetable.schedules), begin, end)
    rows = books.ask(operator.database, "SELECT job_id, scheduled_for, lateness, status FROM job_runs ORDER BY id")
    for job in timetable.schedules:
        served = [row[1] for row in rows if row[0] == job and row[1] is not None]
        due = set(map(to_text, timetable.moments(job, begin, end)))
        possible = due | set(
            map(to_text, timetable.moments(job, begin - STARTED_WITHIN, begin))
        )  # cron may be up by then
        told = {moment for moment in due for each in missed if each.job_id == job and each.first <= moment <= each.last}
        wrong += [f"{job}: two runs for {moment}" for moment in set(served) if served.count(moment) > 1]
        wrong += [
            f"{job}: due at {moment}, no run, {'' if moment in told else 'not '}told" for moment in due - {*served}
        ]
        wrong += [f"{job}: told to be missed at {moment}, which is not so" for moment in told & {*served}]
        wrong += [
            f"{job}: a run for {moment}, which is none" for moment in {*served} - possible if from_text(moment) < end
        ]
    wrong += [f"{row[0]}: {row[2]} s late" for row in rows if row[2] is not None and not 0 <= row[2] < LATEST_SECONDS]
    return wrong + [f"{row[0]}: {row[3]}" for row in rows if row[3] not in ("success", "running")]


def _at_the_same_time(operator: Operator) -> list[str]:
    """Return runs of one job that were at work together."""
    rows = books.ask(
        operator.database,
        "SELECT a.job_id, a.id, b.id FROM job_runs a JOIN job_runs b ON a.job_id = b.job_id AND a.id < b.id"
        " WHERE b.started_at < coalesce(a.finished_at, '9')",
    )
    return [f"{job}: runs {first} and {second} at the same time" for job, first, second in rows]
