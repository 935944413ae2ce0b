"""A simulation as people read it, with bars of plain characters, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from shutil import get_terminal_size
from typing import TypeVar

from trendspark_cli.backtests.simulating import Forecasts, Outcome
from trendspark_cli.backtests.volume_simulation import FiredVolume
from trendspark_cli.base.clock import duration_words, from_epoch, to_text
from trendspark_cli.base.console import Output, bar, short_time, shortened
from trendspark_cli.ranking.past import post_simulation
from trendspark_cli.ranking.past.post_simulation import FiredPost
from trendspark_cli.ranking.past.simulation import SAME_STORY, Fired, only_in_first
from trendspark_cli.ranking.posts.forecast import LEAST_MATURED
from trendspark_cli.reports.trend_words import counted, post_counts, why

COLUMNS = ("opened", "score", "delay", "trend", "posts", "expected", "authors")
LESS_NEEDED = ("authors", "expected")
POST_COLUMNS = ("opened", "score", "delay", "single post", "begins", "why", "enough")
LESS_NEEDED_OF_POSTS = ("enough", "begins")
VOLUME_COLUMNS = ("opened", "score", "delay", "volume of", "posts in 1 h", "usual peak", "authors")
PLOT_ROOM = 34  # characters beside the bars, without the columns of alerts
NARROWEST_BAR, WIDEST_BAR = 10, 60
NAMES = "AB"
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
MOST_SHOWN = 100  # trends of a table
MOST_MOVED, SHOWN_POINTS = 40, 0.05

AnyFired = TypeVar("AnyFired", bound=Fired | FiredPost | FiredVolume)


def show_outcome(outcome: Outcome, output: Output) -> None:
    """Print what would have fired, the difference of two sets of rules, and the days."""
    if output.is_json:
        output.data(outcome_json(outcome))
        return
    if not outcome.length:
        output.line(f"nothing to tell: {_span(outcome)}; the first 24 h of posts are warm-up")
        return
    days = outcome.length / timedelta(days=1)
    output.prose(f"{outcome.posts} posts in {days:.1f} days, {_span(outcome)}, after 24 h of warm-up")
    if outcome.slices:
        output.prose(f"{counted(len(outcome.slices), 'slice')}, each ranked with the 14 days before it as history")
    if outcome.forecasts is not None:
        output.prose(_forecasts_text(outcome.forecasts))
    is_compared = len(outcome.rules) > 1
    for number in range(len(outcome.rules)):
        name = f"{NAMES[number]}: " if is_compared else ""
        output.prose(f"{name}{_rules_text(outcome, number)}: {_count_text(outcome, number)}")
    if is_compared:
        _warn_of_one_threshold(outcome, output)
        show_difference(outcome, output, ("Only A", "Only B"))
        _show_moved(outcome, output)
    else:
        _show_fired(outcome.fired[0], output, "Topics that would have fired")
        if outcome.forecasts is not None and outcome.forecasts.are_ready:
            _show_fired_posts(outcome.fired_posts[0], output, "Single posts that would have fired")
        if outcome.volumes(0):
            _show_fired_volumes(outcome.volumes(0), output, "Volumes that would have fired")
    _show_days(outcome, output)


def show_difference(outcome: Outcome, output: Output, titles: tuple[str, str]) -> None:
    """Print what only one of two sets of rules opens."""
    first, second = outcome.fired
    _show_fired(only_in_first(first, second), output, titles[0])
    _show_fired(only_in_first(second, first), output, titles[1])
    if outcome.forecasts is not None and outcome.forecasts.are_ready:
        posts, others = outcome.fired_posts
        _show_fired_posts(post_simulation.only_in_first(posts, others), output, f"{titles[0]}, single posts")
        _show_fired_posts(post_simulation.only_in_first(others, posts), output, f"{titles[1]}, single posts")
    for one, other, title in ((0, 1, titles[0]), (1, 0, titles[1])):
        if only := _only_in_first(outcome.volumes(one), outcome.volumes(other)):
            _show_fired_volumes(only, output, f"{title}, volumes")


def _only_in_first(first: Sequence[FiredVolume], second: Sequence[FiredVolume]) -> list[FiredVolume]:
    """Return the trends of *first* of whose series none of *second* opened within a day."""
    opened = [(other.trend.story.series, other.trend.opened_at) for other in second]
    return [
        one
        for one in first
        if not any(
            series == one.trend.story.series and abs(at - one.trend.opened_at) <= SAME_STORY for series, at in opened
        )
    ]


def _show_moved(outcome: Outcome, output: Output) -> None:
    """Print the topics that both sets of rules open and order most differently, by what matters under each."""
    if not any(rules.interest or rules.marks for rules in outcome.rules):
        return
    moved = moved_topics(outcome)
    if not moved:
        output.line("Ordered otherwise: none")
        return
    rows = [
        [short_time(to_text(one.trend.opened_at)), shortened(one.trend.label, 48), f"{one.trend.score:.1f}"]
        + [f"{each.trend.order:.1f}" for each in (one, other)]
        for one, other in moved[:MOST_MOVED]
    ]
    if not output.is_terminal:
        output.line("Ordered otherwise:")
    output.table(("opened", "trend", "score", "A", "B"), rows, title="Ordered otherwise", texts=("trend",))
    if len(moved) > len(rows):
        output.line(f"the first {len(rows)} of {len(moved)}; --json has them all")


def moved_topics(outcome: Outcome) -> list[tuple[Fired, Fired]]:
    """Return the topics that two sets of rules open at one time and order otherwise, most differently first."""
    first, second = outcome.fired
    others = {(one.trend.opened_at, one.trend.story.terms): one for one in second}
    pairs = [(one, others.get((one.trend.opened_at, one.trend.story.terms))) for one in first]
    found = [(one, other) for one, other in pairs if other and abs(_way(one, other)) >= SHOWN_POINTS]
    return sorted(found, key=lambda pair: -abs(_way(*pair)))


def _way(one: Fired, other: Fired) -> float:
    return other.trend.order - one.trend.order


def outcome_json(outcome: Outcome) -> dict[str, object]:
    """Return the whole outcome as plain values."""
    sides = [
        {
            "threshold": rules.threshold,
            "cooldown_seconds": rules.cooldown // SECOND,
            "false_alarms_per_day": rules.false_alarms_per_day,
            "interest": [list(names) for names in rules.interest],
            "alerts_per_day": round(outcome.per_day(number), 3),
            "trends": _trends_json(outcome.fired[number], outcome.fired_posts[number], outcome.volumes(number)),
        }
        for number, rules in enumerate(outcome.rules)
    ]
    days = [
        {
            "day": date,
            "posts": day.posts,
            "best_score": round(day.best_score, 2),
            "alerts": day.fired,
            "alerts_of_single_posts": day.fired_posts,
            "alerts_of_volumes": day.fired_volumes,
        }
        for date, day in outcome.days.items()
    ]
    report: dict[str, object] = {
        "since": to_text(from_epoch(outcome.since)),
        "until": to_text(from_epoch(outcome.until)),
        "posts": outcome.posts,
        "forecasts": None if outcome.forecasts is None else _forecasts_json(outcome.forecasts),
        **sides[0],
        "days": days,
    }
    if outcome.slices:
        report["slices"] = [
            {"since": to_text(from_epoch(since)), "until": to_text(from_epoch(until)), "posts": posts}
            for since, until, posts in outcome.slices
        ]
    if len(sides) > 1:
        (first, second), (first_posts, second_posts) = outcome.fired, outcome.fired_posts
        volumes, other_volumes = outcome.volumes(0), outcome.volumes(1)
        report["compared"] = {
            **sides[1],
            "moved": [
                {
                    "opened_at": to_text(one.trend.opened_at),
                    "label": one.trend.label,
                    "score": round(one.trend.score, 2),
                }
                | {"a": round(one.trend.order, 2), "b": round(other.trend.order, 2)}
                for one, other in moved_topics(outcome)
            ],
            "only_a": _trends_json(
                only_in_first(first, second),
                post_simulation.only_in_first(first_posts, second_posts),
                _only_in_first(volumes, other_volumes),
            ),
            "only_b": _trends_json(
                only_in_first(second, first),
                post_simulation.only_in_first(second_posts, first_posts),
                _only_in_first(other_volumes, volumes),
            ),
        }
    return report


def _forecasts_json(forecasts: Forecasts) -> dict[str, object]:
    matured = {name: round(posts) for name, posts in sorted(forecasts.matured.items())}
    return {"posts_with_counters": forecasts.posts, "settled": matured, "ready_at": LEAST_MATURED}


def _trends_json(
    topics: Sequence[Fired], posts: Sequence[FiredPost], volumes: Sequence[FiredVolume]
) -> list[dict[str, object]]:
    """Return topics, single posts and volumes in the order in which they opened."""
    report = [*map(_fired_json, topics), *map(_fired_post_json, posts), *map(_fired_volume_json, volumes)]
    return sorted(report, key=lambda one: str(one["opened_at"]))


def _fired_post_json(fired: FiredPost) -> dict[str, object]:
    trend, story = fired.trend, fired.trend.story
    return {
        "opened_at": to_text(trend.opened_at),
        "kind": "post",
        "label": trend.label,
        "post": fired.name,
        "author": story.author,
        "terms": [],
        "score": round(trend.score, 2),
        "peak_score": round(fired.peak, 2),
        "observed": float(story.engagement),
        "expected": round(story.usual, 4),
        "forecast": round(story.forecast, 1),
        "enough": round(story.enough, 1),
        "window_seconds": trend.age_when_seen // SECOND,
        "authors": 1,
        "sources": dict(story.sources),
        "first_seen": to_text(trend.first_seen),
        "delay_seconds": fired.delay // SECOND,
        "why": why(trend, in_utc=True),
    }


def _fired_volume_json(fired: FiredVolume) -> dict[str, object]:
    trend, story = fired.trend, fired.trend.story
    return {
        "opened_at": to_text(trend.opened_at),
        "kind": "volume",
        "label": trend.label,
        "terms": list(story.terms),
        "score": round(trend.score, 2),
        "peak_score": round(fired.peak, 2),
        "observed": float(story.observed),
        "expected": round(story.usual_peak, 1),
        "enough": round(story.enough, 1),
        "window_seconds": story.window // SECOND,
        "authors": story.authors,
        "sources": dict(sorted(story.sources.items())),
        "first_seen": to_text(trend.first_seen),
        "delay_seconds": fired.delay // SECOND,
        "why": why(trend, in_utc=True),
    }


def _fired_json(fired: Fired) -> dict[str, object]:
    trend, story = fired.trend, fired.trend.story
    return {
        "opened_at": to_text(trend.opened_at),
        "kind": "topic",
        "label": trend.label,
        "terms": list(fired.terms),
        "score": round(trend.score, 2),
        "interest": round(trend.interest, 2),
        "peak_score": round(fired.peak, 2),
        "observed": round(story.observed, 2),
        "expected": round(story.expected, 4),
        "window_seconds": story.window // SECOND,
        "authors": story.authors,
        "sources": dict(sorted(story.sources.items())),
        "first_seen": to_text(trend.first_seen),
        "delay_seconds": fired.delay // SECOND,
    }


def _show_fired(fired: Sequence[Fired], output: Output, title: str) -> None:
    _show_strongest(fired, output, title, COLUMNS, LESS_NEEDED, _cells)


def _cells(one: Fired) -> Sequence[object]:
    story = one.trend.story
    return (shortened(one.trend.label, 48), f"{story.observed:.0f}", f"{story.expected:.2f}", story.authors)


def _show_fired_posts(fired: Sequence[FiredPost], output: Output, title: str) -> None:
    _show_strongest(fired, output, title, POST_COLUMNS, LESS_NEEDED_OF_POSTS, _post_cells)


def _post_cells(one: FiredPost) -> Sequence[object]:
    trend, story = one.trend, one.trend.story
    counts = post_counts(story, trend.age_when_seen)
    return (one.name, shortened(trend.label, 40), counts, f"{story.enough:,.0f}")


def _show_fired_volumes(fired: Sequence[FiredVolume], output: Output, title: str) -> None:
    _show_strongest(fired, output, title, VOLUME_COLUMNS, LESS_NEEDED, _volume_cells)


def _volume_cells(one: FiredVolume) -> Sequence[object]:
    story = one.trend.story
    return (shortened(one.trend.label, 40), story.observed, f"{story.usual_peak:.0f}", story.authors)


def _show_strongest(
    fired: Sequence[AnyFired],
    output: Output,
    title: str,
    columns: Sequence[str],
    less_needed: Sequence[str],
    cells: Callable[[AnyFired], Sequence[object]],
) -> None:
    """Print the strongest trends in the order in which they opened: when, score and delay, and *cells* of each."""
    if not fired:
        output.line(f"{title}: none")
        return
    shown = sorted(sorted(fired, key=lambda one: -one.trend.order)[:MOST_SHOWN], key=lambda one: one.trend.opened_at)
    rows = [
        [
            short_time(to_text(one.trend.opened_at)),
            f"{one.trend.order:.1f}" + ("*" if abs(one.trend.interest) >= SHOWN_POINTS else ""),
            duration_words(one.delay),
            *cells(one),
        ]
        for one in shown
    ]
    if not output.is_terminal:
        output.line(f"{title}:")
    output.table(columns, rows, title=title, less_needed=less_needed, texts=("trend",))
    if len(fired) > len(shown):
        output.line(f"the strongest {len(shown)} of {len(fired)}; --json has them all")
    if any(abs(one.trend.interest) >= SHOWN_POINTS for one in shown):
        output.line("*: the score moved by what matters to you")


def _warn_of_one_threshold(outcome: Outcome, output: Output) -> None:
    """Say why another rate of false alarms changed nothing for topics."""
    first, second = outcome.rules
    if first.false_alarms_per_day != second.false_alarms_per_day and first.threshold == second.threshold:
        output.prose(
            "topics have the same threshold under both: ALERT_FALSE_ALARMS_PER_DAY moves it only once "
            "`trendspark calibrate` has run, and never below its least"
        )


def _show_days(outcome: Outcome, output: Output) -> None:
    """Print each day with a bar of its posts and a count of its alerts."""
    most = max((day.posts for day in outcome.days.values()), default=0)
    sides = range(len(outcome.rules))
    suffixes = [f" {NAMES[number]}" if len(outcome.rules) > 1 else "" for number in sides]
    of_posts = [f"of posts{suffix}" for suffix in suffixes] if outcome.forecasts is not None else []
    names = [*(f"alerts{suffix}" for suffix in suffixes), *of_posts]
    room = PLOT_ROOM + sum(len(name) + 2 for name in names)
    width = min(WIDEST_BAR, max(NARROWEST_BAR, get_terminal_size().columns - room))
    rows = []
    for date, day in outcome.days.items():
        alerts = [*day.fired, *(day.fired_posts if outcome.forecasts is not None else ())]
        best = f"{day.best_score:.1f}"
        rows.append((date, day.posts, bar(day.posts, most, width), best, *(number or "" for number in alerts)))
    output.table(("day", "posts", "", "best score", *names), rows, less_needed=of_posts)


def _rules_text(outcome: Outcome, number: int) -> str:
    rules = outcome.rules[number]
    text = f"threshold {rules.threshold:g}, cooldown {rules.cooldown / HOUR:g} h"
    if rules.interest:
        text += f", interest {', '.join(name for names in rules.interest for name in names)}"
    return text if outcome.forecasts is None else f"{text}, {rules.false_alarms_per_day:g} false alarms a day"


def _count_text(outcome: Outcome, number: int) -> str:
    kinds = [] if outcome.forecasts is None else [f"{len(outcome.fired_posts[number])} of them single posts"]
    if outcome.volumes(number):
        kinds.append(f"{len(outcome.volumes(number))} of them volumes")
    of_kinds = f" ({', '.join(kinds)})" if kinds else ""
    return f"{outcome.count(number)} would have fired{of_kinds}, {outcome.per_day(number):.2f} a day"


def _forecasts_text(forecasts: Forecasts) -> str:
    """Return what could be replayed of single posts, and why none when none could."""
    if not forecasts.posts:
        return "single posts: none has counters of likes, so none is forecast"
    matured = ", ".join(f"{name} {posts:.0f}" for name, posts in sorted(forecasts.matured.items())) or "none"
    if not forecasts.are_ready:
        return (
            f"single posts: {forecasts.posts} with counters, but too few were looked at again later: {matured} "
            f"of the {LEAST_MATURED} a source needs; none is forecast"
        )
    return f"single posts: {forecasts.posts} with counters; settled and learned from: {matured}"


def _span(outcome: Outcome) -> str:
    since, until = (short_time(to_text(from_epoch(moment))) for moment in (outcome.since, outcome.until))
    return f"{since} to {until}" if outcome.until else "there are no posts"
