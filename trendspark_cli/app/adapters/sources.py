"""The sources that the settings ask for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trendspark_cli.app.adapters.guarded import guarded_sources
from trendspark_cli.app.adapters.opening import opening_of
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import read_profiles
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.loading import load
from trendspark_cli.kinds.sources import SOURCES

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from trendspark_cli.collecting.source import Source
    from trendspark_cli.collecting.stream_forward import LiveSource
    from trendspark_cli.running.job_context import JobContext


def sources_of(
    settings: Settings, job: JobContext, profile: Profile | None = None, names: Sequence[str] = ()
) -> list[Source]:
    """Return the configured sources of a profile's topics, or without one those that belong to none.

    Those of *names* only, when there are any. Raises ConfigError for topics that cannot be searched for.
    """
    if profile is None:
        for trouble in SOURCES.troubles:
            log.warning("package %s was passed over: %s", trouble.package, trouble.told)
    everybody = read_profiles(settings, job.store.profiles.all()) if profile is None else ()
    opening = opening_of(settings, job.api_calls.append, now=job.now, profile=profile, profiles=everybody)
    return [
        source
        for kind in SOURCES.values()
        if kind.searches_profiles == (profile is not None) and kind.is_configured(settings)
        if not names or kind.name in names
        for source in (guarded_sources(kind, opening) if kind.name in SOURCES.installed else load(kind.make)(opening))
    ]


def searches(settings: Settings, job: JobContext, queries: Sequence[tuple[str, str]]) -> list[Source]:
    """Return a source for each (source, query) that was searched for before; none where credentials are missing."""
    opening = opening_of(settings, job.api_calls.append, now=job.now)
    return [
        load(SOURCES[name].again)(opening, query)
        for name, query in queries
        if name in SOURCES and SOURCES[name].again and SOURCES[name].can_be_asked(settings)
    ]


def stream_of(settings: Settings, job: JobContext) -> LiveSource | None:
    """Return the first configured source that replays what was missed and stays connected; None when none is."""
    opening = opening_of(
        settings, job.api_calls.append, now=job.now, profiles=read_profiles(settings, job.store.profiles.all())
    )
    for kind in SOURCES.values():
        if kind.stream and kind.is_configured(settings):
            made: LiveSource = load(kind.stream)(opening)
            return made
    return None
