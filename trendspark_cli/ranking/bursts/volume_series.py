"""The volume of one thing that is watched: its posts in rows of five minutes, its usual peaks and its usual gaps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from trendspark_cli.ranking.bursts.daily_peaks import (
    DAY_SECONDS,
    HALF_LIFE_DAYS,
    LEAST_DEVIATION,
    NORMAL_DEVIATIONS,
    UNKNOWN,
    DailyPeaks,
    PeaksState,
    log_posts,
)

ROW_SECONDS = 300
HOUR_ROWS = 3600 // ROW_SECONDS
MOST_ROWS = 2 * DAY_SECONDS // ROW_SECONDS  # kept, and looked at in one run: what was read later is not caught up on
ADDED_MINUTES = 15.0  # to each gap before its logarithm: as often as cron looks
_FADE = 0.5 ** (ROW_SECONDS / (HALF_LIFE_DAYS * DAY_SECONDS))

Rows = dict[int, dict[str, float]]  # posts by source; of hours that were counted, evenly spread
NO_SOURCES: frozenset[str] = frozenset()


class Known(NamedTuple):
    """A stretch of time (epoch seconds) of which every post is known."""

    since: int
    until: int


class Look(NamedTuple):
    """A moment of a series. `posts`: of the hour before; `gap_seconds`: since the last post, or since all is known.

    Scores are of daily peaks: how far the hour lies beyond the busiest hour, and the gap beyond the longest gap, of a
    usual day.
    """

    at: int
    posts: int
    score: float
    gap_seconds: int
    gap_score: float


@dataclass(slots=True)
class VolumeSeries:
    """What is remembered of a series. `rows`: posts by source, of the rows (epoch seconds / 300) not yet too old.

    `posts` and `seconds`, both fading, are what was seen: posts by source, and how long it was looked at. `last_post`:
    when the newest post was made.
    """

    rows: Rows = field(default_factory=dict)
    peaks: PeaksState = UNKNOWN
    gaps: PeaksState = UNKNOWN
    posts: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    last_post: int = 0

    def add(self, created_at: int, source: str) -> None:
        """Count a post."""
        row = self.rows.setdefault(created_at // ROW_SECONDS, {})
        row[source] = row.get(source, 0) + 1
        self.last_post = max(self.last_post, created_at)

    def looks(self, known: Known, counted: Rows, without: frozenset[str] = NO_SOURCES) -> Iterator[Look]:
        """Yield each row's end that was not looked at yet and whose hour is known, and learn from it.

        `counted` are posts that were counted elsewhere, in place of those of sources *without*.
        """
        peaks, gaps = DailyPeaks(self.peaks), DailyPeaks(self.gaps)
        rows = self.rows_with(counted, without)
        first = max(-(-known.since // ROW_SECONDS) + HOUR_ROWS, known.until // ROW_SECONDS - MOST_ROWS)
        if peaks.state.last_at <= known.until:  # else a clock was ahead
            first = max(first, peaks.state.last_at // ROW_SECONDS + 1)
        last_post = max((row for row, posts in rows.items() if row < first and any(posts.values())), default=0)
        for end in range(first, known.until // ROW_SECONDS + 1):
            at, newest = end * ROW_SECONDS, rows.get(end - 1, {})
            last_post = end - 1 if any(newest.values()) else last_post
            posts = round(sum(sum(rows.get(row, {}).values()) for row in range(end - HOUR_ROWS, end)))
            score = peaks.observe(at, log_posts(posts))
            self._fade(newest)
            gap = at - max((last_post + 1) * ROW_SECONDS, self._known_post(at), known.since)
            gap_score = gaps.observe(at, log_gap(gap))
            self.peaks, self.gaps = peaks.state, gaps.state
            self.last_post = max(self.last_post, (last_post + 1) * ROW_SECONDS - 1 if last_post else 0)
            yield Look(at, posts, score, gap, gap_score)

    def rows_with(self, counted: Rows, without: frozenset[str] = NO_SOURCES) -> Rows:
        """Return the rows, those of sources *without* replaced by what was counted."""
        rows = {row: {name: n for name, n in posts.items() if name not in without} for row, posts in self.rows.items()}
        for row, posts in counted.items():
            rows[row] = {**rows.get(row, {}), **posts}
        return rows

    def tells(self, at: int, score: float, needed: float) -> bool:
        """Tell whether a peak opens a trend now, for which this score is needed; then it is quiet for a day."""
        peaks = DailyPeaks(self.peaks)
        is_news = peaks.tells(at, score, needed)
        self.peaks = peaks.state
        return is_news

    def tells_silence(self, at: int, score: float, needed: float) -> bool:
        """Tell whether a gap opens a trend now, for which this score is needed; then it is quiet for a day."""
        gaps = DailyPeaks(self.gaps)
        is_news = gaps.tells(at, score, needed)
        self.gaps = gaps.state
        return is_news

    @property
    def usual_gap_seconds(self) -> float:
        """Return the mean time between two posts."""
        return self.seconds / max(1e-9, sum(self.posts.values()))

    def usual_of(self, source: str, seconds: int) -> float:
        """Return the mean posts of a source in so long a time."""
        return self.posts.get(source, 0.0) / max(self.seconds, 1.0) * seconds

    def forget_before(self, epoch_seconds: int) -> None:
        """Forget rows that are no part of an hour from *epoch_seconds* on, and those dated later than is possible.

        The last one before stays: a gap began there.
        """
        oldest = epoch_seconds // ROW_SECONDS - HOUR_ROWS
        oldest = min(oldest, max((row for row in self.rows if row < oldest), default=oldest))
        self.rows = {
            row: posts for row, posts in self.rows.items() if oldest <= row <= epoch_seconds // ROW_SECONDS + MOST_ROWS
        }

    def _known_post(self, at: int) -> int:
        """Return when the newest post was made, 0 when that is after *at*: then rows tell."""
        return self.last_post if self.last_post <= at else 0

    def _fade(self, posts: Mapping[str, float]) -> None:
        for source in self.posts.keys() | posts.keys():
            self.posts[source] = self.posts.get(source, 0.0) * _FADE + posts.get(source, 0)
        self.seconds = self.seconds * _FADE + ROW_SECONDS


def log_gap(seconds: float) -> float:
    """Return a gap as a value of a series."""
    return math.log(max(0.0, seconds) / 60.0 + ADDED_MINUTES)


def gap_of(value: float) -> float:
    """Return the gap that has this value, in seconds."""
    return max(0.0, math.exp(min(value, 40.0)) - ADDED_MINUTES) * 60.0


def enough(state: PeaksState, needed: float) -> float:
    """Return the value that has the score which opens a trend."""
    return state.level + needed * max(LEAST_DEVIATION, NORMAL_DEVIATIONS * state.deviation)


def rows_of(slices: Sequence[tuple[int, int, float]], source: str) -> Rows:
    """Return counts (start, end, posts), in epoch seconds, as rows: those of each slice are evenly spread over it."""
    rows: Rows = {}
    for start, end, posts in slices:
        for row in range(start // ROW_SECONDS, -(-end // ROW_SECONDS)):
            inside = min(end, (row + 1) * ROW_SECONDS) - max(start, row * ROW_SECONDS)
            of_row = rows.setdefault(row, {})
            of_row[source] = of_row.get(source, 0.0) + posts * inside / (end - start)
    return rows
