"""Turn settings into live objects: the only file that knows which adapter is behind which name."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from trendspark_cli import log_setup, redaction, setting_values
from trendspark_cli.clock import Clock, utc_now
from trendspark_cli.console import Output, has_terminal, report
from trendspark_cli.errors import (
    ConfigError,
    ExitCode,
    IntegrityError,
    StopRequest,
    StoreBusyError,
    StoreError,
    TrendSparkError,
    UsageError,
)
from trendspark_cli.models import Ceiling
from trendspark_cli.settings import Settings, load_settings
from trendspark_cli.store.open_store import database_path, open_store, require_database
from trendspark_cli.store.protocol import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.archiving.spool import Spool
    from trendspark_cli.budget import Budget
    from trendspark_cli.crontabs.timetable import Timetable
    from trendspark_cli.destinations.protocol import Destination
    from trendspark_cli.job_context import ApiCall, JobContext
    from trendspark_cli.job_runner import JobRunner
    from trendspark_cli.metric_files import MetricFiles
    from trendspark_cli.models import Profile, RunResult
    from trendspark_cli.notifiers.protocol import Notifier
    from trendspark_cli.sources.protocol import Source
    from trendspark_cli.sources.x_rules import XRules
    from trendspark_cli.sources.x_stream import XStream
    from trendspark_cli.sources.x_usage import XUsage
    from trendspark_cli.writers.protocol import Writer

# Source name -> what makes its sources from (settings, job); strings, so that nothing is imported before it is needed.
SOURCES: Mapping[str, str] = {"reddit": "trendspark_cli.sources.wired:reddit_sources"}
# The same for sources that are asked for the topics of a profile, from (settings, job, profile).
PROFILE_SOURCES: Mapping[str, str] = {"x": "trendspark_cli.sources.wired:x_sources"}

# Channel name -> what makes its notifier from (settings, record), or None when it is not configured.
NOTIFIERS: Mapping[str, str] = {"telegram": "trendspark_cli.notifiers.wired:telegram"}
# What makes the writer from (settings, record), or None without a key.
WRITER = "trendspark_cli.writers.wired:openai_writer"
# Scheme of an archive's address -> what makes its destination from (settings, url, record).
DESTINATIONS: Mapping[str, str] = {
    "s3": "trendspark_cli.destinations.wired:s3_bucket",
    "file": "trendspark_cli.destinations.wired:local_folder",
}

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Installation:
    """One set of settings, with the clock and the output of this process."""

    settings: Settings
    output: Output
    clock: Clock = utc_now
    is_by_hand: bool = False  # a person started this process
    example_times: bool = False  # jobs are due as crontab.example says, whatever is installed

    @cached_property
    def timetable(self) -> Timetable:
        """Return when jobs are due: as it is installed on this machine, looked up once."""
        from trendspark_cli.crontabs.timetable import example_timetable, installed_timetable

        if self.example_times:
            return example_timetable(UTC)
        try:
            database = self.database
        except ConfigError:  # of a database we cannot store in nobody's crontab is known; its error is told elsewhere
            return example_timetable(UTC)
        return installed_timetable(database, self.settings.trendspark_home)

    @cached_property
    def database(self) -> Path:
        """Return the path of the SQLite file."""
        return database_path(self.settings)

    @property
    def lock_folder(self) -> Path:
        """Return the folder of lock files: beside the database they guard."""
        return self.database.parent / "locks"

    def metric_files(self) -> MetricFiles:
        """Return the .prom files."""
        from trendspark_cli.metric_files import MetricFiles

        settings = self.settings
        return MetricFiles(
            settings.textfile_dir,
            self.lock_folder / "metrics.lock",
            spending_ceilings(settings),
            settings.retention if settings.archive_url else None,
            is_streaming=settings.x_stream_enabled,
            interval_seconds=lambda job_id: self.timetable.interval_seconds(job_id),
        )

    def runner(self, *, is_dry: bool = False, is_extra: bool = False) -> JobRunner:
        """Return the runner of jobs; those of a runner that `is_extra` are none that cron should start."""
        from trendspark_cli.job_runner import JobRunner
        from trendspark_cli.running.failure_streaks import OpsAlertRules
        from trendspark_cli.running.pings import Pings

        settings = self.settings
        return JobRunner(
            clock=self.clock,
            lock_folder=self.lock_folder,
            open_store=lambda: open_store(settings, read_only=is_dry),
            metric_files=self.metric_files(),
            timeouts=dict(settings.job_timeouts),
            alert_rules=OpsAlertRules(
                failure_threshold=settings.job_failure_threshold,
                api_error_threshold=settings.api_error_threshold,
                api_error_window=timedelta(seconds=settings.api_error_window_seconds),
                cooldown=timedelta(minutes=settings.ops_alert_cooldown_minutes),
                are_muted=settings.alerts_are_muted,
            ),
            pings=Pings(settings.heartbeat_urls),
            timetable=lambda: self.timetable,
            is_by_hand=self.is_by_hand or is_extra,
        )


@dataclass(frozen=True)
class Wired:
    """What a job's body may ask for, made when it is asked for: a missing token is then a recorded failure."""

    settings: Settings
    job: JobContext
    clock: Clock = utc_now

    def notifiers(self) -> list[Notifier]:
        """Return the configured channels; raise ConfigError when there is none."""
        made = [_load(target)(self.settings, self.job.api_calls.append) for target in NOTIFIERS.values()]
        notifiers: list[Notifier] = [notifier for notifier in made if notifier is not None]
        if not notifiers:
            raise ConfigError("no alert channel is configured", hint="set TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID")
        return notifiers

    def sources(self, names: Sequence[str] = ()) -> list[Source]:
        """Return the configured sources that belong to no profile, or those of *names* among them."""
        return [
            source
            for name, target in SOURCES.items()
            if not names or name in names
            for source in _load(target)(self.settings, self.job)
        ]

    def profile_sources(self, profile: Profile, names: Sequence[str] = ()) -> list[Source]:
        """Return the configured sources of a profile's topics, or those of *names* among them.

        Raises ConfigError for topics that cannot be searched for.
        """
        return [
            source
            for name, target in PROFILE_SOURCES.items()
            if not names or name in names
            for source in _load(target)(self.settings, self.job, profile)
        ]

    def profiles(self, names: Sequence[str] = ()) -> list[Profile]:
        """Return the profiles to read: those of *names*, or every enabled one, or the one of the settings.

        Raises ConfigError for a name that does not exist, or is disabled.
        """
        from trendspark_cli.profiles import read_profiles

        return read_profiles(self.settings, self.job.store.profiles.all(), names)

    def writer(self) -> Writer | None:
        """Return the language model, or None when there is no key for one."""
        writer: Writer | None = _load(WRITER)(self.settings, self.job.api_calls.append)
        return writer

    def searches(self, queries: Sequence[str]) -> list[Source]:
        """Return a source of X for each query: stream rules are queries too."""
        from trendspark_cli.sources.wired import x_searches

        return x_searches(self.settings, self.job, queries) if self.settings.x_bearer_token else []

    def stream(self) -> tuple[XStream, XRules]:
        """Return X's stream and its rules; raise ConfigError without a token."""
        from trendspark_cli.sources.wired import x_rules, x_stream

        return x_stream(self.settings, self.job), x_rules(self.settings, self.job.api_calls.append)

    def wanted_rules(self) -> dict[str, str]:
        """Return the rules the stream should have, each with its profile; raise ConfigError when one cannot be made."""
        from trendspark_cli.sources.wired import wanted_rules

        return wanted_rules(self.settings, self.job.store.stream_rules.all(), self.profiles())

    def export(self, job_id: str) -> Callable[[], None]:
        """Return what writes the metrics files of a job that is still running."""
        files = self._installation.metric_files()

        def write() -> None:
            files.write(self.job.store, [job_id], self.clock())

        return write

    def beside(self, lock: str, body: Callable[[Wired], None]) -> None:
        """Run *body* as a part of this run, with another job's lock held and a store of its own: for other threads.

        Raises LockHeldError when that job is at work, and what the body raises.
        """
        from trendspark_cli.job_context import JobContext
        from trendspark_cli.running.locks import job_lock

        now = self.clock()
        with job_lock(self._installation.lock_folder, lock, now):
            store = open_store(self.settings)
            try:
                job = JobContext(store, now, self.job.run_id)
                body(Wired(self.settings, job, self.clock))
                with store.transaction():
                    job.record_calls()
            finally:
                store.close()

    @property
    def _installation(self) -> Installation:
        return Installation(self.settings, Output(is_quiet=True), self.clock)

    def budgets(self) -> dict[str, Budget]:
        """Return the spending ceilings by service."""
        from trendspark_cli.budget import Budget

        settings, ceilings = self.settings, spending_ceilings(self.settings)
        return {
            "x": Budget(
                "x",
                ceilings["x"],
                settings.x_price_per_read_usd,
                when_reached="what is unread is kept as a gap",
                alerts_are_muted=settings.alerts_are_muted,
            ),
            "openai": Budget(
                "openai",
                ceilings["openai"],
                max(settings.openai_price_input_usd, settings.openai_price_output_usd) / 1e6,
                unit="tokens",
                when_reached="until then briefs are taken from the posts",
                alerts_are_muted=settings.alerts_are_muted,
            ),
            "reddit": Budget("reddit", unit="requests"),  # counted, and cost nothing
        }


def archive_spool(settings: Settings) -> Spool:
    """Return the folder of archive files that are on their way: beside the database."""
    from trendspark_cli.archiving.spool import Spool

    return Spool(database_path(settings).parent / "spool")


def archive_destinations(settings: Settings, record: Callable[[ApiCall], None]) -> Callable[[str], Destination]:
    """Return what gives the place of an archive's address, each made once."""

    @cache
    def destination(url: str) -> Destination:
        made: Destination = _load(DESTINATIONS[url.partition("://")[0]])(settings, url, record)
        return made

    return destination


def archive_url(settings: Settings, to: str = "", option: str = "--to") -> str:
    """Return where archives go: *to* when it is given, else ARCHIVE_URL; raise ConfigError when there is neither."""
    if to:
        try:
            return setting_values.ARCHIVE_URL.read(to)
        except ValueError:
            raise UsageError(f"{option} {to!r}: expected {setting_values.ARCHIVE_URL.expected}") from None
    if not settings.archive_url:
        raise ConfigError(
            "ARCHIVE_URL is not set: there is no archive",
            hint="set it to a bucket (s3://BUCKET) or a folder (file:///FOLDER)",
        )
    return settings.archive_url


def spending_ceilings(settings: Settings) -> dict[str, tuple[Ceiling, ...]]:
    """Return the ceilings of each service that costs money."""
    return {
        "x": (
            Ceiling("day", settings.x_max_reads_per_day, "X_MAX_READS_PER_DAY"),
            Ceiling("month", settings.x_max_reads_per_month, "X_MAX_READS_PER_MONTH"),
        ),
        "openai": (
            Ceiling("day", settings.openai_max_tokens_per_day, "OPENAI_MAX_TOKENS_PER_DAY"),
            Ceiling("month", settings.openai_max_usd_per_month, "OPENAI_MAX_USD_PER_MONTH", is_in_usd=True),
        ),
    }


def installation(
    *, job: str, env_file: Path | None = None, is_json: bool = False, is_quiet: bool = False, is_verbose: bool = False
) -> Installation:
    """Return this process's installation, with redaction and the log set up first of all.

    Raises ConfigError when a named env file is missing.
    """
    settings = load_settings(env_file=env_file)
    redaction.install(settings.secrets())
    log_setup.configure_logging(settings.log_file, settings.log_format, job=job, verbose=is_verbose)
    for name, nearest in settings.unknown:
        log.warning("unknown setting %s%s", name, f"; did you mean {nearest}?" if nearest else "")
    output = Output(is_json, is_quiet, is_verbose, sys.stdout.isatty())
    return Installation(settings, output, is_by_hand=has_terminal())


Body = Callable[[Wired], None]


def run(
    here: Installation,
    job_id: str,
    body: Body,
    *,
    is_dry: bool = False,
    show: Callable[[RunResult], None] | None = None,
) -> int:
    """Run *body* as job *job_id*, tell how it ended, and return the exit code."""
    return _run(here, job_id, lambda runner: runner.run(job_id, _wired(here, body), is_dry=is_dry), is_dry, show)


def run_steps(here: Installation, job_id: str, steps: Mapping[str, Body]) -> int:
    """Run several jobs as one: all locks taken first, one row for the whole and one for each step."""
    runner = here.runner()

    def body(job: JobContext) -> None:
        worst: RunResult | None = None
        for step, step_body in steps.items():
            result = runner.run_locked(step, _wired(here, step_body), job.store, began=job.now)
            job.counts[step] = dict(result.counts)
            job.result[step] = {"run_id": result.run_id, "status": result.status, "exit_code": result.exit_code}
            job.result.update(result.extra)
            if isinstance(result.cause, StopRequest):
                raise result.cause
            worst = worst if worst is not None and worst.exit_code else result
        if worst is not None and worst.cause is not None:
            raise worst.cause

    code = _run(here, job_id, lambda _: runner.run(job_id, body, locks=(job_id, *steps)), False, None)
    deliver_now(here)
    return code


def _run(
    here: Installation,
    job_id: str,
    call: Callable[[JobRunner], RunResult],
    is_dry: bool,
    show: Callable[[RunResult], None] | None,
) -> int:
    try:
        require_database(here.database)
        result = call(here.runner(is_dry=is_dry))
    except TrendSparkError as error:
        log.error("%s: %s", job_id, error, exc_info=True)
        here.output.failure(error, where=job_id, exit_code=error.exit_code)
        _tell_of_broken_store(here, job_id, error)
        return error.exit_code
    report(result, here.output)
    if isinstance(result.store_error, TrendSparkError):
        _tell_of_broken_store(here, job_id, result.store_error)
    if show is not None and not here.output.is_json:
        show(result)
    return result.exit_code


def deliver_now(here: Installation) -> None:
    """Send what the job before queued; its own failures are on record and never that job's."""
    from trendspark_cli.jobs.command_bodies import deliver_body

    if here.settings.alerts_are_muted:
        return
    try:
        here.runner(is_extra=True).run("deliver", _wired(here, deliver_body()))
    except TrendSparkError as error:
        log.error("delivery could not run: %s", error)


def _tell_of_broken_store(here: Installation, job_id: str, error: TrendSparkError) -> None:
    """Alert at once when the database is what failed; a busy one is no news."""
    from trendspark_cli.direct_alert import send_directly

    is_broken = isinstance(error, (IntegrityError, StoreError)) and not isinstance(error, StoreBusyError)
    if here.settings.alerts_are_muted or not (is_broken or not here.database.exists()):
        return
    notifiers = [_load(target)(here.settings, lambda call: None) for target in NOTIFIERS.values()]
    cooldown = timedelta(minutes=here.settings.ops_alert_cooldown_minutes)
    send_directly(notifiers, here.lock_folder, job_id, error, here.clock(), cooldown)


def look(here: Installation, where: str, action: Callable[[Store], int | None]) -> int:
    """Run a command that only reads, and return its exit code."""
    return _with_store(here, where, action, read_only=True)


def peek(here: Installation, action: Callable[[Store], T]) -> T | None:
    """Return what *action* finds in the database; None when it cannot be read, which is for `health` to tell."""
    try:
        store = open_store(here.settings, read_only=True)
    except TrendSparkError:
        return None
    try:
        return action(store)
    finally:
        store.close()


def change(here: Installation, where: str, action: Callable[[Store], int | None]) -> int:
    """Run a command that changes a few rows at once, in one transaction, and return its exit code."""

    def in_one(store: Store) -> int | None:
        with store.transaction():
            return action(store)

    return work(here, where, in_one)


def work(here: Installation, where: str, action: Callable[[Store], int | None]) -> int:
    """Run a command that changes rows in transactions of its own, and return its exit code."""
    return _with_store(here, where, action, read_only=False)


@dataclass(frozen=True)
class OpenArchive:
    """What a command about the archive works with. `spool` is a folder of its own, gone when the command ends."""

    store: Store
    spool: Spool
    destination: Callable[[str], Destination]
    now: datetime


def with_archive(
    here: Installation, where: str, action: Callable[[OpenArchive], int | None], *, is_dry: bool = False
) -> int:
    """Run a command about the archive, keep its calls and metrics unless it is dry, and return its exit code."""

    def on_store(store: Store, record: Callable[[ApiCall], None]) -> int | None:
        with archive_spool(here.settings).own_folder() as spool:
            return action(OpenArchive(store, spool, archive_destinations(here.settings, record), here.clock()))

    if is_dry:
        return look(here, where, lambda store: on_store(store, lambda call: None))
    return with_calls(here, where, on_store)


@contextmanager
def _books(here: Installation, store: Store) -> Iterator[Callable[[ApiCall], None]]:
    """Yield what takes the calls of a command; they are kept like those of a job, and so are the metrics."""
    from trendspark_cli.job_context import JobContext

    here.settings.require()
    books = JobContext(store, here.clock())
    try:
        yield books.api_calls.append
    finally:
        with store.transaction():
            books.record_calls()
        here.metric_files().write(store, (), books.now)


def with_calls(here: Installation, where: str, action: Callable[[Store, Callable[[ApiCall], None]], int | None]) -> int:
    """Run a command that asks a service, keep its calls and metrics, and return its exit code."""

    def on_store(store: Store) -> int | None:
        with _books(here, store) as record:
            return action(store, record)

    return work(here, where, on_store)


def ask_x_usage(here: Installation, store: Store, days: int) -> XUsage:
    """Return what X counted in the last *days*; the call goes into the books like that of a job."""
    from trendspark_cli.sources.wired import x_usage

    with _books(here, store) as record:
        return x_usage(here.settings, record, days)


def _with_store(here: Installation, where: str, action: Callable[[Store], int | None], *, read_only: bool) -> int:
    try:
        store = open_store(here.settings, read_only=read_only)
        try:
            return action(store) or ExitCode.DONE
        finally:
            store.close()
    except TrendSparkError as error:
        here.output.failure(error, where=where, exit_code=error.exit_code)
        return error.exit_code


def _wired(here: Installation, body: Body) -> Callable[[JobContext], None]:
    def wired_body(job: JobContext) -> None:
        here.settings.require()
        body(Wired(here.settings, job, here.clock))

    return wired_body


def _load(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def recency(settings: Settings) -> timedelta:
    """Return how old a burst may be to open a trend."""
    return timedelta(minutes=settings.alert_recency_minutes)
