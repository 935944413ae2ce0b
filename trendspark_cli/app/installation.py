"""One set of settings, with the clock and the output of this process, and what is made of them for its whole life."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from pathlib import Path

from trendspark_cli.base import log_setup, redaction
from trendspark_cli.base.clock import Clock, show_times_in, utc_now
from trendspark_cli.base.console import Output, has_terminal
from trendspark_cli.base.durable_files import make_files_for_owner_of
from trendspark_cli.base.settings import Settings, load_settings
from trendspark_cli.store.database import Database
from trendspark_cli.store.open_store import database_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.app.job_runner import JobRunner
    from trendspark_cli.app.metric_files import MetricFiles
    from trendspark_cli.crontabs.timetable import Timetable
    from trendspark_cli.running.said import Said

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
        return installed_timetable(self.database.owned, self.settings.trendspark_home, self.settings.job_intervals)

    @cached_property
    def database(self) -> Database:
        """Return where rows lie."""
        return database_of(self.settings)

    @property
    def lock_folder(self) -> Path:
        """Return the folder of lock files and notes of this host: beside the file of the database, if it is one."""
        return self.database.folder / "locks"

    @property
    def note_folders(self) -> tuple[Path, ...]:
        """Return where small notes of jobs lie: beside the locks, else in our folder."""
        return tuple(dict.fromkeys([self.lock_folder, self.settings.trendspark_home / "locks"]))

    @cached_property
    def said(self) -> Said:
        """Return what jobs that start each minute have said: kept beside their locks, in our folder or in the cache."""
        from hashlib import sha256

        from trendspark_cli.running.said import Said

        home, cache = self.settings.trendspark_home, self.settings.user_cache
        last_resort = cache and cache / f"said-{sha256(str(home).encode()).hexdigest()[:16]}"
        return Said(self.note_folders, self.clock, last_resort)

    def is_news(self, job_id: str, cause: BaseException) -> bool:
        """Tell whether a failure is to be said: always to a person, once an hour by what cron starts each minute."""
        from trendspark_cli.kinds.jobs import kind_of

        is_for_a_person = self.is_by_hand or self.output.is_terminal or self.output.is_json or self.output.is_verbose
        return is_for_a_person or not kind_of(job_id).is_quiet_while_running or self.said.is_news(job_id, cause)

    def metric_files(self) -> MetricFiles:
        """Return the .prom files."""
        from trendspark_cli.app.adapters.spending import spending_ceilings
        from trendspark_cli.app.metric_files import MetricFiles

        settings = self.settings
        return MetricFiles(
            settings.textfile_dir,
            settings.trendspark_home,
            self.lock_folder / "metrics.lock",
            spending_ceilings(settings),
            settings.retention if settings.archive_url else None,
            is_streaming=settings.x_stream_enabled,
            host=settings.metrics_host,
            interval_seconds=lambda job_id: self.timetable.interval_seconds(job_id),
        )

    def runner(self, *, is_dry: bool = False, is_extra: bool = False) -> JobRunner:
        """Return the runner of jobs; those of a runner that `is_extra` are none that cron should start."""
        from trendspark_cli.alerts.failure_streaks import OpsAlertRules
        from trendspark_cli.app.job_runner import JobRunner
        from trendspark_cli.services.pings import Pings

        settings = self.settings
        return JobRunner(
            clock=self.clock,
            database=self.database,
            metric_files=self.metric_files(),
            timeouts=dict(settings.job_timeouts),
            alert_rules=OpsAlertRules(
                failure_threshold=settings.job_failure_threshold,
                api_error_threshold=settings.api_error_threshold,
                api_error_window=settings.api_error_window,
                cooldown=settings.ops_alert_cooldown,
                are_muted=settings.alerts_are_muted,
            ),
            pings=Pings(settings.heartbeat_urls, folder=self.lock_folder),
            timetable=lambda: self.timetable,
            is_by_hand=self.is_by_hand or is_extra,
            **({} if is_dry or is_extra else {"is_news": self.is_news}),
        )


def open_installation(
    *, job: str, env_file: Path | None = None, is_json: bool = False, is_quiet: bool = False, is_verbose: bool = False
) -> Installation:
    """Return this process's installation, with redaction and the log set up first of all.

    Raises ConfigError when a named env file is missing.
    """
    settings = load_settings(env_file=env_file)
    redaction.install(settings.secrets())
    show_times_in(settings.timezone)
    make_files_for_owner_of(database_of(settings).folder)
    log_setup.configure_logging(settings.log_file, settings.log_format, job=job, verbose=is_verbose)
    for name, nearest in settings.unknown:
        log.warning("unknown setting %s%s", name, f"; did you mean {nearest}?" if nearest else "")
    for told in settings.passed_over:
        log.warning("%s", told)
    if settings.unquoted:
        log.warning("quotes around the values of %s in the environment were taken off", ", ".join(settings.unquoted))
    output = Output(is_json, is_quiet, is_verbose, sys.stdout.isatty())
    return Installation(settings, output, is_by_hand=has_terminal())
