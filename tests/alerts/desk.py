"""An operator whose alerts go to a loopback Telegram, with a clock that only sleeping and the test move."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.alerts.delivering import Delivering
from tests.installation import telegram_settings
from tests.servers import TelegramServer
from trendspark_cli.base.models import Alert


class Desk(Delivering):
    """Queue alerts, deliver them, look at both ends."""

    def __init__(self, home: Path, server: TelegramServer, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(home, telegram_settings(server, HTTP_TIMEOUT="1s", **(settings or {})))
        self.server = server
        server.clock = lambda: self.now.timestamp()

    def queue(self, *names: str, category: Any = "job_alert", **fields: Any) -> None:
        """Decide alerts, one after the other."""
        store = self.store()
        muted = self.installation().settings.alerts_are_muted
        with store.transaction():
            for name in names:
                alert = Alert(name, category, f"title of {name}", f"<b>text of {name}</b>", **fields)
                store.notifications.queue(alert, self.now, muted=muted)
        store.close()

    def statuses(self) -> dict[str, str]:
        """The status of each alert by its key."""
        rows = self.rows("SELECT dedupe_key, status FROM notifications ORDER BY id")
        return {row["dedupe_key"]: row["status"] for row in rows}

    def counted(self, status: str) -> float:
        """How many alerts the metrics say ended like this."""
        rows = self.rows("SELECT labels, value FROM metric_totals WHERE name = 'trendspark_alert_delivery_total'")
        return float(sum(row["value"] for row in rows if f'"status":"{status}"' in row["labels"]))
