"""What a screen shows of a trend whether its posts are live or long gone: its examples and its curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from trendspark_cli.base.clock import from_text, hour_text, to_text
from trendspark_cli.base.console import short_time, sparkline
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.ranking.text.words import plain_words
from trendspark_cli.reports.trend_words import usual_text, window_text
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.rows.trend_history import KeptExample, TrendCount
from trendspark_cli.store.rows.trends import TrendNames

TICK = timedelta(seconds=TICK_SECONDS)
SLOTS = 16  # of the short curve: the last four hours by quarters
PLOT_WIDTH = 48  # characters: half a day by quarters


def examples_of(store: Store, trend: AnyTrend) -> list[StoredPost | KeptExample]:
    """Return the examples of a trend: as they are now while they are live, else as they were kept."""
    kept = {example.post_id: example for example in store.trend_history.examples(trend.stored_id)}
    live = {post.id: post for post in store.posts.by_ids(trend.story.example_ids)}
    ids = dict.fromkeys((*trend.story.example_ids, *kept))
    return [post for post_id in ids if (post := live.get(post_id) or kept.get(post_id)) is not None]


def short_curve(store: Store, trend: AnyTrend) -> str:
    """Return a trend's posts over the four hours before it was last seen, as bars."""
    end = int(trend.last_seen.timestamp()) // TICK_SECONDS + 1
    since = (end - SLOTS) * TICK_SECONDS
    counts = store.trend_history.counts(trend.stored_id)
    if not counts:  # of an earlier version
        return sparkline(store.posts.mentions_per_slot(trend.stored_id, since, TICK_SECONDS, SLOTS))
    posts = [0] * SLOTS
    for count in counts:
        slot = (int(from_text(count.tick).timestamp()) - since) // TICK_SECONDS
        if 0 <= slot < SLOTS:
            posts[slot] += count.posts
    return sparkline(posts)


def plot_lines(counts: Sequence[TrendCount]) -> list[str]:
    """Return the curve of a topic as lines: posts seen, usual ones on the same scale, and what the scale is.

    A long curve is shown in steps of several ticks. Nothing where nothing was counted or nothing is usual.
    """
    if not counts or all(count.expected is None for count in counts):
        return []
    begins = from_text(counts[0].tick)
    ticks = (from_text(counts[-1].tick) - begins) // TICK + 1
    step = -(-ticks // PLOT_WIDTH)
    seen, usual = [0.0] * -(-ticks // step), [0.0] * -(-ticks // step)
    for count in counts:
        place = (from_text(count.tick) - begins) // TICK // step
        seen[place] += count.posts
        usual[place] += count.expected or 0.0
    bars = sparkline([*seen, *usual])
    highest = max(seen)
    ends = begins + ticks * TICK
    return [
        f"seen   {bars[: len(seen)]}|",
        f"usual  {bars[len(seen) :]}|",
        f"from {short_time(to_text(begins))} to {_end_text(begins, ends)} by {window_text(step * TICK)}: "
        f"at most {highest:,.0f} posts, usual there {usual_text(usual[seen.index(highest)])}",
    ]


def _end_text(begins: datetime, ends: datetime) -> str:
    return hour_text(ends) if ends - begins < timedelta(hours=24) else short_time(to_text(ends))


def counts_json(counts: Sequence[TrendCount]) -> list[dict[str, object]]:
    """Return the curve of a trend as printed."""
    return [{name: value for name, value in count._asdict().items() if name != "trend_id"} for count in counts]


def is_about(words: str) -> Callable[[TrendNames], bool]:
    """Return what tells whether a trend's label or one of its terms holds these words, as whole words."""
    plain = plain_words(words)
    wanted = f" {plain} "
    return lambda trend: bool(plain) and any(wanted in f" {plain_words(text)} " for text in (trend.label, *trend.terms))
