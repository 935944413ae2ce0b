"""What is said of a trend in words, on screens, in alerts and in briefs: each number means the same everywhere.

Posts are rows, people are authors that differ; now, the peak and the whole life are told apart. Voices, scores and
chances stand in `trends explain` and in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from trendspark_cli.base.clock import day_text, duration_words, from_epoch, hour_text, to_text
from trendspark_cli.kinds.sources import engagement_of
from trendspark_cli.ranking.baseline.history import WARM_UP_TICKS, SourceState
from trendspark_cli.ranking.baseline.ticks import LONGEST_WINDOW_SECONDS, TICK_SECONDS, tick_of
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, PostStory, TopicStory, TrendState
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory

WINDOW = timedelta(seconds=LONGEST_WINDOW_SECONDS)
LEAST_AGE = timedelta(minutes=1)  # of a post, as it is said
LEAST_USUAL = 0.5  # posts: fewer are none when they are counted
FRACTIONS_BELOW = 10  # posts: fewer are told with one digit more


def why(trend: AnyTrend, *, in_utc: bool = False) -> str:
    """Return in one line why a trend is one: posts, people, what is usual, since when, from where.

    *in_utc*: for scripts.
    """
    match trend.story:
        case PostStory() as story:
            return f"{post_counts(story, trend.age_when_seen)}; {engagement_of(story.source)}"
        case VolumeStory() as story:
            return "; ".join(
                [volume_counts(story), *([sources_text(story.sources)] if story.sources else []), *_later(trend)]
            )
        case SilenceStory() as story:
            return silence_counts(story, trend.label)
        case TopicStory() as story:
            parts = [
                topic_counts(story),
                f"first seen {hour_text(trend.first_seen, in_utc=in_utc)}",
                sources_text(story.sources),
            ]
            return "; ".join([*parts, *_later(trend)])


def topic_counts(story: TopicStory) -> str:
    """Return how many wrote how much at the peak, and what is usual: `41 posts by 39 people in 2 h; ...`."""
    written = f"{counted(story.posts, 'post')} by {counted(story.authors, 'person', 'people')}"
    return f"{written} in {window_text(story.window)}; usual at this hour: {usual_text(story.expected)}"


def post_counts(story: PostStory, age: timedelta) -> str:
    """Return what is expected of a single post, and what is usual; *age* is how old it was when it was last seen."""
    whose = "this author's usual is" if story.usual_posts >= 1 else "usual here is"
    return (
        f"{story.forecast:,.0f} expected, {whose} {story.usual:,.0f}; "
        f"{story.engagement:,.0f} so far, {window_text(max(LEAST_AGE, age))} after it was posted"
    )


def volume_counts(story: VolumeStory) -> str:
    """Return how many posts there were at the peak: `212 posts in 1 h; its usual daily peak is 60`."""
    counted_posts = f"{counted(story.observed, 'post')} in {window_text(story.window)}"
    return f"{counted_posts}; its usual daily peak is {usual_text(story.usual_peak)}"


def silence_counts(story: SilenceStory, label: str) -> str:
    """Return how long there was no post: `no post of r/ports for 9 h; usual gap 40 min`."""
    return f"no post of {label} for {window_text(story.gap)}; usual gap {duration_words(story.usual_gap)}"


def short_counts(trend: AnyTrend) -> str:
    """Return the least that tells how large a trend is, for a title."""
    match trend.story:
        case PostStory() as story:
            return f"{story.forecast:,.0f} expected, {story.usual:,.0f} usual"
        case VolumeStory() as story:
            return volume_counts(story).partition(";")[0]
        case SilenceStory() as story:
            return f"no post for {window_text(story.gap)}"
        case TopicStory() as story:
            return topic_counts(story).partition(";")[0]


def usual_text(expected: float) -> str:
    """Return how many posts are usual: `none`, `2.5`, `40`."""
    if expected < LEAST_USUAL:
        return "none"
    return f"{expected:.1f}" if expected < FRACTIONS_BELOW else f"{expected:,.0f}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 post`, `41 posts`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def sources_text(sources: Mapping[str, int]) -> str:
    """Return posts by source in words, the most first: `x 28, reddit 13`."""
    return ", ".join(f"{name} {count:,}" for name, count in sorted(sources.items(), key=lambda item: -item[1]))


def window_text(window: timedelta) -> str:
    """Return a window as `15 min` or `4 h`."""
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    return f"{window // minute} min" if window < hour else f"{window // hour} h"


def silence_text(newest: datetime | None, now: datetime, sources: Mapping[str, SourceState]) -> str:
    """Return why nothing can be trending now, empty when something can.

    *newest*: when the last post was made. *sources*: what is known of each by now.
    """
    if newest is None:
        return "there is no post yet: see `trendspark ingest`"
    if now - newest < WINDOW:
        now_tick = tick_of(int(now.timestamp()))
        if not all(state.is_warming_up(now_tick) for state in sources.values()):
            return ""
        first = min((state.first_tick for state in sources.values()), default=now_tick)
        ready = from_epoch((first + WARM_UP_TICKS) * TICK_SECONDS)
        until = f", until {day_text(ready)} at the earliest" if sources and ready > now else ""
        return f"what is usual is learned from 24 h of posts first{until}"
    day = to_text(newest)[:10]
    return f"no post of the last {window_text(WINDOW)}; newest {day}; for past posts: `trendspark backtest`"


def _later(trend: AnyTrend) -> list[str]:
    """Return what has become of a topic or a volume since its peak, as far as it differs."""
    told = []
    if trend.state is TrendState.OPEN and trend.posts_now != trend.story.posts:
        told.append(f"now {counted(trend.posts_now, 'post')}")
    if trend.posts_total > max(trend.story.posts, trend.posts_now):
        told.append(f"{trend.posts_total:,} in all")
    return told
