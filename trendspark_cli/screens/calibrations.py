"""A calibration as people read it, with how sure it is, and as JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trendspark_cli.backtests.calibrating import Calibrated
from trendspark_cli.base.console import Output
from trendspark_cli.ranking.bursts.thresholds import LOWEST_THRESHOLD, alarms_per_day, likely_range
from trendspark_cli.reports.trend_words import counted
from trendspark_cli.screens.simulations import outcome_json, show_difference


def show_calibrated(done: Calibrated, output: Output, *, is_dry: bool) -> None:
    """Print the threshold before and after, what it rests on, and what both would have opened."""
    if output.is_json:
        output.data(_json(done, is_dry=is_dry))
        return
    made, outcome = done.calibration, done.outcome
    before, after = (rules.threshold for rules in outcome.rules)
    cut = "; the time limit ended the last one early" if done.was_cut_short else ""
    output.prose(
        f"{made.posts} posts of {made.since[:10]} to {made.until[:10]}, shuffled {_times(made.shuffles)}: "
        f"{made.days:.1f} days without any story (seed {made.seed}{cut})"
    )
    if outcome.slices:
        told = (
            f"{counted(len(outcome.slices), 'slice')}, each shuffled and ranked with the 14 days before it as history"
        )
        output.prose(told)
    low, high = _range(done)
    noise = f", {done.noise} of them trends you marked as noise" if done.noise else ""
    output.prose(
        f"false alarms a day: {made.wanted_per_day:g} wanted; "
        f"{_rate(done, before):.2f} at the threshold before, {_rate(done, after):.2f} at the new one{noise}"
    )
    output.prose(
        f"the true rate of false alarms at the new one lies between {low:.2f} and {high:.2f} a day (90 %); "
        "what really happens comes on top"
    )
    if after == LOWEST_THRESHOLD:
        output.prose(f"{LOWEST_THRESHOLD:g} is the lowest threshold there is; these posts would need none so high")
    days = outcome.length / timedelta(days=1)
    opened = [counted(len(fired), "alert") for fired in outcome.fired]
    output.prose(f"threshold {before:g} before: {opened[0]} in the {days:.1f} days as they were")
    output.prose(f"threshold {after:g} after: {opened[1]}, {outcome.per_day(1):.2f} a day")
    expected = _rate(done, after) * days
    output.prose(f"about {expected:.1f} are to be expected by chance; `trendspark backtest` lists them all")
    show_difference(outcome, output, ("Only before", "Only after"))
    output.prose("nothing was stored: with --store it is" if is_dry else "stored: `rank` uses it from its next run on")


def _json(done: Calibrated, *, is_dry: bool) -> dict[str, Any]:
    made = done.calibration
    before, after = (rules.threshold for rules in done.outcome.rules)
    return {
        "dry_run": is_dry,
        "made_at": made.made_at,
        "since": made.since,
        "until": made.until,
        "posts": made.posts,
        "shuffles": made.shuffles,
        "seed": made.seed,
        "shuffled_days": round(made.days, 2),
        "was_cut_short": done.was_cut_short,
        "episodes": made.episodes,
        "marked_as_noise": done.noise,
        "wanted_per_day": made.wanted_per_day,
        "threshold_before": before,
        "threshold": after,
        "false_alarms_per_day_before": round(_rate(done, before), 3),
        "false_alarms_per_day": round(_rate(done, after), 3),
        "likely_range": [round(value, 3) for value in _range(done)],
        "on_the_real_history": outcome_json(done.outcome),
    }


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _rate(done: Calibrated, threshold: float) -> float:
    return alarms_per_day(done.calibration.alarms, threshold)


def _range(done: Calibrated) -> tuple[float, float]:
    return likely_range(_rate(done, done.calibration.threshold), done.calibration.days)
