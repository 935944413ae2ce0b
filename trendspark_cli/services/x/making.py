"""What asks X, made from the settings it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from trendspark_cli.base.opening import Opening
from trendspark_cli.services.x.query import queries_of
from trendspark_cli.services.x.rules import XRules
from trendspark_cli.services.x.search import XSearch
from trendspark_cli.services.x.stream import XStream
from trendspark_cli.services.x.usage import XUsage, read_usage


@dataclass(frozen=True)
class Access:
    """How X is reached."""

    x_bearer_token: str
    x_api_base_url: str


@dataclass(frozen=True)
class Reading:
    """How X is searched."""

    x_first_run_lookback: timedelta
    x_expand_authors: bool
    x_counts_first: bool


def make(opening: Opening) -> list[XSearch]:
    """Return one source for each query of a profile; raise ConfigError for a keyword that is too long."""
    return [search(opening, query) for query in queries_of(opening.profile)]


def search(opening: Opening, query: str) -> XSearch:
    """Return the source of one query: stream rules are queries too."""
    access, reading = opening.read(Access), opening.read(Reading)
    return XSearch(
        query,
        bearer_token=access.x_bearer_token,
        base_url=access.x_api_base_url,
        lookback=reading.x_first_run_lookback,
        now=opening.now,
        record=opening.record,
        expand_authors=reading.x_expand_authors,
        counts_first=reading.x_counts_first,
        answer_seconds=opening.answer_seconds,
    )


def check(opening: Opening) -> str:
    """Return what X says of the token; the call is free."""
    told = usage(opening, 1)
    cap = f" of {told.cap}" if told.cap is not None else ""
    used = f": {told.this_period}{cap} posts used this period" if told.this_period is not None else ""
    return f"the token is good{used}"


def usage(opening: Opening, days: int) -> XUsage:
    """Return what X itself counted in the last *days* (UTC)."""
    access = opening.read(Access)
    return read_usage(
        days,
        bearer_token=access.x_bearer_token,
        base_url=access.x_api_base_url,
        record=opening.record,
        answer_seconds=opening.answer_seconds,
    )


def stream(opening: Opening) -> XStream:
    """Return the stream endpoint."""
    access, reading = opening.read(Access), opening.read(Reading)
    return XStream(
        bearer_token=access.x_bearer_token,
        base_url=access.x_api_base_url,
        record=opening.record,
        expand_authors=reading.x_expand_authors,
    )


def rules(opening: Opening) -> XRules:
    """Return the stream rules at X."""
    access = opening.read(Access)
    return XRules(
        bearer_token=access.x_bearer_token,
        base_url=access.x_api_base_url,
        record=opening.record,
        answer_seconds=opening.answer_seconds,
    )
