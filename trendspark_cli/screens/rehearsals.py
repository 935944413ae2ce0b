"""A rehearsal as people read it, with bars of plain characters, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from shutil import get_terminal_size
from typing import Any

from trendspark_cli.clock import duration_words, from_epoch, to_text
from trendspark_cli.console import Output, bar, short_time, shortened
from trendspark_cli.ranking.lifecycle import LifecycleRules
from trendspark_cli.ranking.rehearsal import Fired, only_in_first
from trendspark_cli.replaying.rehearsing import Outcome

COLUMNS = ("opened", "score", "delay", "trend", "posts", "expected", "authors")
LESS_NEEDED = ("authors", "expected")
PLOT_ROOM = 40  # characters beside the bars
NARROWEST_BAR, WIDEST_BAR = 10, 60
NAMES = "AB"
MOST_SHOWN = 100  # trends of a table


def show_outcome(outcome: Outcome, output: Output) -> None:
    """Print what would have fired, the difference of two sets of rules, and the days."""
    if output.is_json:
        output.data(outcome_json(outcome))
        return
    if not outcome.length:
        output.line(f"nothing to tell: {_span(outcome)}; the first 24 h of posts are warm-up")
        return
    output.line(f"{outcome.posts} posts in {outcome.length / timedelta(days=1):.1f} days, {_span(outcome)}")
    is_compared = len(outcome.rules) > 1
    for number, rules in enumerate(outcome.rules):
        name = f"{NAMES[number]}: " if is_compared else ""
        output.line(
            f"{name}{_rules_text(rules)}: {len(outcome.fired[number])} would have fired, "
            f"{outcome.per_day(number):.2f} a day"
        )
    if is_compared:
        show_difference(outcome, output, ("Only A", "Only B"))
    else:
        _show_fired(outcome.fired[0], output, "Would have fired")
    _show_days(outcome, output)


def show_difference(outcome: Outcome, output: Output, titles: tuple[str, str]) -> None:
    """Print what only one of two sets of rules opens."""
    first, second = outcome.fired
    _show_fired(only_in_first(first, second), output, titles[0])
    _show_fired(only_in_first(second, first), output, titles[1])


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return all of it as plain values."""
    sides = [
        {
            "threshold": rules.threshold,
            "cooldown_seconds": rules.cooldown_seconds,
            "alerts_per_day": round(outcome.per_day(number), 3),
            "trends": [_fired_json(one) for one in outcome.fired[number]],
        }
        for number, rules in enumerate(outcome.rules)
    ]
    days = [
        {"day": date, "posts": day.posts, "best_score": round(day.best_score, 2), "alerts": day.fired}
        for date, day in outcome.days.items()
    ]
    told = {
        "since": to_text(from_epoch(outcome.since)),
        "until": to_text(from_epoch(outcome.until)),
        "posts": outcome.posts,
        **sides[0],
        "days": days,
    }
    if len(sides) > 1:
        first, second = outcome.fired
        told["compared"] = {
            **sides[1],
            "only_a": [_fired_json(one) for one in only_in_first(first, second)],
            "only_b": [_fired_json(one) for one in only_in_first(second, first)],
        }
    return told


def _fired_json(fired: Fired) -> dict[str, Any]:
    trend = fired.trend
    return {
        "opened_at": to_text(from_epoch(fired.at)),
        "label": trend.label,
        "terms": list(fired.terms),
        "score": round(trend.score, 2),
        "peak_score": round(fired.peak, 2),
        "observed": round(trend.observed, 2),
        "expected": round(trend.expected, 4),
        "window_seconds": trend.window_seconds,
        "authors": trend.authors,
        "sources": dict(sorted(trend.sources.items())),
        "first_seen": to_text(from_epoch(trend.first_seen)),
        "delay_seconds": fired.delay_seconds,
    }


def _show_fired(fired: Sequence[Fired], output: Output, title: str) -> None:
    if not fired:
        output.line(f"{title}: none")
        return
    shown = sorted(sorted(fired, key=lambda one: -one.trend.score)[:MOST_SHOWN], key=lambda one: one.at)
    rows = [
        (
            short_time(to_text(from_epoch(one.at))),
            f"{one.trend.score:.1f}",
            duration_words(timedelta(seconds=one.delay_seconds)),
            shortened(one.trend.label, 48),
            f"{one.trend.observed:.0f}",
            f"{one.trend.expected:.2f}",
            one.trend.authors,
        )
        for one in shown
    ]
    if not output.is_terminal:
        output.line(f"{title}:")
    output.table(COLUMNS, rows, title=title, less_needed=LESS_NEEDED)
    if len(fired) > len(shown):
        output.line(f"the strongest {len(shown)} of {len(fired)}; --json has them all")


def _show_days(outcome: Outcome, output: Output) -> None:
    """Print each day with a bar of its posts and a mark for each alert."""
    width = min(WIDEST_BAR, max(NARROWEST_BAR, get_terminal_size().columns - PLOT_ROOM))
    most = max((day.posts for day in outcome.days.values()), default=0)
    names = [f"alerts {NAMES[number]}" if len(outcome.rules) > 1 else "alerts" for number in range(len(outcome.rules))]
    rows = [
        (date, day.posts, bar(day.posts, most, width), f"{day.best_score:.1f}", *(n or "" for n in day.fired))
        for date, day in outcome.days.items()
    ]
    output.table(("day", "posts", "", "best score", *names), rows)


def _rules_text(rules: LifecycleRules) -> str:
    return f"threshold {rules.threshold:g}, cooldown {rules.cooldown_seconds / 3600:g} h"


def _span(outcome: Outcome) -> str:
    since, until = (short_time(to_text(from_epoch(moment))) for moment in (outcome.since, outcome.until))
    return f"{since} to {until}" if outcome.until else "there are no posts"
