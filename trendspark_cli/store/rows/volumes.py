"""What is remembered of volumes: how far queries were read, and what was seen of each series."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import msgspec

from trendspark_cli.ranking.bursts.volume_series import VolumeSeries

HourCount = tuple[int, int, int]  # from, to (epoch seconds), posts


class ReadQuery(NamedTuple):
    """A query of a profile, and the stretch of which every post was read; `counts`: of one that is only counted."""

    profile: str
    source: str
    query: str
    whole_since: datetime
    read_until: datetime
    counts: tuple[HourCount, ...] | None


def series_text(series: VolumeSeries) -> str:
    """Return a series as it is stored, the same in every database."""
    posts = {name: round(posts, 3) for name, posts in series.posts.items()}
    rounded = replace(series, posts=posts, seconds=float(round(series.seconds)))
    return msgspec.json.encode(rounded).decode()


def series_of(text: str) -> VolumeSeries:
    """Return a series as it was stored."""
    return msgspec.json.decode(text, type=VolumeSeries)
