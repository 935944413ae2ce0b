"""Make sources from settings: named in wiring.py, imported only when a job reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from trendspark_cli.errors import ConfigError
from trendspark_cli.job_context import ApiCall, JobContext
from trendspark_cli.models import Profile
from trendspark_cli.profiles import DEFAULT
from trendspark_cli.settings import Settings
from trendspark_cli.sources.protocol import Source

if TYPE_CHECKING:
    from trendspark_cli.sources.reddit_client import RedditClient
    from trendspark_cli.sources.x_rules import XRules
    from trendspark_cli.sources.x_stream import XStream
    from trendspark_cli.sources.x_usage import XUsage

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
    from trendspark_cli.sources.x_query import x_queries

    return x_queries(profile.keywords, profile.exclude_keywords, profile.languages)


def x_searches(settings: Settings, job: JobContext, queries: Sequence[str]) -> list[Source]:
    """Return a source for each of these queries: stream rules are queries too."""
    from trendspark_cli.sources.x_search import XSearch

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
    from trendspark_cli.sources.x_usage import read_usage

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
    from trendspark_cli.sources.x_stream import XStream

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
    from trendspark_cli.sources.x_rules import XRules

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
    from trendspark_cli.sources.reddit_client import RedditClient

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
    from trendspark_cli.sources.reddit_listing import RedditListing

    client = reddit_client(settings, job.api_calls.append)
    names = [name.strip().removeprefix("/").removeprefix("r/") for name in settings.reddit_subreddits]
    return [
        RedditListing(client, name, kind, lookback=FIRST_RUN_LOOKBACK, now=job.now)
        for name in dict.fromkeys(names)
        for kind in ("new", "hot")
    ]
