"""An operator whose alerts are followed by pictures."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.alerts.channel_desk import ChannelDesk
from tests.builders import topic_trend
from tests.installation import telegram_settings
from tests.servers import TelegramServer
from tests.servers.hook_servers import HookServer
from tests.servers.smtp_server import SmtpServer
from trendspark_cli.alerts.trend_texts import picture_alert
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Alert
from trendspark_cli.store.open_store import open_store
from trendspark_cli.store.rows.trend_history import TrendCount

TEXT = "harbour bridge opens"


class Gallery(ChannelDesk):
    """An operator with one channel, and a trend whose curve is known."""

    def __init__(self, home: Path, server: TelegramServer | HookServer | SmtpServer) -> None:
        is_telegram = isinstance(server, TelegramServer)
        super().__init__(home, "" if is_telegram else server.address, ALERT_PICTURES="true")  # type: ignore[union-attr]
        if isinstance(server, TelegramServer):
            self.environment |= telegram_settings(server)
            server.clock = lambda: self.now.timestamp()
            self.channel = "telegram"

    def open_trend(self) -> None:
        """Have a topic open, its alert and its picture decided in one transaction."""
        store = open_store(self.installation().settings)

        def decide() -> None:
            trend = store.trends.save(topic_trend(self.now - timedelta(hours=1)))
            ticks = (to_text(trend.first_seen + timedelta(minutes=15 * place)) for place in range(3))
            counts = [TrendCount(trend.stored_id, at, "x", n, n, 1.0) for at, n in zip(ticks, (2, 12, 9), strict=True)]
            store.trend_history.save_counts(counts)
            key = f"trend:{trend.id}:open"
            alert = Alert(key, "trending_alert", "harbour bridge", TEXT, trend_id=trend.id)
            for each in (alert, picture_alert(alert)):
                store.notifications.queue(each, self.now, muted=False)

        store.write(decide)
        store.close()

    def ended(self) -> list[str]:
        """What became of the alert, and of its picture."""
        return [str(row["status"]) for row in self.rows("SELECT status FROM notifications ORDER BY id")]
