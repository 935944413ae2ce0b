"""Make sources from settings: named in wiring.py, imported only when a job reads them."""

from __future__ import annotations

from datetime import timedelta

from trendspark_cli.job_context import JobContext
from trendspark_cli.settings import Settings
from trendspark_cli.sources.protocol import Source

FIRST_RUN_LOOKBACK = timedelta(hours=48)  # of a subreddit: a day to warm up on, and a day to spare


def x_sources(settings: Settings, job: JobContext) -> list[Source]:
    """Return one source per X query, or none when X is not configured."""
    if not settings.x_is_configured:
        return []
    from trendspark_cli.sources.x_query import x_queries
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
            answer_seconds=settings.http_timeout.total_seconds(),
        )
        for query in x_queries(settings.keywords, settings.exclude_keywords, settings.languages)
    ]


def reddit_sources(settings: Settings, job: JobContext) -> list[Source]:
    """Return `new` and `hot` of each subreddit, or nothing when Reddit is not configured."""
    if not settings.reddit_is_configured:
        return []
    from trendspark_cli.sources.reddit_client import RedditClient
    from trendspark_cli.sources.reddit_listing import RedditListing

    client = RedditClient(
        client_id=settings.reddit_client_id,
        client_secret=settings.reddit_client_secret,
        user_agent=settings.reddit_user_agent,
        reddit_url=settings.reddit_base_url,
        oauth_url=settings.reddit_oauth_url,
        record=job.api_calls.append,
        answer_seconds=settings.http_timeout.total_seconds(),
    )
    names = [name.strip().removeprefix("/").removeprefix("r/") for name in settings.reddit_subreddits]
    return [
        RedditListing(client, name, kind, lookback=FIRST_RUN_LOOKBACK, now=job.now)
        for name in dict.fromkeys(names)
        for kind in ("new", "hot")
    ]
