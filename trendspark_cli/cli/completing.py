"""What the shell offers to complete: trends, jobs, profiles, sources. What cannot be read offers nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.kinds.sources import SOURCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trendspark_cli.store.protocol import Store

T = TypeVar("T")
MOST = 50


def trend_ids(incomplete: str) -> list[tuple[str, str]]:
    """Return the ids of trends, open ones first, each with its label."""
    listed = _read(lambda store: [(str(trend.id), trend.label) for trend in store.trends.listing(MOST)])
    return [(number, label) for number, label in listed if number.startswith(incomplete)]


def profile_names(incomplete: str) -> list[str]:
    """Return the names of profiles."""
    return _beginning(incomplete, _read(lambda store: [profile.name for profile in store.profiles.all()]))


def job_ids(incomplete: str) -> list[str]:
    """Return the ids of jobs."""
    return _beginning(incomplete, JOBS)


def source_names(incomplete: str) -> list[str]:
    """Return the names of sources."""
    return _beginning(incomplete, SOURCES)


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _read(action: Callable[[Store], list[T]]) -> list[T]:
    """Return what *action* finds in the database of these surroundings; nothing where there is none."""
    from trendspark_cli.base.errors import TrendSparkError
    from trendspark_cli.base.settings import load_settings
    from trendspark_cli.store.open_store import open_store

    try:
        store = open_store(load_settings(), read_only=True)
    except TrendSparkError:
        return []
    try:
        return action(store)
    except TrendSparkError:
        return []
    finally:
        store.close()
