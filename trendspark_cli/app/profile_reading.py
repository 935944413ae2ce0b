"""What `ingest` and `gaps fill` read: the topics of every profile, and what belongs to none."""

from __future__ import annotations

from collections.abc import Sequence

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import Profile
from trendspark_cli.base.profiles import DEFAULT
from trendspark_cli.collecting.profile_sources import ProfileSource, profile_sources_of
from trendspark_cli.kinds.sources import SOURCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.app.wired import Wired


def sources_to_ingest(
    wired: Wired, names: Sequence[str] = (), profiles: Sequence[str] = ()
) -> tuple[list[ProfileSource], list[ConfigError]]:
    """Return what `ingest` reads, and why some profiles cannot be read; raise ConfigError when there is nothing.

    *names* are sources, *profiles* those to read; what belongs to no profile is left out when others are named.
    """
    if unknown := [name for name in names if name not in SOURCES]:
        raise ConfigError(f"source {unknown[0]!r} is unknown; expected one of {', '.join(SOURCES)}")
    profile_sources: list[ProfileSource] = []
    refused: list[ConfigError] = []
    budgets = wired.budgets()
    for profile in wired.profiles(profiles):
        try:
            sources = wired.sources(names, profile)
        except ConfigError as error:
            refused.append(ConfigError(f"profile {profile.name!r}: {error}", hint=error.hint))
            continue
        profile_sources += profile_sources_of(wired.job, sources, budgets, profile)
        if sources:
            left = _left_queries(wired, profile.name, [(source.name, source.query) for source in sources])
            profile_sources += profile_sources_of(wired.job, wired.searches(left), budgets, profile, is_new=False)
    if not profiles or DEFAULT in profiles:
        profile_sources += profile_sources_of(wired.job, wired.sources(names), budgets)
    if not profile_sources and not refused:
        wanted = f"source {', '.join(names)}" if names else "no source"
        raise ConfigError(
            f"{wanted} is {'not ' if names else ''}configured",
            hint=f"set {_needed()}, or read a file with --from",
        )
    return profile_sources, refused


def sources_with_gaps(wired: Wired, profiles: Sequence[str] = ()) -> list[ProfileSource]:
    """Return a profile source for each query with open gaps: of these profiles, or of all but those that are disabled.

    What the settings' own profile left is filled even when others have taken its place.
    """
    gaps, budgets = wired.job.store.gaps, wired.budgets()
    stored = {profile.name: profile for profile in wired.job.store.profiles.all()}
    named = [profile.name for profile in wired.profiles(profiles)] if profiles else gaps.open_profiles()
    profile_sources: list[ProfileSource] = []
    for profile in (stored.get(name, Profile(name, ())) for name in named):
        if profile.is_enabled:
            searches = wired.searches(_left_queries(wired, profile.name))
            profile_sources += profile_sources_of(wired.job, searches, budgets, profile, is_new=False)
    others = [found for found in gaps.open_queries(DEFAULT) if not _is_search(found)] if DEFAULT in named else []
    sources = [source for source in wired.sources() if (source.name, source.query) in others] if others else []
    return profile_sources + profile_sources_of(wired.job, sources, budgets, is_new=False)


def _left_queries(wired: Wired, profile: str, present: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """Return the searches, as (source, query), that a profile left gaps of, without those that are *present*."""
    found = wired.job.store.gaps.open_queries(profile)
    return [each for each in found if _is_search(each) and each not in present]


def _is_search(found: tuple[str, str]) -> bool:
    """Tell whether a (source, query) is one of those that are made of a profile's topics."""
    kind = SOURCES.get(found[0])
    return kind is not None and kind.searches_profiles


def _needed() -> str:
    """Return what each source needs to be read."""
    return ", or ".join(
        f"{kind.needs_words} and KEYWORDS" if kind.searches_profiles else kind.needs_words for kind in SOURCES.values()
    )
