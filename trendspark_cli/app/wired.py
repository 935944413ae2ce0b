"""What the body of a job may ask for: live objects, made from the settings when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from trendspark_cli.app.installation import Installation
from trendspark_cli.base.clock import Clock, utc_now
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.kinds.sources import SOURCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.alerts.channel import Notifier
    from trendspark_cli.base.models import Profile
    from trendspark_cli.briefs.writer import Writer
    from trendspark_cli.collecting.source import Source
    from trendspark_cli.collecting.stream_forward import LiveSource
    from trendspark_cli.crontabs.timetable import Timetable
    from trendspark_cli.running.job_context import JobContext
    from trendspark_cli.services.x.rules import XRules
    from trendspark_cli.services.x.stream import XStream
    from trendspark_cli.spending.budget import Budget
    from trendspark_cli.store.database import JobParts


class Wired(NamedTuple):
    """What a job's body may ask for, made when it is asked for: a missing token is then a recorded failure."""

    settings: Settings
    job: JobContext
    clock: Clock = utc_now

    def notifiers(self, names: Sequence[str] = ()) -> list[Notifier]:
        """Return the configured channels, or those of *names* among them; raise ConfigError when there is none."""
        from trendspark_cli.app.adapters.channels import notifiers_of

        notifiers = notifiers_of(self.settings, self.job.api_calls.append, names)
        if not notifiers:
            needed = " or ".join([*(kind.needs_words for kind in CHANNELS.values()), "ALERT_URL_<NAME>"])
            raise ConfigError("no alert channel is configured", hint=f"set {needed}")
        return notifiers

    def sources(self, names: Sequence[str] = (), profile: Profile | None = None) -> list[Source]:
        """Return the configured sources of a profile's topics, or those that belong to no profile.

        Those of *names* only, when there are any. Raises ConfigError for topics that cannot be searched for.
        """
        from trendspark_cli.app.adapters.sources import sources_of

        return sources_of(self.settings, self.job, profile, names)

    def profiles(self, names: Sequence[str] = ()) -> list[Profile]:
        """Return the profiles to read: those of *names*, or every enabled one, or the one of the settings.

        Raises ConfigError for a name that does not exist, or is disabled.
        """
        from trendspark_cli.base.profiles import read_profiles

        return read_profiles(self.settings, self.job.store.profiles.all(), names)

    def writer(self) -> Writer | None:
        """Return the language model, or None when there is no key for one."""
        from trendspark_cli.app.adapters.writers import writer_of

        return writer_of(self.settings, self.job.api_calls.append)

    def searches(self, queries: Sequence[tuple[str, str]]) -> list[Source]:
        """Return a source for each (source, query) that was searched for before."""
        from trendspark_cli.app.adapters.sources import searches

        return searches(self.settings, self.job, queries)

    def stream(self) -> tuple[XStream, XRules]:
        """Return X's stream and its rules; raise ConfigError without a token."""
        from trendspark_cli.app.adapters.x import x_rules, x_stream

        return x_stream(self.settings, self.job), x_rules(self.settings, self.job.api_calls.append)

    def live_source(self) -> LiveSource:
        """Return a source that stays connected; raise ConfigError when none that can is switched on."""
        from trendspark_cli.app.adapters.sources import stream_of

        source = stream_of(self.settings, self.job)
        if source is None:
            needed = " or ".join(kind.needs_words for kind in SOURCES.values() if kind.stream)
            raise ConfigError("there is nothing to stay connected to", hint=f"set X_STREAM_ENABLED=true or {needed}")
        return source

    def wanted_rules(self) -> dict[str, str]:
        """Return the rules the stream should have, each with its profile; raise ConfigError when one cannot be made."""
        from trendspark_cli.app.adapters.x import wanted_rules

        return wanted_rules(self.settings, self.job.store.stream_rules.all(), self.profiles())

    def export(self, job_id: str) -> Callable[[], None]:
        """Return what writes the metrics files of a job that is still running."""
        files = self._installation.metric_files()

        def write() -> None:
            files.write(self.job.store, [job_id], self.clock())

        return write

    def timetable(self) -> Timetable:
        """Return when jobs are due, as it is installed on this machine."""
        return self._installation.timetable

    def run_as_part(self, lock: str, body: Callable[[Wired], None], parts: JobParts | None = None) -> None:
        """Run *body* as a part of this run, with another job's lock held and a store of its own: for other threads.

        Of a job that runs share, *parts* are held.

        Raises LockHeldError when that job is at work, and what the body raises.
        """
        from trendspark_cli.running.job_context import JobContext

        now = self.clock()
        with self._installation.database.locked((lock,), now, parts=parts) as store:
            job = JobContext(store, now, self.job.run_id)
            body(Wired(self.settings, job, self.clock))
            job.write(job.record_calls)

    @property
    def _installation(self) -> Installation:
        return Installation(self.settings, Output(is_quiet=True), self.clock)

    def budgets(self) -> dict[str, Budget]:
        """Return what each service may cost, by service."""
        from trendspark_cli.app.adapters.spending import budgets_of

        return budgets_of(self.settings)
