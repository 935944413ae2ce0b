"""When trends open and close: rank's rules, made of settings, a calibration, profiles and people's verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from trendspark_cli.base.errors import UsageError
from trendspark_cli.base.models import Profile
from trendspark_cli.base.setting_values import AMOUNT, HOURS, INTEREST_NAMES, ValueReader
from trendspark_cli.base.settings import Settings
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.trends import Calibration, TrendVerdict
from trendspark_cli.trends.interest import dated_mark, interest_names
from trendspark_cli.trends.threshold import threshold_in_use

FALSE_ALARMS, COOLDOWN, INTEREST = "ALERT_FALSE_ALARMS_PER_DAY", "ALERT_COOLDOWN_HOURS", "INTEREST"
NOISE = "noise"


class Experience(NamedTuple):
    """What an installation has learnt: its newest calibration, its profiles, and people's verdicts on trends."""

    calibration: Calibration | None = None
    profiles: tuple[Profile, ...] = ()
    verdicts: tuple[TrendVerdict, ...] = ()


def experience(store: Store) -> Experience:
    """Return the newest calibration, the profiles of the database, and all verdicts."""
    return Experience(store.calibrations.last(), tuple(store.profiles.all()), tuple(store.trends.verdicts()))


def lifecycle_rules(settings: Settings, learnt: Experience) -> LifecycleRules:
    """Return when trends open and close under these settings, and what orders them."""
    return LifecycleRules(
        threshold_in_use(settings, learnt.calibration),
        cooldown=settings.alert_cooldown,
        silenced=frozenset(
            verdict.trend_id for verdict in learnt.verdicts if verdict.mark == NOISE and verdict.trend_id is not None
        ),
        false_alarms_per_day=settings.alert_false_alarms_per_day,
        kinds=settings.trend_kinds,
        interest=interest_names(settings, learnt.profiles),
        marks=tuple(map(dated_mark, learnt.verdicts)),
    )


def reason_of_trend(store: Store, trend: AnyTrend) -> str:
    """Return in a few words where the threshold of a trend came from, when it opened."""
    calibration = store.calibrations.last(trend.opened_at)
    if isinstance(trend.story, VolumeStory | SilenceStory):
        return f"beyond the largest of a usual day, as {FALSE_ALARMS} allows to all series together"
    return "the default" if calibration is None else f"calibrated {calibration.made_at[:10]}"


def changed_rules(
    settings: Settings, learnt: Experience, changes: Sequence[str], option: str, *, are_posts_forecast: bool = True
) -> LifecycleRules:
    """Return the rules of these settings with `NAME=VALUE` changes; raise UsageError for what changes nothing."""
    threshold = None
    for change in changes:
        name, _, value = change.partition("=")
        if name == INTEREST:
            settings, learnt = _with_interest(settings, learnt, value, option)
            continue
        if name not in ("threshold", COOLDOWN, FALSE_ALARMS):
            expected = f"threshold=N, {COOLDOWN}=N, {FALSE_ALARMS}=N or {INTEREST}=NAMES"
            raise UsageError(f"{option} {change!r}: expected {expected}")
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


def _with_interest(settings: Settings, learnt: Experience, value: str, option: str) -> tuple[Settings, Experience]:
    """Return both with other names of what matters, in the place of those of all profiles."""
    try:
        names = INTEREST_NAMES.read(value)
    except (ValueError, RecursionError):
        raise UsageError(f"{option} {INTEREST}={value!r}: expected {INTEREST_NAMES.expected}") from None
    return replace(settings, interest=names), learnt._replace(profiles=())


def _read(name: str, value: str) -> float | timedelta | None:
    """Return a number of 0 or more, as settings of ranking are, or the hours it counts; None for anything else."""
    reader: ValueReader[float] | ValueReader[timedelta] = HOURS if name == COOLDOWN else AMOUNT
    try:
        return reader.read(value)
    except ValueError:
        return None
