"""Thresholds made of an operator's own posts."""

from __future__ import annotations

import json
from datetime import datetime

from trendspark_cli.base.clock import to_text
from trendspark_cli.store.rows.trends import Calibration
from trendspark_cli.store.tables.connection import Connection

LATEST = "9"  # after every time


class Calibrations:
    """The calibrations table."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("trends")

    def last(self, until: datetime | None = None) -> Calibration | None:
        """Return the newest, or the one that was the newest at a time; None when there was none."""
        rows = self._db.rows(self._sql["last_calibration"], (LATEST if until is None else to_text(until),))
        if not rows:
            return None
        row = rows[0]
        del row["id"]
        return Calibration(**{**row, "alarms": tuple((score, per_day) for score, per_day in json.loads(row["alarms"]))})

    def save(self, calibration: Calibration) -> None:
        """Store one; call inside a transaction. The oldest of more than twenty go."""
        row = {**calibration._asdict(), "alarms": json.dumps(calibration.alarms)}
        self._db.execute(self._sql["add_calibration"], row)
        self._db.execute(self._sql["forget_calibrations"])
