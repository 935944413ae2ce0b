"""Bodies of job commands: what each asks of the wiring before its job begins. Shared by cron, `jobs run` and `demo`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import AlertCategory
from trendspark_cli.base.retention import Retention
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.channels import configured_channels
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.kinds.loading import load
from trendspark_cli.kinds.services import WRITERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.alerts.bundling import DeliveryRules
    from trendspark_cli.app.wired import Wired
    from trendspark_cli.archiving.parts import Progress

Body = Callable[["Wired"], None]
MOST_POSTS_TO_FILL = 500  # of each rule at a time, beside a stream; more is for `ingest` and `gaps fill`
TEST_TEXT = "TrendSpark test alert"
DEFAULT_IDEAS = 3
LEFT_FOR_THE_END_SECONDS = 15.0  # of a brief's time limit, for the database, the message and the metrics


def ingest_body(
    *, sources: Sequence[str] = (), file: str | None = None, limit: int | None = None, profiles: Sequence[str] = ()
) -> Body:
    """Return the body of `ingest`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.app.profile_reading import sources_to_ingest
        from trendspark_cli.jobs.ingest import estimate, ingest, ingest_pages

        if file is not None:
            from trendspark_cli.services.post_files.reading import PostFile

            found, profile = PostFile(file), wired.profiles(profiles)[0].name if profiles else wired.job.profile
            ingest_pages(replace(wired.job, profile=profile), found.name, found.pages(limit))
            found.check()
            return
        profile_sources, refused = sources_to_ingest(wired, sources, profiles)
        if wired.job.dry_run:
            estimate(wired.job, profile_sources)
        else:
            ingest(wired.job, profile_sources, limit=limit, refused=refused)

    return body


def rank_body(*, top: int = 20) -> Body:
    """Return the body of `rank`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.app.alert_routing import trend_routes
        from trendspark_cli.collecting.matching import Matcher
        from trendspark_cli.jobs.rank import rank_topics
        from trendspark_cli.trends.rank_rules import experience, lifecycle_rules
        from trendspark_cli.trends.search_filling import keep_index
        from trendspark_cli.trends.watched_volumes import LookedFor

        rank_topics(
            wired.job,
            lifecycle_rules(wired.settings, experience(wired.job.store)),
            wired.settings.alert_recency,
            top=top,
            routes=trend_routes(wired.settings, wired.job.store.profiles.all()),
            looked_for=LookedFor(wired.profiles(), Matcher),
        )
        keep_index(wired.job, is_wanted=wired.settings.search_index)

    return body


def brief_body(*, ideas: int = DEFAULT_IDEAS) -> Body:
    """Return the body of `brief`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.briefs.paid_writing import PaidWriting, Price
        from trendspark_cli.jobs.brief import BriefRules, brief

        settings = wired.settings
        price = Price(settings.openai_price_input_usd / 1e6, settings.openai_price_output_usd / 1e6)
        seconds = settings.openai_timeout.total_seconds()
        if limit := settings.job_timeouts.get("brief"):  # what follows the last answer needs time too
            whole = limit.total_seconds()
            seconds = min(seconds, max(whole / 2, whole - LEFT_FOR_THE_END_SECONDS))
        writer = wired.writer()
        budget = wired.budgets()[writer.service if writer is not None else next(iter(WRITERS))]
        writing = PaidWriting(wired.job, writer, budget, price, seconds)
        brief(wired.job, writing, BriefRules(niches(wired), ideas, settings.alerts_are_muted))

    return body


def niches(wired: Wired) -> str:
    """Return the fields of all profiles that are read, each once."""
    return "; ".join(dict.fromkeys(profile.niche for profile in wired.profiles() if profile.niche))


def deliver_body() -> Body:
    """Return the body of `deliver`."""

    def body(wired: Wired) -> None:
        from trendspark_cli.jobs.deliver import deliver

        if configured_channels(wired.settings):  # without a channel alerts are muted, so nothing waits
            try:
                deliver(wired.job, wired.notifiers(), delivery_rules(wired.settings), wired.clock)
            finally:
                _read_marks(wired)

    return body


def _read_marks(wired: Wired) -> None:
    """Keep what people said by buttons, when there are any."""
    if not wired.settings.telegram_markers or wired.job.dry_run:
        return
    from trendspark_cli.app.adapters.channels import marks_of
    from trendspark_cli.trends.chat_marks import read_marks

    if (marks := marks_of(wired.settings, wired.job.api_calls.append)) is not None:
        read_marks(wired.job, marks, wired.clock())


def alert_test_body(
    *, category: AlertCategory = "manual_test", text: str = TEST_TEXT, channels: Sequence[str] = ()
) -> Body:
    """Return the body of `alert-test`, for these channels or for all."""

    def body(wired: Wired) -> None:
        from trendspark_cli.jobs.alert_test import send_tests

        rules = delivery_rules(wired.settings)
        send_tests(wired.job, wired.notifiers(channels), rules, wired.clock, category=category, text=text)

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
        from trendspark_cli.app.adapters.archives import archive_destinations, archive_spool, archive_url
        from trendspark_cli.archiving.parts import Parts, Unseen
        from trendspark_cli.jobs.archive import ArchiveRules, archive

        settings = wired.settings
        chosen = {table: kept for table, kept in settings.retention.items() if not tables or table in tables}
        rules = ArchiveRules(
            retention={table: kept if older_than is None else Retention(older_than) for table, kept in chosen.items()},
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
        from trendspark_cli.app.profile_reading import sources_with_gaps
        from trendspark_cli.jobs.ingest import estimate_gaps, fill_gaps

        profile_sources = sources_with_gaps(wired, profiles)
        if wired.job.dry_run:
            estimate_gaps(wired.job, profile_sources)
        else:
            fill_gaps(wired.job, profile_sources, limit=limit)

    return body


def stream_body(*, max_runtime: timedelta | None = None) -> Body:
    """Return the body of `stream`: of the service that has rules when it is switched on, else of one that replays."""

    def body(wired: Wired) -> None:
        if not wired.settings.x_stream_enabled:
            _stream_forward(wired, max_runtime)
            return
        from trendspark_cli.app.job_parts import gap_parts
        from trendspark_cli.collecting.side_work import SideWork
        from trendspark_cli.jobs.stream import StreamWork, stream

        source, rules_at_x = wired.stream()
        rules = wired.wanted_rules()
        if not rules:
            hint = "set KEYWORDS or X_STREAM_RULES, or `trendspark profiles add`, or `trendspark rules add`"
            raise ConfigError("there is no rule for the stream to have", hint=hint)
        added, _ = rules_at_x.make(list(rules))
        side_work = SideWork(
            lambda: wired.run_as_part("rank", _rank_and_deliver),
            lambda: wired.run_as_part(
                "ingest", lambda other: _fill_small_gaps(other, list(rules)), gap_parts(wired.settings)
            ),
        )
        work = StreamWork(
            stream=source,
            rules=rules,
            has_new_rules=added > 0,
            budget=wired.budgets()[source.service],
            clock=wired.clock,
            export=wired.export("stream"),
            ask=side_work.ask,
            max_runtime=max_runtime,
        )
        try:
            stream(wired.job, work)
        finally:
            side_work.end()

    return body


def _stream_forward(wired: Wired, max_runtime: timedelta | None) -> None:
    from trendspark_cli.collecting.side_work import SideWork
    from trendspark_cli.collecting.stream_forward import ForwardWork, stream_forward

    source = wired.live_source()
    side_work = SideWork(lambda: wired.run_as_part("rank", _rank_and_deliver), lambda: None)
    work = ForwardWork(
        source=source,
        clock=wired.clock,
        export=wired.export("stream"),
        ask=side_work.ask,
        max_runtime=max_runtime,
    )
    try:
        stream_forward(wired.job, work)
    finally:
        side_work.end()


def _rank_and_deliver(wired: Wired) -> None:
    rank_body()(wired)
    then = JOBS["rank"].then
    if JOBS[then].is_needed(wired.settings):
        for body in bodies_of(then).values():
            wired.run_as_part(then, body)


def _fill_small_gaps(wired: Wired, rules: Sequence[str]) -> None:
    from trendspark_cli.app.profile_reading import sources_with_gaps
    from trendspark_cli.jobs.ingest import fill_gaps

    if profile_sources := [
        profile_source for profile_source in sources_with_gaps(wired) if profile_source.source.query in rules
    ]:
        fill_gaps(wired.job, profile_sources, limit=MOST_POSTS_TO_FILL)


def delivery_rules(settings: Settings) -> DeliveryRules:
    """Return how alerts are delivered under these settings."""
    from trendspark_cli.alerts.bundling import DeliveryRules

    return DeliveryRules(
        recency=settings.alert_recency,
        most_per_day=settings.alert_max_per_day,
        is_enabled=settings.enable_realtime_alerts,
        quiet=settings.quiet_hours,
        zone=settings.timezone,
    )


def bodies_of(job_id: str) -> dict[str, Body]:
    """Return the bodies that cron would run of a job, by step; the only step of most is the job itself."""
    kind = JOBS[job_id]
    if kind.steps:
        return {step: body for name in kind.steps for step, body in bodies_of(name).items()}
    if not kind.run:
        return {job_id: load(kind.body)()}
    job_alone = load(kind.run)
    return {job_id: lambda wired: job_alone(wired.job)}
