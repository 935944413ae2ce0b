"""What a run of `ingest` does of it, sources for profiles or a file: several may be at it, each with other parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trendspark_cli.base.profiles import DEFAULT, read_profiles
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.store.database import JobParts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.store.protocol import Store

JOB = "ingest"
FILE = "file"  # as posts of files are audited


def ingest_parts(settings: Settings, sources: Sequence[str] = (), profiles: Sequence[str] = ()) -> JobParts:
    """Return what `ingest` reads of these sources and profiles, of all when none are named."""

    def find(store: Store) -> Sequence[str]:
        named = (profile.name for profile in read_profiles(settings, store.profiles.all(), profiles))
        return _pairs(settings, sources, named, has_others=not profiles or DEFAULT in profiles)

    return JobParts(JOB, find)


def gap_parts(settings: Settings, profiles: Sequence[str] = ()) -> JobParts:
    """Return what `gaps fill` reads: of these profiles, or of all that have gaps."""

    def find(store: Store) -> Sequence[str]:
        named = profiles or store.gaps.open_profiles()
        return _pairs(settings, (), named, has_others=not profiles or DEFAULT in profiles)

    return JobParts(JOB, find)


def file_parts(profiles: Sequence[str] = ()) -> JobParts:
    """Return what `ingest --from` does; several may do it at once."""
    profile = profiles[0] if profiles else DEFAULT
    return JobParts(JOB, lambda store: [f"{profile}/{FILE}"], are_shared=True)


def parts_of(settings: Settings, jobs: Iterable[str]) -> JobParts | None:
    """Return what cron's run of a job, or of these steps, does of a job that it shares with others."""
    return ingest_parts(settings) if JOB in jobs else None


def _pairs(settings: Settings, sources: Sequence[str], profiles: Iterable[str], *, has_others: bool) -> list[str]:
    """Return parts in one order; what is read for nobody is the default profile's."""
    found = set()
    named = list(profiles)
    for source in sources or [name for name, kind in SOURCES.items() if kind.is_configured(settings)]:
        if SOURCES[source].searches_profiles:
            found |= {f"{profile}/{source}" for profile in named}
        if has_others or not SOURCES[source].searches_profiles:
            found.add(f"{DEFAULT}/{source}")
    return sorted(found)
