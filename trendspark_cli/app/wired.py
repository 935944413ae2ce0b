"""What the body of a job may ask for: live objects, made from the settings when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trendspark_cli.app.adapters import NOTIFIERS, PROFILE_SOURCES, SOURCES, WRITER, load, spending_ceilings
from trendspark_cli.app.installation import Installation
from trendspark_cli.base.clock import Clock, utc_now
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.settings import Settings
from trendspark_cli.store.open_store import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.alerts.channel import Notifier
    from trendspark_cli.base.models import Profile
    from trendspark_cli.briefs.writer import Writer
    from trendspark_cli.collecting.source import Source
    from trendspark_cli.running.job_context import JobContext
    from trendspark_cli.services.x.rules import XRules
    from trendspark_cli.services.x.stream import XStream
    from trendspark_cli.spending.budget import Budget


@dataclass(frozen=True)
class Wired:
    """What a job's body may ask for, made when it is asked for: a missing token is then a recorded failure."""

    settings: Settings
    job: JobContext
    clock: Clock = utc_now

    def notifiers(self) -> list[Notifier]:
        """Return the configured channels; raise ConfigError when there is none."""
        made = [load(target)(self.settings, self.job.api_calls.append) for target in NOTIFIERS.values()]
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
            for source in load(target)(self.settings, self.job)
        ]

    def profile_sources(self, profile: Profile, names: Sequence[str] = ()) -> list[Source]:
        """Return the configured sources of a profile's topics, or those of *names* among them.

        Raises ConfigError for topics that cannot be searched for.
        """
        return [
            source
            for name, target in PROFILE_SOURCES.items()
            if not names or name in names
            for source in load(target)(self.settings, self.job, profile)
        ]

    def profiles(self, names: Sequence[str] = ()) -> list[Profile]:
        """Return the profiles to read: those of *names*, or every enabled one, or the one of the settings.

        Raises ConfigError for a name that does not exist, or is disabled.
        """
        from trendspark_cli.base.profiles import read_profiles

        return read_profiles(self.settings, self.job.store.profiles.all(), names)

    def writer(self) -> Writer | None:
        """Return the language model, or None when there is no key for one."""
        writer: Writer | None = load(WRITER)(self.settings, self.job.api_calls.append)
        return writer

    def searches(self, queries: Sequence[str]) -> list[Source]:
        """Return a source of X for each query: stream rules are queries too."""
        from trendspark_cli.app.adapters import x_searches

        return x_searches(self.settings, self.job, queries) if self.settings.x_bearer_token else []

    def stream(self) -> tuple[XStream, XRules]:
        """Return X's stream and its rules; raise ConfigError without a token."""
        from trendspark_cli.app.adapters import x_rules, x_stream

        return x_stream(self.settings, self.job), x_rules(self.settings, self.job.api_calls.append)

    def wanted_rules(self) -> dict[str, str]:
        """Return the rules the stream should have, each with its profile; raise ConfigError when one cannot be made."""
        from trendspark_cli.app.adapters import wanted_rules

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
        from trendspark_cli.base.locks import job_lock
        from trendspark_cli.running.job_context import JobContext

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
        from trendspark_cli.spending.budget import Budget

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
