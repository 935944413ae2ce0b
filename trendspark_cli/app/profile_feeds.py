"""What `ingest` and `gaps fill` read: the topics of every profile, and what belongs to none."""

from __future__ import annotations

from collections.abc import Sequence

from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.models import SOURCES, Profile
from trendspark_cli.base.profiles import DEFAULT
from trendspark_cli.collecting.profile_sources import Feed, feeds_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.app.wired import Wired


def ingest_feeds(
    wired: Wired, names: Sequence[str] = (), profiles: Sequence[str] = ()
) -> tuple[list[Feed], list[ConfigError]]:
    """Return what `ingest` reads, and why some profiles cannot be read; raise ConfigError when there is nothing.

    *names* are sources, *profiles* those to read; what belongs to no profile is left out when others are named.
    """
    if unknown := [name for name in names if name not in SOURCES]:
        raise ConfigError(f"source {unknown[0]!r} is unknown; expected one of {', '.join(SOURCES)}")
    feeds: list[Feed] = []
    refused: list[ConfigError] = []
    budgets = wired.budgets()
    for profile in wired.profiles(profiles):
        try:
            sources = wired.profile_sources(profile, names)
        except ConfigError as error:
            refused.append(ConfigError(f"profile {profile.name!r}: {error}", hint=error.hint))
            continue
        feeds += feeds_of(wired.job, sources, budgets, profile)
        if sources:
            left = _left_queries(wired, profile.name, [source.query for source in sources])
            feeds += feeds_of(wired.job, wired.searches(left), budgets, profile, is_new=False)
    if not profiles or DEFAULT in profiles:
        feeds += feeds_of(wired.job, wired.sources(names), budgets)
    if not feeds and not refused:
        wanted = f"source {', '.join(names)}" if names else "no source"
        raise ConfigError(
            f"{wanted} is {'not ' if names else ''}configured",
            hint="set X_BEARER_TOKEN and KEYWORDS, or the REDDIT_* settings, or read a file with --from",
        )
    return feeds, refused


def gap_feeds(wired: Wired, profiles: Sequence[str] = ()) -> list[Feed]:
    """Return a feed for each query with open gaps: of these profiles, or of all but those that are disabled.

    What the settings' own profile left is filled even when others have taken its place.
    """
    gaps, budgets = wired.job.store.gaps, wired.budgets()
    stored = {profile.name: profile for profile in wired.job.store.profiles.all()}
    named = [profile.name for profile in wired.profiles(profiles)] if profiles else gaps.open_profiles()
    feeds: list[Feed] = []
    for profile in (stored.get(name, Profile(name, ())) for name in named):
        if profile.is_enabled:
            searches = wired.searches(_left_queries(wired, profile.name))
            feeds += feeds_of(wired.job, searches, budgets, profile, is_new=False)
    others = [found for found in gaps.open_queries(DEFAULT) if found[0] != "x"] if DEFAULT in named else []
    sources = [source for source in wired.sources() if (source.name, source.query) in others] if others else []
    return feeds + feeds_of(wired.job, sources, budgets, is_new=False)


def _left_queries(wired: Wired, profile: str, present: Sequence[str] = ()) -> list[str]:
    """Return the queries of X that a profile left gaps of, without those that are *present*."""
    found = wired.job.store.gaps.open_queries(profile)
    return [query for name, query in found if name == "x" and query not in present]
