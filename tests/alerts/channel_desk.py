"""An operator with one named channel, and a clock that only sleeping and the test move."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tests.alerts.delivering import Delivering
from trendspark_cli.base.models import Alert
from trendspark_cli.store.open_store import open_store

CHANNEL = "desk"


class ChannelDesk(Delivering):
    """Queue alerts for the channel `desk`, deliver them, look at what is stored."""

    def __init__(self, home: Path, address: str, **settings: str) -> None:
        super().__init__(home, {"ALERT_URL_DESK": address, "HTTP_TIMEOUT": "1s", **settings})
        self.channel = CHANNEL

    def queue(self, *names: str, category: Any = "job_alert", text: str = "", **fields: Any) -> None:
        """Decide alerts, one after the other."""
        store = open_store(self.installation().settings)
        for name in names:
            alert = Alert(name, category, f"title of {name}", text or f"<b>text of {name}</b>", **fields)
            store.write(partial(store.notifications.queue, alert, self.now, muted=False))
        store.close()

    def statuses(self) -> dict[str, str]:
        """The status of each alert by the key it was queued by."""
        rows = self.rows("SELECT dedupe_key, status FROM notifications ORDER BY id")
        return {row["dedupe_key"].removesuffix(f"#{CHANNEL}"): row["status"] for row in rows}

    def counted(self, status: str) -> float:
        """How many alerts the metrics say ended like this in this channel."""
        rows = self.rows("SELECT labels, value FROM metric_totals WHERE name = 'trendspark_alert_delivery_total'")
        here = (f'"status":"{status}"', f'"channel":"{self.channel}"')
        return float(sum(row["value"] for row in rows if all(part in row["labels"] for part in here)))

    def paused_seconds(self) -> float:
        """How long the channel is left alone from now on."""
        [until] = self.values("SELECT paused_until FROM channel_states")
        return (datetime.fromisoformat(until) - self.now).total_seconds()
