"""Bodies of job commands: what each asks of the wiring before its job begins. Shared by cron, `jobs run` and `demo`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from trendspark_cli.errors import ConfigError
from trendspark_cli.models import AlertCategory
from trendspark_cli.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.alert_delivery import DeliveryRules
    from trendspark_cli.archiving.parts import Progress
    from trendspark_cli.ranking.lifecycle import LifecycleRules
    from trendspark_cli.wiring import Wired

Body = Callable[["Wired"], None]
TEST_TEXT = "TrendSpark test alert"


def ingest_body(
    *, sources: Sequence[str] = (), file: str | None = None, limit: int | None = None, profile: str = "default"
) -> Body:
    """Return the body of `ingest`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.jobs.ingest import estimate, ingest, ingest_pages

        if profile != "default":
            raise ConfigError(f"profile {profile!r} does not exist", hint="leave --profile out")
        if file is not None:
            from trendspark_cli.sources.post_files import PostFile

            found = PostFile(file)
            ingest_pages(wired.job, found.name, found.pages(limit))
        elif wired.job.dry_run:
            estimate(wired.job, wired.sources(sources), wired.budgets())
        else:
            ingest(wired.job, wired.sources(sources), wired.budgets(), limit=limit)

    return body


def rank_body(*, top: int = 20) -> Body:
    """Return the body of `rank`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.jobs.rank import rank_topics
        from trendspark_cli.wiring import recency

        rank_topics(
            wired.job,
            lifecycle_rules(wired.settings),
            recency(wired.settings),
            top=top,
            alerts_are_muted=wired.settings.alerts_are_muted,
        )

    return body


def deliver_body() -> Body:
    """Return the body of `deliver`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.jobs.deliver import deliver

        if wired.settings.telegram_is_configured:  # without a channel alerts are muted, so nothing waits
            deliver(wired.job, wired.notifiers(), delivery_rules(wired.settings), wired.clock)

    return body


def alert_test_body(*, category: AlertCategory, text: str) -> Body:
    """Return the body of `alert-test`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.jobs.alert_test import send_test

        for notifier in wired.notifiers():
            rules = delivery_rules(wired.settings)
            send_test(wired.job, notifier, rules, wired.clock, category=category, text=text)

    return body


def archive_body(
    *,
    tables: Sequence[str] = (),
    older_than: timedelta | None = None,
    part_format: str = "",
    to: str = "",
    is_forced: bool = False,
    progress: Progress | None = None,
) -> Body:
    """Return the body of `archive`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.archiving.parts import Parts, Unseen
        from trendspark_cli.jobs.archive import ArchiveRules, archive
        from trendspark_cli.wiring import archive_destinations, archive_spool, archive_url

        settings = wired.settings
        chosen = {table: age for table, age in settings.retention.items() if not tables or table in tables}
        rules = ArchiveRules(
            retention={table: older_than if older_than is not None else age for table, age in chosen.items()},
            url=archive_url(settings, to),
            format=part_format or settings.archive_format,
            is_forced=is_forced,
        )
        destinations = archive_destinations(settings, wired.job.api_calls.append)
        parts = Parts(wired.job, archive_spool(settings), destinations, wired.clock, progress or Unseen())
        archive(wired.job, parts, rules)

    return body


def vacuum_body(*, full: bool = False) -> Body:
    """Return the body of `vacuum`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.jobs.vacuum import vacuum

        vacuum(wired.job, full=full)

    return body


def delivery_rules(settings: Settings) -> DeliveryRules:
    """Return how alerts are delivered under these settings."""
    from trendspark_cli.alert_delivery import DeliveryRules

    return DeliveryRules(
        recency=timedelta(minutes=settings.alert_recency_minutes),
        most_per_day=settings.alert_max_per_day,
        is_enabled=settings.enable_realtime_alerts,
    )


def lifecycle_rules(settings: Settings) -> LifecycleRules:
    """Return when trends open and close under these settings."""
    from trendspark_cli.ranking.lifecycle import LifecycleRules
    from trendspark_cli.ranking.topics import DEFAULT_THRESHOLD

    return LifecycleRules(DEFAULT_THRESHOLD, cooldown_seconds=int(settings.alert_cooldown_hours * 3600))


# Job id -> the steps it runs, each with the body cron would run.
RUNNABLE: Mapping[str, Mapping[str, Callable[[], Body]]] = {
    "ingest": {"ingest": ingest_body},
    "rank": {"rank": rank_body},
    "deliver": {"deliver": deliver_body},
    "alert-test": {"alert-test": lambda: alert_test_body(category="manual_test", text=TEST_TEXT)},
    "ingest_rank": {"ingest": ingest_body, "rank": rank_body},
    "archive": {"archive": archive_body},
    "vacuum": {"vacuum": vacuum_body},
}
