"""Whether a query's volume departs from its own week: cheap hourly counts, read before any post is bought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from trendspark_cli.ranking.bursts.daily_peaks import TOLD_AT, DailyPeaks, log_posts, posts_of

HOUR = timedelta(hours=1)
STIRRING = TOLD_AT / 2  # of several queries together, whose sum hides the burst of one
HOURS_KEPT = 50
LEAST_POSTS = 10  # the smallest page one can buy


class Slice(NamedTuple):
    """Posts that match a query between two times (UTC); an hour of the clock, or the part of one so far."""

    start: datetime
    end: datetime
    posts: int


class VolumeReading(NamedTuple):
    """What the last hour held, what the busiest hour of a day usually holds, and since when to buy."""

    departs: bool
    stirs: bool  # something may be there: of several queries together, worth counting each
    observed: int
    usual_peak: float
    score: float  # of daily peaks
    since: datetime | None


def judge_volume(slices: Sequence[Slice]) -> VolumeReading:
    """Compare the hour up to now with the busiest hours of the days before.

    *slices* come oldest first. The two newest are judged and teach nothing yet: of the last hour, a part lies in each.
    """
    if len(slices) < 2:
        return VolumeReading(False, False, sum(slice.posts for slice in slices), 0.0, 0.0, None)
    peaks = DailyPeaks()
    for slice in slices[:-2]:
        peaks.observe(int(slice.start.timestamp()), log_posts(slice.posts))
    now = slices[-1].end
    observed = posts_between(slices[-2:], now - HOUR, now)
    score = peaks.score(log_posts(observed))
    departs = observed >= LEAST_POSTS and score >= TOLD_AT
    return VolumeReading(
        departs, score >= STIRRING, round(observed), posts_of(peaks.state.level), score, slices[-2].start
    )


def hours_of(slices: Sequence[Slice]) -> list[tuple[int, int, int]]:
    """Return the newest counts in epoch seconds: what a series looks at in one run, and the hour before."""
    return [
        (int(slice.start.timestamp()), int(slice.end.timestamp()), slice.posts)
        for slice in slices[-HOURS_KEPT:]
        if slice.end > slice.start
    ]


def posts_between(slices: Sequence[Slice], since: datetime, until: datetime) -> float:
    """Return the posts of a span, those of a slice that lies in it in part taken as evenly spread."""
    posts = 0.0
    for slice in slices:
        inside = min(until, slice.end) - max(since, slice.start)
        if inside > timedelta(0):
            posts += slice.posts * (inside / (slice.end - slice.start))
    return posts
