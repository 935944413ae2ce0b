"""What only X has: a stream with rules, and its own count of what was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trendspark_cli.app.adapters.opening import Record, opening_of
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import DEFAULT
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.sources import SOURCES

if TYPE_CHECKING:
    from trendspark_cli.running.job_context import JobContext
    from trendspark_cli.services.x.rules import XRules
    from trendspark_cli.services.x.stream import XStream
    from trendspark_cli.services.x.usage import XUsage

X = SOURCES["x"]


def x_usage(settings: Settings, record: Record, days: int) -> XUsage:
    """Return what X itself counted in the last *days* (UTC); raise ConfigError without a token."""
    from trendspark_cli.services.x.making import usage

    if not X.can_be_asked(settings):
        raise ConfigError("X is not configured, so it cannot be asked what it counted", hint=f"set {X.needs_words}")
    return usage(opening_of(settings, record), days)


def x_stream(settings: Settings, job: JobContext) -> XStream:
    """Return the stream endpoint."""
    from trendspark_cli.services.x.making import stream

    return stream(opening_of(settings, job.api_calls.append))


def x_rules(settings: Settings, record: Record) -> XRules:
    """Return the stream rules at X; raise ConfigError without a token."""
    if not X.can_be_asked(settings):
        raise ConfigError(f"{X.needs_words} is not set", hint="set it to an app-only token of X")
    from trendspark_cli.services.x.making import rules

    return rules(opening_of(settings, record))


def wanted_rules(settings: Settings, stored: Sequence[str], profiles: Sequence[Profile]) -> dict[str, str]:
    """Return the rules the stream should have, each with the profile it is for.

    They are those added by hand, else X_STREAM_RULES, else one for each search query of these profiles. A query of two
    profiles is the first one's. Raises ConfigError for a keyword that is too long.
    """
    from trendspark_cli.services.x.query import queries_of

    if own := stored or settings.x_stream_rules:
        return dict.fromkeys(own, DEFAULT)
    wanted: dict[str, str] = {}
    for profile in profiles:
        for query in queries_of(profile):
            wanted.setdefault(query, profile.name)
    return wanted
