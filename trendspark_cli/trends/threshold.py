"""Which score opens a trend here, and why. Apart from the other rules, since these bring numpy."""

from __future__ import annotations

from trendspark_cli.base.settings import Settings
from trendspark_cli.ranking.bursts.thresholds import DEFAULT_THRESHOLD, threshold_for
from trendspark_cli.store.rows.trends import Calibration


def threshold_in_use(settings: Settings, calibration: Calibration | None) -> float:
    """Return the score that opens a trend: the calibrated one, for the false alarms a day now asked for."""
    if calibration is None:
        return DEFAULT_THRESHOLD
    return threshold_for(calibration.alarms, settings.alert_false_alarms_per_day)


def threshold_reason(settings: Settings, calibration: Calibration | None) -> str:
    """Return in a few words where the threshold comes from."""
    if calibration is None:
        return "the default; see `trendspark calibrate`"
    return (
        f"calibrated {calibration.made_at[:10]} on posts of {calibration.since[:10]} to {calibration.until[:10]} "
        f"for {settings.alert_false_alarms_per_day:g} false alarms a day"
    )
