"""Bodies of job commands: what each asks of the wiring before its job begins. Shared by cron, `jobs run` and `demo`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import AlertCategory
from trendspark_cli.base.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.alerts.delivery import DeliveryRules
    from trendspark_cli.app.wired import Wired
    from trendspark_cli.archiving.parts import Progress

Body = Callable[["Wired"], None]
MOST_POSTS_TO_FILL = 500  # of each rule at a time, beside a stream; more is for `ingest` and `gaps fill`
TEST_TEXT = "TrendSpark test alert"
DEFAULT_IDEAS = 3


def ingest_body(
    *, sources: Sequence[str] = (), file: str | None = None, limit: int | None = None, profiles: Sequence[str] = ()
) -> Body:
    """Return the body of `ingest`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.app.profile_feeds import ingest_feeds
        from trendspark_cli.jobs.ingest import estimate, ingest, ingest_pages

        if file is not None:
            from trendspark_cli.services.post_files.reading import PostFile

            found, profile = PostFile(file), wired.profiles(profiles)[0].name if profiles else wired.job.profile
            ingest_pages(replace(wired.job, profile=profile), found.name, found.pages(limit))
            return
        feeds, refused = ingest_feeds(wired, sources, profiles)
        if wired.job.dry_run:
            estimate(wired.job, feeds)
        else:
            ingest(wired.job, feeds, limit=limit, refused=refused)

    return body


def rank_body(*, top: int = 20) -> Body:
    """Return the body of `rank`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.app.adapters import recency
        from trendspark_cli.jobs.rank import rank_topics
        from trendspark_cli.trends.rank_rules import experience, lifecycle_rules

        rank_topics(
            wired.job,
            lifecycle_rules(wired.settings, experience(wired.job.store, wired.job.now)),
            recency(wired.settings),
            top=top,
            alerts_are_muted=wired.settings.alerts_are_muted,
        )

    return body


def brief_body(*, ideas: int = DEFAULT_IDEAS) -> Body:
    """Return the body of `brief`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.briefs.paid_writing import PaidWriting, Price
        from trendspark_cli.jobs.brief import BriefRules, brief

        settings = wired.settings
        price = Price(settings.openai_price_input_usd / 1e6, settings.openai_price_output_usd / 1e6)
        seconds = settings.openai_timeout.total_seconds()
        writing = PaidWriting(wired.job, wired.writer(), wired.budgets()["openai"], price, seconds)
        brief(wired.job, writing, BriefRules(niches(wired), ideas, settings.alerts_are_muted))

    return body


def niches(wired: Wired) -> str:
    """Return the fields of all profiles that are read, each once."""
    return "; ".join(dict.fromkeys(profile.niche for profile in wired.profiles() if profile.niche))


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
        from trendspark_cli.app.adapters import archive_destinations, archive_spool, archive_url
        from trendspark_cli.archiving.parts import Parts, Unseen
        from trendspark_cli.jobs.archive import ArchiveRules, archive

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


def gaps_body(*, limit: int | None = None, profiles: Sequence[str] = ()) -> Body:
    """Return the body of `gaps fill`: an ingest of what is known not to have been read, and nothing else."""

    def body(wired: Wired) -> None:
        from trendspark_cli.app.profile_feeds import gap_feeds
        from trendspark_cli.jobs.ingest import estimate_gaps, fill_gaps

        feeds = gap_feeds(wired, profiles)
        if wired.job.dry_run:
            estimate_gaps(wired.job, feeds)
        else:
            fill_gaps(wired.job, feeds, limit=limit)

    return body


def stream_body(*, max_runtime: timedelta | None = None) -> Body:
    """Return the body of `stream`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.collecting.side_work import SideWork
        from trendspark_cli.jobs.stream import StreamWork, stream

        source, rules_at_x = wired.stream()
        rules = wired.wanted_rules()
        if not rules:
            hint = "set KEYWORDS or X_STREAM_RULES, or `trendspark profiles add`, or `trendspark rules add`"
            raise ConfigError("there is no rule for the stream to have", hint=hint)
        added, _ = rules_at_x.make(list(rules))
        beside = SideWork(
            lambda: wired.beside("rank", _rank_and_deliver),
            lambda: wired.beside("ingest", lambda other: _fill_small_gaps(other, list(rules))),
        )
        work = StreamWork(
            stream=source,
            rules=rules,
            has_new_rules=added > 0,
            budget=wired.budgets()["x"],
            clock=wired.clock,
            export=wired.export("stream"),
            ask=beside.ask,
            max_runtime=max_runtime,
        )
        try:
            stream(wired.job, work)
        finally:
            beside.end()

    return body


def _rank_and_deliver(wired: Wired) -> None:
    rank_body()(wired)
    if not wired.settings.alerts_are_muted:
        wired.beside("deliver", deliver_body())


def _fill_small_gaps(wired: Wired, rules: Sequence[str]) -> None:
    from trendspark_cli.app.profile_feeds import gap_feeds
    from trendspark_cli.jobs.ingest import fill_gaps

    if feeds := [feed for feed in gap_feeds(wired) if feed.source.query in rules]:
        fill_gaps(wired.job, feeds, limit=MOST_POSTS_TO_FILL)


def delivery_rules(settings: Settings) -> DeliveryRules:
    """Return how alerts are delivered under these settings."""
    from trendspark_cli.alerts.delivery import DeliveryRules

    return DeliveryRules(
        recency=timedelta(minutes=settings.alert_recency_minutes),
        most_per_day=settings.alert_max_per_day,
        is_enabled=settings.enable_realtime_alerts,
    )


# Job id -> the steps it runs, each with the body cron would run.
RUNNABLE: Mapping[str, Mapping[str, Callable[[], Body]]] = {
    "ingest": {"ingest": ingest_body},
    "rank": {"rank": rank_body},
    "brief": {"brief": brief_body},
    "deliver": {"deliver": deliver_body},
    "alert-test": {"alert-test": lambda: alert_test_body(category="manual_test", text=TEST_TEXT)},
    "ingest_rank": {"ingest": ingest_body, "rank": rank_body},
    "stream": {"stream": stream_body},
    "archive": {"archive": archive_body},
    "vacuum": {"vacuum": vacuum_body},
}
