"""What `health` says: the parts are asked by their records, and channels at most every few minutes; nothing costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from trendspark_cli.base.clock import duration_words, from_epoch, from_text, to_text
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.metrics import STREAM_CONNECTED, STREAM_LAST_DATA
from trendspark_cli.base.profiles import read_profiles
from trendspark_cli.base.settings import Settings
from trendspark_cli.base.threads import Answer, ask_all
from trendspark_cli.crontabs.timetable import Timetable
from trendspark_cli.kinds.channels import channels_of, configured_channels
from trendspark_cli.kinds.jobs import kind_of
from trendspark_cli.kinds.services import WRITERS
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.running.pausing import pause_words
from trendspark_cli.running.server_clock import clock_doubt
from trendspark_cli.screens.channel_health import channel_health
from trendspark_cli.screens.doctor.placed_files import lock_trouble, metrics_trouble
from trendspark_cli.screens.job_overview import JobOverview, job_overview
from trendspark_cli.store.open_store import database_of, open_store
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.collecting import AuditRow
from trendspark_cli.store.rows.runs import CLOCK_OFF
from trendspark_cli.trends.history_rebuilding import rebuilding

State = dict[str, object]  # of a service, as `health --json` prints it: always with `ok`

CLOCK_TOLERANCE = timedelta(minutes=5)
PAGES_LOOKED_AT = 200  # of a source, for what its last run met
RUNS_LOOKED_AT = 20  # for what services told them of the time
LATE_AFTER_INTERVALS = 2.5
SILENT_AFTER_SECONDS = 120.0  # of a stream: it notes what comes every 15 s, and cron starts it each minute

RECORDS_SECONDS, CHANNEL_SECONDS = 3.5, 4.5  # with the start of the process less than 10 s, whatever hangs

_LAST_SECONDS = 0.5  # for the rest of the database, when the crontab is what hung


class HealthReport(NamedTuple):
    """What `health` says."""

    ok: bool
    services: dict[str, State]


def health_report(settings: Settings, now: datetime, timetable: Callable[[], Timetable]) -> HealthReport:
    """Return whether all is well, and each service's own `ok`, with the reason when it is false; within 10 s."""
    services = recorded_health(settings, now, timetable)
    asks = {}
    for name, kind in channels_of(settings).items():
        known = services.get(name, {})
        last_sent = None if "last_error" in known else known.get("last_sent")
        if "paused_until" in known:  # it said not long ago why it takes nothing: nobody has to ask
            services[name] = {**known, "configured": True}
            continue
        asks[name] = partial(channel_health, settings, kind, now, None if last_sent is None else str(last_sent))
    for name, answer in ask_all(asks, CHANNEL_SECONDS).items():
        known = services.pop(name, {})
        asked = _unanswered(CHANNEL_SECONDS) if answer is None else answer.value()
        services[name] = {**known, **asked}
    return HealthReport(all(service["ok"] for service in services.values()), services)


def recorded_health(settings: Settings, now: datetime, timetable: Callable[[], Timetable]) -> dict[str, State]:
    """Return what settings, files and the database say of each service; nobody is asked.

    What a disk, a lock or a system service holds up is said to be so: it is left after a few seconds.
    """
    until = time.monotonic() + RECORDS_SECONDS
    found = _Records(has_topics=bool(settings.keywords))
    times = Answer(timetable, "ask crontab")
    records = Answer(partial(_fill, found, settings, now, times, until), "ask database")
    files = Answer(partial(_files, settings), "ask files")
    late = _unanswered(RECORDS_SECONDS)
    if records.is_there(until + _LAST_SECONDS):
        records.value()
    else:
        found.services["database"] = late
    of_locks, of_metrics = files.value() if files.is_there(until) else ("", str(late["reason"]))
    services: dict[str, State] = {
        "config": _state(not settings.problems, "; ".join(settings.problems)),
        "database": late,
        "worker": late,
        **dict(found.services),
        "metrics": _state(not of_metrics, of_metrics),
    }
    if of_locks and services["worker"]["ok"]:
        services["worker"] = {**services["worker"], **_state(False, of_locks)}
    for name, kind in SOURCES.items():
        can_read = kind.is_configured(settings) and (found.has_topics or not kind.searches_profiles)
        needs = f"{kind.needs_words}, and KEYWORDS or a profile" if kind.searches_profiles else kind.needs_words
        source = _source(kind.is_enabled(settings), can_read, needs)
        page = found.last_pages.get(name, {})
        is_failing = source["configured"] and "last_error" in page  # whatever the others bring meanwhile
        services[name] = {**source, **page, **_state(not is_failing, f"the last page: {page.get('last_error')}")}
    services |= {
        name: _source(True, writer.is_configured(settings), writer.needs_words) for name, writer in WRITERS.items()
    }
    return services


@dataclass
class _Records:
    """What the database says: of services, whether anything is searched for, and of each source's last page."""

    has_topics: bool
    services: dict[str, State] = field(default_factory=dict)
    last_pages: dict[str, State] = field(default_factory=dict)


def _fill(found: _Records, settings: Settings, now: datetime, times: Answer[Timetable], until: float) -> None:
    """Put down what the database says as it says it, so that a disk that hangs then takes nothing back."""
    services = found.services
    used = configured_channels(settings) if settings.enable_realtime_alerts else ()
    try:
        with closing(open_store(settings, read_only=True)) as store:
            size, gaps = store.size_bytes(), store.gaps.count_open()
            services["database"] = {"ok": True, "bytes": size, "gaps_open": gaps}
            if times.is_there(until):
                services["worker"] = _worker(job_overview(store, now, times.value()))
            else:
                services["worker"] = _state(False, "crontab and systemd do not say when jobs are due")
            services["ranking"] = _ranking(store, now)
            services["alerts"] = _alerts(store.notifications.backlog(), store.notifications.crashing())
            services["clock"] = _clock(store, now)
            found.has_topics = any(profile.keywords for profile in read_profiles(settings, store.profiles.all()))
            pages = store.audit.last_of(SOURCES, PAGES_LOOKED_AT)
            found.last_pages.update({source: _last_page(of_source) for source, of_source in pages.items()})
            services |= {name: _channel(store, name, is_used=name in used) for name in channels_of(settings)}
            totals = store.totals.all()
            if settings.x_stream_enabled or _is_open(totals):
                services["stream"] = _stream(totals, now)
            services["archive"] = _archive(
                store.archive_faults.count_missing(),
                store.archive_faults.count_unreadable(),
                is_configured=bool(settings.archive_url),
            )
    except TrendSparkError as error:
        is_open = "database" in services
        services["database"] = _state(False, str(error) if is_open else f"{error}; {error.hint}")
        services.setdefault("worker", _state(False, "the database does not answer"))


def _files(settings: Settings) -> tuple[str, str]:
    """Return what the files of locks and of metrics say is wrong, in words; empty when nothing is."""
    database = database_of(settings)
    return lock_trouble(database), metrics_trouble(settings, database)


def _worker(jobs: list[JobOverview]) -> State:
    """Judge the jobs that have ever run, and say what is wrong with each."""
    reasons = []
    ran = [job for job in jobs if job.last_run is not None]
    for job in ran:
        late_after = (job.expected_interval_seconds or 0) * (LATE_AFTER_INTERVALS - 1)
        if job.paused:
            continue
        if job.last_status in ("error", "timeout", "abandoned") and not kind_of(job.id).is_a_try:
            reasons.append(f"the last run of {job.id} ended as {job.last_status}")
        elif late_after and (job.lateness_seconds or 0) > late_after:
            reasons.append(f"{job.id} is overdue by {duration_words(timedelta(seconds=job.lateness_seconds or 0))}")
    if not ran:
        reasons.append("no job has run yet")
    paused = {job.id: pause_words(job.paused_by, job.paused_reason) for job in jobs if job.paused}
    return {
        **_state(not reasons, "; ".join(reasons)),
        "jobs": {job.id: job.last_status for job in ran},
        "last_success": {job.id: job.last_success for job in ran},
        "lateness_seconds": {job.id: job.lateness_seconds for job in ran},
        **({"paused": paused} if paused else {}),
    }


def _clock(store: Store, now: datetime) -> State:
    """Judge this machine's clock by what is later than now, and by the newest post that a service served."""
    reasons = []
    latest = now + CLOCK_TOLERANCE
    runs = store.job_runs.history(RUNS_LOOKED_AT)
    if runs and from_text(runs[0].started_at) > latest:
        reasons.append(f"run {runs[0].id} began at {runs[0].started_at}, later than now")
    newest = {run.job_id: run for run in reversed(runs)}  # a run that heard no such thing takes it back for its job
    for run in newest.values():
        if isinstance(off := run.counted.get(CLOCK_OFF), int):
            way = "ahead of" if off > 0 else "behind"
            by = duration_words(timedelta(seconds=abs(off)))
            reasons.append(f"services told run {run.id} that this clock is {by} {way} theirs")
    if doubt := clock_doubt(store):
        reasons.append(doubt)
    served = store.audit.newest_time()
    if served is not None and from_text(served) > latest:
        reasons.append(f"a service served a post of {served}, later than now")
    reasons += [f"{late.number} of {late.what} later than now" for late in store.times.later_than(now)]
    return _state(not reasons, f"{'; '.join(reasons)}: see `trendspark doctor` and `timedatectl`")


def _ranking(store: Store, now: datetime) -> State:
    """Say how far a history is that is built anew: nothing is wrong then, and no topic opens."""
    found = rebuilding(store, now)
    return {"ok": True} if found is None else {"ok": True, "reason": found.words, "history_done": round(found.share, 3)}


def _alerts(backlog: dict[str, int], crashing: int) -> State:
    """Judge the outbox: a dead alert is one an operator should have had, one that meets a bug may become one."""
    dead, waiting = backlog.get("dead", 0), backlog.get("pending", 0) + backlog.get("sending", 0)
    told = [f"{dead} could not be delivered"] if dead else []
    told += [f"{crashing} ran into a bug and will be tried again"] if crashing else []
    return {**_state(not told, f"{'; '.join(told)}: see `trendspark alerts list`"), "waiting": waiting}


def _last_page(pages: Sequence[AuditRow]) -> State:
    """Return when a source was read last, and what went wrong in that run: one feed of many that fails is told too."""
    if not pages:
        return {}
    of_run = [page for page in reversed(pages) if page.cycle_id == pages[0].cycle_id]
    last = {(page.profile, page.query): page.error for page in of_run}
    errors = [error for error in last.values() if error]
    error = {"last_error": errors[0]} if errors else {}
    return {"last_page": pages[0].created_at, **error}


def _channel(store: Store, channel: str, *, is_used: bool) -> State:
    """Return when a channel took its last message, and why it took none since, if it said so."""
    sent, state = store.notifications.listing(1, "sent", channel), store.channels.get(channel)
    found = {"last_sent": sent[0].sent_at if sent else None, "last_error": state.last_error}
    known: State = {name: value for name, value in found.items() if value is not None}
    if state.refusal is None or not is_used:
        return known
    told = f"{state.last_error}; its alerts wait, `trendspark alert-test` tries it again"
    return {**known, **_state(False, told), "paused_until": state.paused_until}


def _is_open(totals: Mapping[str, list[tuple[dict[str, str], float]]]) -> bool:
    """Tell whether a stream says that it is connected; one that was killed goes on saying so."""
    return any(value for _, value in totals.get(STREAM_CONNECTED.name, ()))


def _stream(totals: Mapping[str, list[tuple[dict[str, str], float]]], now: datetime) -> State:
    """Judge the stream by when it last sent anything, keep-alives included."""
    found = totals.get(STREAM_LAST_DATA.name)
    if not found:
        return _state(False, "it has never been connected: see `trendspark rules list`")
    silent = now.timestamp() - found[0][1]
    if silent < -CLOCK_TOLERANCE.total_seconds():
        return _state(False, f"the last data is of {to_text(from_epoch(found[0][1]))}, later than now: see the clock")
    reason = f"nothing came for {duration_words(timedelta(seconds=silent))}"
    return {**_state(silent < SILENT_AFTER_SECONDS, reason), "last_data": to_text(from_epoch(found[0][1]))}


def _archive(missing: int, unreadable: int, *, is_configured: bool) -> State:
    """Judge the archive by what was found missing or unreadable; looking for it is for `archives verify`."""
    found = [f"objects are missing or changed: {missing}"] if missing else []
    found += [f"manifests or tombstones cannot be read: {unreadable}"] if unreadable else []
    reason = f"{', '.join(found)}; see `trendspark archives verify`"
    return {**_source(True, is_configured, "ARCHIVE_URL"), **_state(not found, reason)}


def _source(is_enabled: bool, is_configured: bool, needs: str) -> State:
    if not is_enabled:
        return {"ok": True, "configured": False, "reason": "switched off"}
    return {"ok": True, "configured": is_configured, **({} if is_configured else {"reason": f"needs {needs}"})}


def _unanswered(seconds: float) -> State:
    return {"ok": False, "reason": f"no answer in {seconds:g} s"}


def _state(ok: bool, reason: str) -> State:
    return {"ok": True} if ok else {"ok": False, "reason": reason}
