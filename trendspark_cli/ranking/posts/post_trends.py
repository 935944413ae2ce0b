"""The life of a trend that is a single post: opened once, growing, closed when it no longer does."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import PostStory, PostTrend, Trend, TrendState, moment_of
from trendspark_cli.ranking.posts.forecast import Forecast, WatchedPost
from trendspark_cli.ranking.text.folding import visible

LEAST_ENGAGEMENT = 10  # so far: three likes are no trend, whatever is expected
NEWS_SECONDS = 24 * 3600  # an older post opens nothing
LABEL_LENGTH = 80  # characters
MOST_READ = 2_000  # characters of a text, to find its label
STILL_GROWS = 1.1  # times what it has: what is expected of a post that is not over


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPost:
    """A post as it was judged by its last look. `level` is the excess that is enough, None while none is known."""

    post_id: int
    source: str
    author: str | None
    watched: WatchedPost
    forecast: Forecast
    usual_posts: float
    level: float | None

    @property
    def enough(self) -> float:
        """Return the forecast that would be enough; 0 while that is not known."""
        if self.level is None:
            return 0.0
        return math.expm1(min(50.0, self.forecast.baseline_log + self.level + self.forecast.error))

    def score(self, threshold: float) -> float:
        """Return how far the forecast is beyond what is enough, on the scale of topics; 0 while that is not known."""
        if self.level is None:
            return 0.0
        return max(0.0, threshold + 10.0 * (self.forecast.exceedance - self.level) / math.log(10.0))

    def held_back_by(self, threshold: float) -> str | None:
        """Return the rule that keeps it from being a trend, None when none does; freshness and cooldown aside."""
        if self.level is None:
            return "warm-up"
        if self.watched.best < LEAST_ENGAGEMENT:
            return "below the least engagement"
        if self.watched.last.at - self.watched.created_at > NEWS_SECONDS:
            return "too old"
        if self.score(threshold) < threshold:
            return "below threshold"
        return None if self.still_grows else "no longer growing"

    @property
    def still_grows(self) -> bool:
        """Tell whether a good deal more is expected than it has."""
        return self.forecast.expected >= STILL_GROWS * self.watched.best


def opened(judged: JudgedPost, label: str, now: datetime, threshold: float) -> PostTrend:
    """Return a new trend, which needed a score of *threshold* to open; more of it is 10 for each tenfold."""
    return Trend(
        id=None,
        label=label,
        state=TrendState.OPEN,
        score=judged.score(threshold),
        threshold=threshold,
        first_seen=moment_of(judged.watched.created_at),
        last_seen=moment_of(judged.watched.last.at),
        opened_at=now,
        last_strong_at=now,
        peak_at=now,
        closed_at=None,
        story=_story(judged),
    )


def _story(judged: JudgedPost) -> PostStory:
    """Return what is expected of a post now, as a trend keeps it."""
    return PostStory(
        post_id=judged.post_id,
        source=judged.source,
        author=judged.author,
        engagement=judged.watched.best,
        comments=judged.watched.last.comments,
        forecast=judged.forecast.expected,
        error=judged.forecast.error,
        usual=judged.forecast.baseline,
        usual_posts=judged.usual_posts,
        enough=judged.enough,
    )


def seen_again(trend: PostTrend, judged: JudgedPost, now: datetime, rules: LifecycleRules) -> PostTrend:
    """Return an open trend after one more look at its post; what it showed at its peak stays."""
    seen = replace(trend, last_seen=max(trend.last_seen, moment_of(judged.watched.last.at)))
    if judged.still_grows:
        seen = replace(seen, last_strong_at=max(trend.last_strong_at, now))
    if judged.forecast.expected <= trend.story.forecast and judged.watched.best <= trend.story.engagement:
        return seen
    return replace(
        seen,
        score=max(trend.score, judged.score(rules.threshold)),
        peak_at=now,
        story=replace(_story(judged), usual=trend.story.usual),
    )


def closed_if_over(trend: PostTrend, now: datetime, rules: LifecycleRules) -> PostTrend:
    """Return the trend, closed when it has not grown for long enough; a closed post never opens again."""
    if trend.state is TrendState.OPEN and now - trend.last_strong_at >= rules.close_after:
        return replace(trend, state=TrendState.CLOSED, closed_at=now)
    return trend


def label_of(text: str) -> str:
    """Return the beginning of a post's text, without links and what no screen shows, as the name of its trend."""
    shown = "".join(letter if letter.isprintable() else " " for letter in visible(text[:MOST_READ]))
    words = [word for word in shown.split() if "://" not in word]
    label = " ".join(words) or "a post of nothing but a link"
    if len(label) <= LABEL_LENGTH:
        return label
    cut = label[:LABEL_LENGTH]
    return (cut.rpartition(" ")[0] or cut) + "…"
