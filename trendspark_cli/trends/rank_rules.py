"""When trends open and close: rank's rules, made of settings, a calibration and people's verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from trendspark_cli.base.clock import from_text
from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.setting_values import AMOUNT, HOURS, ValueReader
from trendspark_cli.base.settings import Settings
from trendspark_cli.ranking.bursts.daily_peaks import OPENS_AT
from trendspark_cli.ranking.lifecycle.feedback import FORGOTTEN_SECONDS, Verdict, opening_threshold
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, TopicStory
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.trends import Calibration, TrendVerdict
from trendspark_cli.trends.threshold import threshold_in_use

FALSE_ALARMS, COOLDOWN = "ALERT_FALSE_ALARMS_PER_DAY", "ALERT_COOLDOWN_HOURS"
NOISE = "noise"


class Experience(NamedTuple):
    """What an installation has learnt: its newest calibration, and people's verdicts on trends."""

    calibration: Calibration | None = None
    verdicts: tuple[Verdict, ...] = ()


def experience(store: Store, now: datetime) -> Experience:
    """Return the newest calibration and all verdicts that still count."""
    verdicts = store.trends.verdicts(now - timedelta(seconds=FORGOTTEN_SECONDS))
    return Experience(store.calibrations.last(), tuple(_verdict(verdict) for verdict in verdicts))


def lifecycle_rules(settings: Settings, learnt: Experience) -> LifecycleRules:
    """Return when trends open and close under these settings."""
    return LifecycleRules(
        threshold_in_use(settings, learnt.calibration),
        cooldown=settings.alert_cooldown,
        verdicts=learnt.verdicts,
        false_alarms_per_day=settings.alert_false_alarms_per_day,
        kinds=settings.trend_kinds,
    )


def reason_of_trend(store: Store, trend: AnyTrend) -> str:
    """Return in a few words where the threshold of a trend came from, when it opened."""
    calibration = store.calibrations.last(trend.opened_at)
    reason = "the default" if calibration is None else f"calibrated {calibration.made_at[:10]}"
    if isinstance(trend.story, VolumeStory | SilenceStory):
        return f"{OPENS_AT:g} deviations beyond what is usual for a day's largest"
    if not isinstance(trend.story, TopicStory):
        return reason
    since = trend.opened_at - timedelta(seconds=FORGOTTEN_SECONDS)
    verdicts = [_verdict(verdict) for verdict in store.trends.verdicts(since)]
    is_raised = opening_threshold(0.0, verdicts, trend.story.terms, int(trend.opened_at.timestamp())) > 0.0
    return f"{reason}, raised by a trend of its terms that was marked as noise" if is_raised else reason


def changed_rules(
    settings: Settings, learnt: Experience, changes: Sequence[str], option: str, *, are_posts_forecast: bool = True
) -> LifecycleRules:
    """Return the rules of these settings with `NAME=VALUE` changes; raise UsageError for what changes nothing."""
    threshold = None
    for change in changes:
        name, _, value = change.partition("=")
        if name not in ("threshold", COOLDOWN, FALSE_ALARMS):
            raise UsageError(f"{option} {change!r}: expected threshold=N, {COOLDOWN}=N or {FALSE_ALARMS}=N")
        read = _read(name, value)
        if read is None or (name == "threshold" and not read):
            least = "above 0" if name == "threshold" else "0 or more"
            raise UsageError(f"{option} {change!r}: expected a number, {least}, such as {name}=7")
        if isinstance(read, timedelta):
            settings = replace(settings, alert_cooldown=read)
        elif name == "threshold":
            threshold = read
        elif learnt.calibration is None and not are_posts_forecast:
            raise UsageError(
                f"{option} {change!r}: without a calibration no threshold follows from it",
                hint="run `trendspark calibrate` first",
            )
        else:
            settings = replace(settings, alert_false_alarms_per_day=read)
    rules = lifecycle_rules(settings, learnt)
    return rules if threshold is None else rules._replace(threshold=threshold)


def _read(name: str, value: str) -> float | timedelta | None:
    """Return a number of 0 or more, as settings of ranking are, or the hours it counts; None for anything else."""
    reader: ValueReader[float] | ValueReader[timedelta] = HOURS if name == COOLDOWN else AMOUNT
    try:
        return reader.read(value)
    except ValueError:
        return None


def _verdict(verdict: TrendVerdict) -> Verdict:
    at = int(from_text(verdict.marked_at).timestamp())
    return Verdict(verdict.trend_id, verdict.terms, verdict.score, at, verdict.mark == NOISE)
