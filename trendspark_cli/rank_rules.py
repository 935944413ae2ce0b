"""When trends open and close: rank's rules, made of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trendspark_cli.errors import UsageError
from trendspark_cli.ranking.lifecycle import LifecycleRules
from trendspark_cli.ranking.topics import DEFAULT_THRESHOLD
from trendspark_cli.settings import Settings, specs

COOLDOWN = "ALERT_COOLDOWN_HOURS"


def lifecycle_rules(settings: Settings) -> LifecycleRules:
    """Return when trends open and close under these settings."""
    return LifecycleRules(DEFAULT_THRESHOLD, cooldown_seconds=int(settings.alert_cooldown_hours * 3600))


def changed_rules(settings: Settings, changes: Sequence[str], option: str) -> LifecycleRules:
    """Return the rules of these settings with `NAME=VALUE` changes; raise UsageError for names rank has no use for."""
    threshold = 0.0
    for change in changes:
        name, _, value = change.partition("=")
        if name not in ("threshold", COOLDOWN):
            raise UsageError(f"{option} {change!r}: expected threshold=N or {COOLDOWN}=N")
        try:
            number = specs()[COOLDOWN].parse(value)
        except ValueError:
            raise UsageError(f"{option} {change!r}: expected a number, such as {name}=7") from None
        if name == COOLDOWN:
            settings = replace(settings, alert_cooldown_hours=number)
        else:
            threshold = number
    rules = lifecycle_rules(settings)
    return replace(rules, threshold=threshold) if threshold else rules
