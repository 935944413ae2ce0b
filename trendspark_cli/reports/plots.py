"""Plots as numbers: where bars, lines and marks lie. Templates draw them as SVG, and say the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from trendspark_cli.base.clock import day_text, from_text, hour_text, local_time
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.reports.trend_words import usual_text, window_text
from trendspark_cli.store.rows.trend_history import TrendCount

TICK = timedelta(seconds=TICK_SECONDS)
MOST_BARS = 48
LEAST_BARS = 8  # fewer are drawn as wide as these, or a short trend would look like a large one
HEIGHT = 100
AFTERWARDS = timedelta(hours=2)  # drawn of an open trend after its last post, at most
DAY, MONTH = timedelta(days=1), timedelta(days=31)


class PlotRow(NamedTuple):
    """A bar in words."""

    when: str
    posts: int
    usual: str


class Curve(NamedTuple):
    """What was seen of a trend and what is usual, by bars of `step` from `begins` on; `told` is its highest bar."""

    begins: datetime
    step: timedelta
    seen: tuple[int, ...]
    usual: tuple[float, ...]
    alert_at: float  # in bars
    told: str


class Plot(NamedTuple):
    """The curve of a trend on a field `width` wide and HEIGHT high; `alert_at`: its alert, in percent of the width."""

    width: int
    bars: str
    usual: str
    alert_at: float | None
    alert: str
    highest: int
    begins: str
    ends: str
    ends_at: float
    step: str
    rows: tuple[PlotRow, ...]
    told: str


class Lane(NamedTuple):
    """A trend on the timeline, in thousandths of its width."""

    label: str
    anchor: str
    begins: int
    length: int
    alert: int
    is_open: bool
    is_post: bool
    when: str
    posts: str


class Mark(NamedTuple):
    """A midnight on the timeline, in percent of its width."""

    at: float
    label: str


def curve_of(trend: AnyTrend, counts: Sequence[TrendCount], now: datetime) -> Curve | None:
    """Return the curve of a topic in numbers; None where nothing was counted or nothing is known to be usual."""
    if not counts or all(count.expected is None for count in counts):
        return None
    begins = from_text(counts[0].tick)
    over = trend.closed_at if trend.closed_at is not None else min(now, trend.last_seen + AFTERWARDS)
    ticks = max((from_text(counts[-1].tick) - begins) // TICK + 1, (over - begins) // TICK)
    step = -(-ticks // MOST_BARS)
    seen, usual = _by_step(counts, begins, -(-ticks // step), step)
    top = max(seen)
    return Curve(
        begins=begins,
        step=step * TICK,
        seen=tuple(seen),
        usual=tuple(usual),
        alert_at=max(0.0, (trend.told_at - begins) / (step * TICK)),
        told=f"at most {top} posts in {window_text(step * TICK)}, usual there {usual_text(usual[seen.index(top)])}",
    )


def plot_of(trend: AnyTrend, counts: Sequence[TrendCount], now: datetime) -> Plot | None:
    """Return the curve of a topic; None where nothing was counted or nothing is known to be usual."""
    curve = curve_of(trend, counts, now)
    if curve is None:
        return None
    begins, step, seen, usual, alert_at, told = curve
    width, highest = max(len(seen), LEAST_BARS), max(*seen, *usual, 1.0)
    return Plot(
        width=width,
        bars=_bars(seen, highest),
        usual=_line(usual, highest),
        alert_at=round(min(100.0, alert_at / width * 100), 1),
        alert=_moment(trend.told_at, begins),
        highest=round(highest),
        begins=day_text(begins),
        ends=_moment(begins + len(seen) * step, begins),
        ends_at=round(100 * len(seen) / width, 1),
        step=window_text(step),
        rows=tuple(
            PlotRow(_moment(begins + place * step, begins), posts, usual_text(usual[place]))
            for place, posts in enumerate(seen)
            if posts
        ),
        told=told,
    )


def lane_of(trend: AnyTrend, label: str, anchor: str, since: datetime, now: datetime) -> Lane:
    """Return where a trend lies on the timeline from *since* to *now*."""
    ends = trend.closed_at or now

    def place(moment: datetime) -> int:
        return round(1000 * min(1.0, max(0.0, (moment - since) / (now - since))))

    begins = place(trend.first_seen)
    is_post = trend.story.kind == "post"
    posts = "no posts" if trend.story.kind == "silence" else f"{trend.posts_total:,}"
    return Lane(
        label=label,
        anchor=anchor,
        begins=begins,
        length=max(4, place(ends) - begins),
        alert=place(trend.told_at),
        is_open=trend.closed_at is None,
        is_post=is_post,
        when=f"{day_text(trend.first_seen)} – {'goes on' if trend.closed_at is None else day_text(trend.closed_at)}",
        posts="one post" if is_post else posts,
    )


def midnights(since: datetime, now: datetime) -> list[Mark]:
    """Return the midnights of a span as people there have them; every so manieth of a long one."""
    zone = local_time(now).tzinfo
    day = datetime.combine(local_time(since).date() + DAY, datetime.min.time(), zone)
    form = "%a %d" if now - since < MONTH else "%d %b"
    found = []
    while day < now:
        found.append(Mark(round(100 * ((day - since) / (now - since)), 1), day.strftime(form)))
        day = datetime.combine(day.date() + DAY, datetime.min.time(), zone)
    step = -(-len(found) // 8)
    return found[:: step or 1]


def _by_step(counts: Sequence[TrendCount], begins: datetime, bars: int, step: int) -> tuple[list[int], list[float]]:
    """Return posts seen and usual for each bar.

    Ticks without posts are not stored: what is usual in a source is drawn on as it was last known.
    """
    seen, usual = [0] * bars, [0.0] * bars
    by_source: dict[str, dict[int, float]] = {}
    for count in counts:
        tick = (from_text(count.tick) - begins) // TICK
        seen[tick // step] += count.posts
        if count.expected is not None:
            by_source.setdefault(count.source, {})[tick] = count.expected
    for known in by_source.values():
        last = next(iter(known.values()))
        for tick in range(bars * step):
            last = known.get(tick, last)
            usual[tick // step] += last
    return seen, usual


def _bars(values: Sequence[int], highest: float) -> str:
    """Return bars with a little room between them; one post is seen, however many the highest is."""
    path = f"M0 {HEIGHT}"
    for value in values:
        height = max(1, round(HEIGHT * value / highest)) if value else 0
        path += f"h.1v-{height}h.8v{height}h.1" if height else "h1"
    return path


def _line(values: Sequence[float], highest: float) -> str:
    """Return a line with a step for each change; what is less than a pixel is none."""
    heights = [round(HEIGHT - HEIGHT * value / highest) for value in values]
    path = f"M0 {heights[0]}"
    for place, (height, following) in enumerate(pairwise(heights), 1):
        if following != height:
            path += f"H{place}V{following}"
    return f"{path}H{len(heights)}"


def _moment(moment: datetime, near: datetime) -> str:
    """Return a time of day, with its day when that is another one than the one it is near."""
    return hour_text(moment) if moment - near < DAY else day_text(moment)
