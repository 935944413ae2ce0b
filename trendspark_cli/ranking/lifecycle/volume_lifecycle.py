"""The life of a trend of volume or of silence: opened by a peak beyond the usual daily one, closed when it is over."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar, cast

from trendspark_cli.ranking.bursts.daily_peaks import log_posts, posts_of
from trendspark_cli.ranking.bursts.volume_series import ROW_SECONDS, Look, VolumeSeries, enough, gap_of, log_gap
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import (
    AnyTrend,
    SilenceTrend,
    StoryT,
    Trend,
    TrendState,
    VolumeTrend,
    moment_of,
)
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory

AnyStory = TypeVar("AnyStory", VolumeStory, SilenceStory)
HOUR = timedelta(hours=1)
LEAST_POSTS = 10  # in an hour: fewer are no news, however rare
LEAST_PEOPLE = 3  # who wrote them: what one account floods is no news, and must not keep others from being told
LEAST_GAP = timedelta(hours=1)
LABEL_LENGTH = 80  # characters
FORGOTTEN_AFTER = timedelta(hours=30)  # without a look at it, a trend is over


def may_be_news(look: Look, rules: LifecycleRules) -> bool:
    """Tell whether the posts of an hour are worth a look at who wrote them."""
    return look.posts >= LEAST_POSTS and look.score >= rules.opens_at


def volume_opened(
    key: str, name: str, terms: tuple[str, ...], series: VolumeSeries, look: Look, rules: LifecycleRules
) -> VolumeTrend | None:
    """Return the trend that an hour of a series opens, None when it is none, or none is news."""
    if not may_be_news(look, rules) or not series.tells(look.at, look.score, rules.opens_at):
        return None
    story = VolumeStory(
        series=key,
        terms=terms,
        observed=look.posts,
        usual_peak=posts_of(series.peaks.level),
        enough=posts_of(enough(series.peaks, rules.opens_at)),
        window=HOUR,
        authors=0,
        sources={},
        post_ids=(),
        example_ids=(),
    )
    beyond = log_posts(look.posts) - enough(series.peaks, rules.opens_at)
    trend = _opened(name, look.at, beyond, HOUR, rules, story)
    return replace(trend, posts_now=look.posts, posts_peak=look.posts, posts_total=look.posts)


def silence_opened(
    key: str, name: str, terms: tuple[str, ...], series: VolumeSeries, look: Look, rules: LifecycleRules
) -> SilenceTrend | None:
    """Return the trend that a gap of a series opens, None when it is none, or none is news."""
    gap = timedelta(seconds=look.gap_seconds)
    if gap < LEAST_GAP or not series.last_post or not series.tells_silence(look.at, look.gap_score, rules.opens_at):
        return None
    story = SilenceStory(
        series=key,
        terms=terms,
        gap=gap,
        usual_gap=timedelta(seconds=min(series.usual_gap_seconds, gap.total_seconds())),
        usual_longest=timedelta(seconds=round(gap_of(series.gaps.level))),
        enough=timedelta(seconds=round(gap_of(enough(series.gaps, rules.opens_at)))),
    )
    trend = _opened(name, look.at, log_gap(look.gap_seconds) - enough(series.gaps, rules.opens_at), gap, rules, story)
    return replace(trend, posts_now=0, posts_peak=0, posts_total=0)


def volume_seen_again(trend: AnyTrend, story: VolumeStory, look: Look, rules: LifecycleRules) -> VolumeTrend:
    """Return an open trend, with its story, after one more look; what it showed at its peak stays until exceeded."""
    at = moment_of(look.at)
    seen = cast(VolumeTrend, replace(trend, story=story, last_seen=max(trend.last_seen, at), posts_now=look.posts))
    if look.score >= rules.opens_at / 2:
        seen = replace(seen, last_strong_at=max(trend.last_strong_at, at))
    if look.posts <= story.observed:
        return seen
    score = _score(rules, log_posts(look.posts) - log_posts(story.enough))
    return replace(
        seen,
        score=max(trend.score, score),
        peak_at=at,
        posts_peak=look.posts,
        story=replace(story, observed=look.posts),
    )


def silence_seen_again(
    trend: AnyTrend, story: SilenceStory, look: Look, last_post: int, rules: LifecycleRules, *, is_whole: bool
) -> SilenceTrend:
    """Return an open trend, with its story, after one more look: longer silent, or closed since a post came.

    It grows only while everything is known (*is_whole*).
    """
    at, gap = moment_of(look.at), timedelta(seconds=look.gap_seconds)
    seen = cast(SilenceTrend, replace(trend, story=story))
    if last_post >= int(trend.first_seen.timestamp()) + ROW_SECONDS:
        ended = moment_of(last_post)
        return replace(seen, state=TrendState.CLOSED, last_seen=ended, last_strong_at=ended, closed_at=max(at, ended))
    if not is_whole or gap <= story.gap:
        return seen
    score = _score(rules, log_gap(look.gap_seconds) - log_gap(story.enough.total_seconds()))
    return replace(
        seen,
        score=max(trend.score, score),
        last_seen=at,
        last_strong_at=at,
        peak_at=at,
        story=replace(story, gap=gap),
    )


def closed_if_over(trend: Trend[StoryT], now: int, rules: LifecycleRules, *, is_watched: bool) -> Trend[StoryT]:
    """Return the trend, closed when it has not been strong for long enough, or nobody looks at it any more.

    Whether it is strong is told by looks: while none is possible, it goes on.
    """
    moment = moment_of(now)
    is_over = trend.last_seen - trend.last_strong_at >= rules.close_after
    if is_watched and not is_over and moment - trend.last_seen < FORGOTTEN_AFTER:
        return trend
    return replace(trend, state=TrendState.CLOSED, closed_at=moment)


def _opened(
    name: str, at: int, beyond: float, length: timedelta, rules: LifecycleRules, story: AnyStory
) -> Trend[AnyStory]:
    moment = moment_of(at)
    return Trend(
        id=None,
        label=name if len(name) <= LABEL_LENGTH else f"{name[: LABEL_LENGTH - 1]}…",
        state=TrendState.OPEN,
        score=_score(rules, beyond),
        threshold=rules.threshold,
        first_seen=moment - length,
        last_seen=moment,
        opened_at=moment,
        last_strong_at=moment,
        peak_at=moment,
        closed_at=None,
        story=story,
    )


def _score(rules: LifecycleRules, beyond: float) -> float:
    """Return what lies beyond what is enough (a logarithm) on the scale of topics: 10 more for each tenfold."""
    return max(0.0, rules.threshold + 10.0 * beyond / math.log(10.0))
