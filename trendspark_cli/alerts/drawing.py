"""The picture that follows an alert of a topic, drawn when it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from trendspark_cli.alerts.channel import Picture
from trendspark_cli.base.errors import ConfigError

if TYPE_CHECKING:
    from trendspark_cli.store.protocol import Store


def picture_of_alert(store: Store, alert_id: int, now: datetime) -> Picture:
    """Return the plot of the trend that an alert is about.

    Raises ConfigError when there is nothing to draw, or nothing to draw it with.
    """
    from trendspark_cli.reports.pictures import picture_of
    from trendspark_cli.reports.plots import curve_of

    row = store.notifications.get(alert_id)
    trend = store.trends.get(row.trend_id) if row is not None and row.trend_id is not None else None
    curve = None if trend is None else curve_of(trend, store.trend_history.counts(trend.stored_id), now)
    if curve is None:
        raise ConfigError("nothing was counted of the trend, or nothing is known to be usual")
    return Picture(picture_of(curve), curve.told)
