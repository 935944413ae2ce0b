"""What is remembered of volumes: how far queries were read, and what was seen of each series."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from trendspark_cli.ranking.bursts.daily_peaks import PeaksState
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
    return json.dumps(
        {
            "rows": {str(row): posts for row, posts in sorted(series.rows.items())},
            "peaks": list(series.peaks),
            "gaps": list(series.gaps),
            "posts": {name: round(posts, 3) for name, posts in sorted(series.posts.items())},
            "seconds": round(series.seconds),
            "last_post": series.last_post,
        },
        ensure_ascii=False,
    )


def series_of(text: str) -> VolumeSeries:
    """Return a series as it was stored."""
    values: Mapping[str, Any] = json.loads(text)
    return VolumeSeries(
        rows={int(row): posts for row, posts in values["rows"].items()},
        peaks=PeaksState(*values["peaks"]),
        gaps=PeaksState(*values["gaps"]),
        posts=dict(values["posts"]),
        seconds=float(values["seconds"]),
        last_post=values["last_post"],
    )
