"""Make sources from settings: named in wiring.py, imported only when a job reads them."""

from __future__ import annotations

from trendspark_cli.job_context import JobContext
from trendspark_cli.settings import Settings
from trendspark_cli.sources.protocol import Source
from trendspark_cli.sources.x_query import x_queries
from trendspark_cli.sources.x_search import XSearch


def x_sources(settings: Settings, job: JobContext) -> list[Source]:
    """Return one source per X query, or none when X is not configured."""
    if not settings.x_is_configured:
        return []
    return [
        XSearch(
            query,
            bearer_token=settings.x_bearer_token,
            base_url=settings.x_api_base_url,
            lookback=settings.x_first_run_lookback,
            now=job.now,
            record=job.api_calls.append,
            expand_authors=settings.x_expand_authors,
        )
        for query in x_queries(settings.keywords, settings.exclude_keywords, settings.languages)
    ]
