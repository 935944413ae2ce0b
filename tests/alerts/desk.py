"""An operator whose alerts go to a loopback Telegram, with a clock that only sleeping and the test move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.ingest.operator import Operator
from tests.servers import TelegramServer
from tests.servers.telegram_server import CHAT, TOKEN
from trendspark_cli.alerts.delivery import Delivery
from trendspark_cli.app.job_bodies import delivery_rules
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.models import Alert, RunResult
from trendspark_cli.running.job_context import JobContext


@dataclass
class Desk:
    """Queue alerts, deliver them, look at both ends."""

    home: Path
    server: TelegramServer
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        environment = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_CHAT_ID": str(CHAT),
            "TELEGRAM_API_BASE_URL": self.server.url,
            "HTTP_TIMEOUT": "1s",
            **self.settings,
        }
        self.operator = Operator(self.home, environment)
        self.server.clock = lambda: self.now.timestamp()

    @property
    def now(self) -> datetime:
        """The simulated time."""
        return self.operator.now

    def later(self, **time: float) -> None:
        """Move the clock on."""
        self.operator.later(**time)

    def queue(self, *names: str, category: Any = "job_alert", **fields: Any) -> None:
        """Decide alerts, one after the other."""
        store = self.operator.store()
        muted = self.operator.installation().settings.alerts_are_muted
        with store.transaction():
            for name in names:
                alert = Alert(name, category, f"title of {name}", f"<b>text of {name}</b>", **fields)
                store.notifications.queue(alert, self.now, muted=muted)
        store.close()

    def deliver(self) -> RunResult:
        """Run `deliver` as cron does, in simulated time."""
        here = self.operator.installation()

        def body(job: JobContext) -> None:
            [notifier] = Wired(here.settings, job).notifiers()
            clock = lambda: self.now  # noqa: E731 - the whole point is to read it anew
            Delivery(job, notifier, delivery_rules(here.settings), clock, lambda s: self.later(seconds=s)).run()

        return here.runner().run("deliver", body)

    def every_minute(self, minutes: int) -> list[int]:
        """Run `deliver` each minute; return the exit codes."""
        codes = []
        for _ in range(minutes):
            codes.append(self.deliver().exit_code)
            self.later(seconds=60 - self.now.second)
        return codes

    def statuses(self) -> dict[str, str]:
        """The status of each alert by its key."""
        rows = self.operator.rows("SELECT dedupe_key, status FROM notifications ORDER BY id")
        return {row["dedupe_key"]: row["status"] for row in rows}

    def counted(self, status: str) -> float:
        """How many alerts the metrics say ended like this."""
        rows = self.operator.rows(
            "SELECT labels, value FROM metric_totals WHERE name = 'trendspark_alert_delivery_total'"
        )
        return float(sum(row["value"] for row in rows if f'"status":"{status}"' in row["labels"]))
