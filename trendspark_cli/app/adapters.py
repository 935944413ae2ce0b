"""Settings become live objects: the only file that knows which class is behind which name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from trendspark_cli.base import setting_values
from trendspark_cli.base.errors import ConfigError, UsageError
from trendspark_cli.base.models import Ceiling, Profile
from trendspark_cli.base.profiles import DEFAULT
from trendspark_cli.base.settings import Settings
from trendspark_cli.store.open_store import database_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.alerts.channel import Notifier
    from trendspark_cli.archiving.destination import Destination
    from trendspark_cli.archiving.spool import Spool
    from trendspark_cli.briefs.writer import Writer
    from trendspark_cli.collecting.source import Source
    from trendspark_cli.running.job_context import ApiCall, JobContext
    from trendspark_cli.services.reddit.client import RedditClient
    from trendspark_cli.services.x.rules import XRules
    from trendspark_cli.services.x.stream import XStream
    from trendspark_cli.services.x.usage import XUsage

# Source name -> what makes its sources from (settings, job); strings, so that nothing is imported before it is needed.
SOURCES: Mapping[str, str] = {"reddit": "trendspark_cli.app.adapters:reddit_sources"}
# The same for sources that are asked for the topics of a profile, from (settings, job, profile).
PROFILE_SOURCES: Mapping[str, str] = {"x": "trendspark_cli.app.adapters:x_sources"}

# Channel name -> what makes its notifier from (settings, record), or None when it is not configured.
NOTIFIERS: Mapping[str, str] = {"telegram": "trendspark_cli.app.adapters:telegram"}
# What makes the writer from (settings, record), or None without a key.
WRITER = "trendspark_cli.app.adapters:openai_writer"
# Scheme of an archive's address -> what makes its destination from (settings, url, record).
DESTINATIONS: Mapping[str, str] = {
    "s3": "trendspark_cli.app.adapters:s3_bucket",
    "file": "trendspark_cli.app.adapters:local_folder",
}


def load(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def archive_spool(settings: Settings) -> Spool:
    """Return the folder of archive files that are on their way: beside the database."""
    from trendspark_cli.archiving.spool import Spool

    return Spool(database_path(settings).parent / "spool")


def archive_destinations(settings: Settings, record: Callable[[ApiCall], None]) -> Callable[[str], Destination]:
    """Return what gives the place of an archive's address, each made once."""

    @cache
    def destination(url: str) -> Destination:
        made: Destination = load(DESTINATIONS[url.partition("://")[0]])(settings, url, record)
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


def recency(settings: Settings) -> timedelta:
    """Return how old a burst may be to open a trend."""
    return timedelta(minutes=settings.alert_recency_minutes)


FIRST_RUN_LOOKBACK = timedelta(hours=48)  # of a subreddit: a day to warm up on, and a day to spare


def x_sources(settings: Settings, job: JobContext, profile: Profile) -> list[Source]:
    """Return one source per X query of a profile, or none when X is not configured.

    Raises ConfigError for a keyword that is too long.
    """
    if not settings.x_is_configured:
        return []
    return x_searches(settings, job, queries_of(profile))


def queries_of(profile: Profile) -> tuple[str, ...]:
    """Return the X queries of a profile; raise ConfigError for a keyword that is too long."""
    from trendspark_cli.services.x.query import x_queries

    return x_queries(profile.keywords, profile.exclude_keywords, profile.languages)


def x_searches(settings: Settings, job: JobContext, queries: Sequence[str]) -> list[Source]:
    """Return a source for each of these queries: stream rules are queries too."""
    from trendspark_cli.services.x.search import XSearch

    return [
        XSearch(
            query,
            bearer_token=settings.x_bearer_token,
            base_url=settings.x_api_base_url,
            lookback=settings.x_first_run_lookback,
            now=job.now,
            record=job.api_calls.append,
            expand_authors=settings.x_expand_authors,
            counts_first=settings.x_counts_first,
            answer_seconds=settings.http_timeout.total_seconds(),
        )
        for query in queries
    ]


def x_usage(settings: Settings, record: Callable[[ApiCall], None], days: int) -> XUsage:
    """Return what X itself counted in the last *days* (UTC); raise ConfigError without a token."""
    from trendspark_cli.services.x.usage import read_usage

    if not settings.x_bearer_token:
        raise ConfigError("X is not configured, so it cannot be asked what it counted", hint="set X_BEARER_TOKEN")
    return read_usage(
        days,
        bearer_token=settings.x_bearer_token,
        base_url=settings.x_api_base_url,
        record=record,
        answer_seconds=settings.http_timeout.total_seconds(),
    )


def x_stream(settings: Settings, job: JobContext) -> XStream:
    """Return the stream endpoint."""
    from trendspark_cli.services.x.stream import XStream

    return XStream(
        bearer_token=settings.x_bearer_token,
        base_url=settings.x_api_base_url,
        record=job.api_calls.append,
        expand_authors=settings.x_expand_authors,
    )


def x_rules(settings: Settings, record: Callable[[ApiCall], None]) -> XRules:
    """Return the stream rules at X; raise ConfigError without a token."""
    if not settings.x_bearer_token:
        raise ConfigError("X_BEARER_TOKEN is not set", hint="set it to an app-only token of X")
    from trendspark_cli.services.x.rules import XRules

    return XRules(
        bearer_token=settings.x_bearer_token,
        base_url=settings.x_api_base_url,
        record=record,
        answer_seconds=settings.http_timeout.total_seconds(),
    )


def wanted_rules(settings: Settings, stored: Sequence[str], profiles: Sequence[Profile]) -> dict[str, str]:
    """Return the rules the stream should have, each with the profile it is for.

    They are those added by hand, else X_STREAM_RULES, else one for each search query of these profiles. A query of two
    profiles is the first one's. Raises ConfigError for a keyword that is too long.
    """
    if own := stored or settings.x_stream_rules:
        return dict.fromkeys(own, DEFAULT)
    rules: dict[str, str] = {}
    for profile in profiles:
        for query in queries_of(profile):
            rules.setdefault(query, profile.name)
    return rules


def reddit_client(settings: Settings, record: Callable[[ApiCall], None]) -> RedditClient:
    """Return what asks Reddit; it signs in with its first request."""
    from trendspark_cli.services.reddit.client import RedditClient

    return RedditClient(
        client_id=settings.reddit_client_id,
        client_secret=settings.reddit_client_secret,
        user_agent=settings.reddit_user_agent,
        reddit_url=settings.reddit_base_url,
        oauth_url=settings.reddit_oauth_url,
        record=record,
        answer_seconds=settings.http_timeout.total_seconds(),
    )


def reddit_sources(settings: Settings, job: JobContext) -> list[Source]:
    """Return `new` and `hot` of each subreddit, or nothing when Reddit is not configured."""
    if not settings.reddit_is_configured:
        return []
    from trendspark_cli.services.reddit.listing import RedditListing

    client = reddit_client(settings, job.api_calls.append)
    names = [name.strip().removeprefix("/").removeprefix("r/") for name in settings.reddit_subreddits]
    return [
        RedditListing(client, name, kind, lookback=FIRST_RUN_LOOKBACK, now=job.now)
        for name in dict.fromkeys(names)
        for kind in ("new", "hot")
    ]


def telegram(settings: Settings, record: Callable[[ApiCall], None], *, answer_seconds: float = 0.0) -> Notifier | None:
    """Return the Telegram notifier, or None when it is not configured; *answer_seconds* overrides HTTP_TIMEOUT."""
    if not settings.telegram_is_configured:
        return None
    from trendspark_cli.services.telegram import Telegram

    return Telegram(
        token=settings.telegram_bot_token,
        chat_id=settings.telegram_chat_id,
        base_url=settings.telegram_api_base_url,
        record=record,
        answer_seconds=answer_seconds or settings.http_timeout.total_seconds(),
    )


def openai_writer(settings: Settings, record: Callable[[ApiCall], None]) -> Writer | None:
    """Return the model behind OPENAI_BASE_URL, or None without a key."""
    if not settings.openai_api_key:
        return None
    from trendspark_cli.services.openai import OpenAIResponses

    return OpenAIResponses(
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        record=record,
    )


def s3_bucket(settings: Settings, url: str, record: Callable[[ApiCall], None]) -> Destination:
    """Return the bucket of an address such as `s3://bucket/prefix`."""
    from trendspark_cli.services.s3 import S3Access, S3Bucket

    access = S3Access(
        access_key_id=settings.aws_access_key_id,
        secret_access_key=settings.aws_secret_access_key,
        session_token=settings.aws_session_token,
        region=settings.aws_region or settings.aws_default_region,
        endpoint_url=settings.aws_endpoint_url_s3 or settings.aws_endpoint_url,
        profile=settings.aws_profile,
        ca_bundle=settings.aws_ca_bundle,
    )
    return S3Bucket(url, access, record, answer_seconds=settings.http_timeout.total_seconds())


def local_folder(settings: Settings, url: str, record: Callable[[ApiCall], None]) -> Destination:
    """Return the folder of an address such as `file:///srv/archive`."""
    from trendspark_cli.services.local_folder import LocalFolder

    return LocalFolder(url, Path(unquote(urlsplit(url).path)))
