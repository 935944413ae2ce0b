"""How long rows stay live before they leave for the archive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

LEAST = timedelta(days=7)
LEAST_OF_FREE_SOURCES = timedelta(days=2)  # what needs no key can be read again
_OF_NONE: Mapping[str, timedelta] = MappingProxyType({})


class Cutoff(NamedTuple):
    """When rows of a table leave that are older: `at`, but for posts of `of_sources`, by their source."""

    at: datetime
    of_sources: Mapping[str, datetime]

    @property
    def latest(self) -> datetime:
        """Return the last of its times."""
        return max((self.at, *self.of_sources.values()))

    def of(self, source: str | None) -> datetime:
        """Return before when rows of a source leave."""
        return self.at if source is None else self.of_sources.get(source, self.at)

    def of_whole_days(self) -> Cutoff:
        """Return it at midnights (UTC): days leave whole, one file each."""
        return Cutoff(_midnight(self.at), {source: _midnight(at) for source, at in self.of_sources.items()})


class Retention(NamedTuple):
    """How long the rows of a table stay live; of posts, those of `of_sources` each for a time of their own."""

    age: timedelta
    of_sources: Mapping[str, timedelta] = _OF_NONE

    def cutoff(self, now: datetime) -> Cutoff:
        """Return what is old enough at *now*."""
        return Cutoff(now - self.age, {source: now - age for source, age in self.of_sources.items()})

    @property
    def longest(self) -> timedelta:
        """Return the longest of its times."""
        return max((self.age, *self.of_sources.values()))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
