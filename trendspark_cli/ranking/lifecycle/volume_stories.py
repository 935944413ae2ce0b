"""The stories of trends that are about volume: more posts than a usual day's peak, or none for longer than usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeStory:
    """More posts of a profile or a keyword than its usual daily peak.

    `series`: the key of what is watched. `observed` to `example_ids` are of the busiest hour so far, `usual_peak` the
    posts of the busiest hour of a usual day, `enough` those that would have opened the trend. `authors`: of the posts
    that are stored; those that were only counted have none. `sources`: posts by source.
    """

    series: str
    terms: tuple[str, ...]
    observed: int
    usual_peak: float
    enough: float
    window: timedelta
    authors: int
    sources: Mapping[str, int]
    post_ids: tuple[int, ...]
    example_ids: tuple[int, ...]

    @property
    def kind(self) -> Literal["volume"]:
        """Return what the story is of."""
        return "volume"

    @property
    def size(self) -> float:
        """Return what alerts go by."""
        return float(self.observed)

    @property
    def posts(self) -> int:
        """Return its posts at the peak."""
        return self.observed


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceStory:
    """No post where posts are usual. `gap`: since the last one, or since what lies before is not known.

    `usual_gap`: between two posts, on the mean; `usual_longest`: the longest of a usual day; `enough`: the gap that
    would have opened the trend.
    """

    series: str
    terms: tuple[str, ...]
    gap: timedelta
    usual_gap: timedelta
    usual_longest: timedelta
    enough: timedelta

    @property
    def kind(self) -> Literal["silence"]:
        """Return what the story is of."""
        return "silence"

    @property
    def size(self) -> float:
        """Return what alerts go by: minutes."""
        return self.gap / MINUTE

    @property
    def usual_posts(self) -> float:
        """Return how many posts are usual in so long a time."""
        return self.gap / max(self.usual_gap, timedelta(seconds=1))

    @property
    def sources(self) -> Mapping[str, int]:
        """Return that there are no posts."""
        return {}

    @property
    def posts(self) -> int:
        """Return that there is none."""
        return 0

    @property
    def authors(self) -> int:
        """Return that nobody wrote."""
        return 0

    @property
    def post_ids(self) -> tuple[int, ...]:
        """Return that it rests on no post."""
        return ()

    @property
    def example_ids(self) -> tuple[int, ...]:
        """Return that no post shows it."""
        return ()
