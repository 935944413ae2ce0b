"""The outbox: alerts that wait, were sent, or never will be; the state of channels; incidents that last a while."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.models import OPERATIONS, Alert
from trendspark_cli.kinds.channels import CHANNELS, stored_key
from trendspark_cli.store.rows.outbox import (
    HELD,
    AlertOutcome,
    AlertRow,
    ApiErrors,
    ChannelState,
    Incident,
    ListedAlert,
    QueuedAlert,
    SentMessage,
)
from trendspark_cli.store.tables.connection import RECORDS, Connection

COUNTED_AHEAD = timedelta(days=3)  # a clock that is a day back must not send a day's alerts twice


class Notifications:
    """Alerts by status: `pending sending sent digested dead expired muted`."""

    def __init__(self, connection: Connection, channels: Sequence[str], operations: Sequence[str]) -> None:
        self._db = connection
        self._sql = connection.queries("outbox")
        self._channels = channels
        self._operations = operations

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the channels that alerts are queued for."""
        return tuple(self._channels)

    def queue(self, alert: Alert, now: datetime, *, muted: bool, channels: Iterable[str] | None = None) -> bool:
        """Add an alert for each channel, its own, or these, unless its key is known there; tell whether any was new."""
        status = "muted" if muted else "pending"
        added = 0
        if channels is None:
            channels = self._operations if alert.category in OPERATIONS else self._channels
        for channel in (alert.channel,) if alert.channel else channels:
            own = {"channel": channel, "dedupe_key": stored_key(channel, alert.dedupe_key)}
            row = {**alert._asdict(), **own, "status": status, "now": to_text(now)}
            added += self._db.execute(self._sql["queue"], row).rowcount
        return added > 0

    def due(self, channel: str, now: datetime) -> list[QueuedAlert]:
        """Return what may be sent now, in the order it was decided."""
        return self._queued(channel, "due", {"channel": channel, "now": to_text(now)})

    def waiting(self, channel: str) -> list[QueuedAlert]:
        """Return everything that waits, due or not, in the order it was decided."""
        return self._queued(channel, "waiting", {"channel": channel})

    def _queued(self, channel: str, name: str, values: dict[str, str]) -> list[QueuedAlert]:
        """Return alerts of a channel under the keys they were queued by."""
        suffix = stored_key(channel, "")
        found = self._db.records(QueuedAlert, self._sql[name], values)
        return [alert._replace(dedupe_key=alert.dedupe_key.removesuffix(suffix)) for alert in found]

    def claim(self, alert_id: int, lease_until: datetime) -> bool:
        """Take an alert for sending; False when another process has it."""
        return self._db.execute(self._sql["claim"], {"id": alert_id, "lease": to_text(lease_until)}).rowcount == 1

    def reclaim(self, channel: str, now: datetime) -> list[str]:
        """Give back claims whose lease ended; return their categories. Their messages may have arrived."""
        given_up = {"channel": channel, "now": to_text(now), "error": "its process died while it was sent"}
        self._db.execute(self._sql["give_up_pictures"], given_up)
        rows = self._db.rows(self._sql["reclaim"], {"channel": channel, "now": to_text(now)})
        return [row["category"] for row in rows]

    def note_part(self, alert_id: int, parts_sent: int, message_id: str | None, lease_until: datetime) -> None:
        """Remember how much of a long message has gone out."""
        row = {"id": alert_id, "parts_sent": parts_sent, "message_id": message_id, "lease": to_text(lease_until)}
        self._db.execute(self._sql["part_sent"], row)

    def mark(
        self,
        alert_id: int,
        status: str,
        *,
        error: str | None = None,
        message_id: str | None = None,
        sent_at: datetime | None = None,
    ) -> None:
        """Give an alert its final status."""
        moment = None if sent_at is None else to_text(sent_at)
        row = {"id": alert_id, "status": status, "error": error, "message_id": message_id, "sent_at": moment}
        self._db.execute(self._sql["mark"], row)

    def put_back(self, alert_id: int, next_attempt_at: datetime, error: str) -> None:
        """Let an alert wait for another try."""
        row = {"id": alert_id, "next_attempt_at": to_text(next_attempt_at), "error": error}
        self._db.execute(self._sql["put_back"], row)

    def note_crash(self, alert_id: int, now: datetime) -> int:
        """Count a bug in sending an alert; return how many there were."""
        [row] = self._db.rows(self._sql["note_crash"], {"id": alert_id, "now": to_text(now)})
        return int(row["crashes"])

    def crashing(self) -> int:
        """Return how many alerts wait although sending them ran into a bug."""
        return int(self._db.value(self._sql["crashing"]))

    def message_of(self, dedupe_key: str, channel: str = "") -> SentMessage | None:
        """Return what became of the alert with this key in a channel, or in the first that has it; or None."""
        keys = [
            stored_key(name, dedupe_key)
            for name in ([channel] if channel else {**CHANNELS, **dict.fromkeys(self._channels)})
        ]
        return next(iter(self._db.records(SentMessage, self._sql["message_of"], {"keys": json.dumps(keys)})), None)

    def channels_of(self, dedupe_key: str) -> tuple[str, ...]:
        """Return those of the channels that the alert with this key was queued for."""
        keys = {stored_key(channel, dedupe_key): channel for channel in self._channels}
        rows = self._db.rows(self._sql["channels_of"], {"keys": json.dumps(list(keys))})
        found = {keys[row["dedupe_key"]] for row in rows}
        return tuple(channel for channel in self._channels if channel in found)

    def sent_today(self, channel: str, day: str) -> int:
        """Return how many trend alerts went out since *day* (YYYY-MM-DD) began; those far in the future did not."""
        values = {"channel": channel, "day": day, "latest": to_text(from_text(day) + COUNTED_AHEAD)}
        return int(self._db.value(self._sql["sent_today"], values))

    def listing(self, limit: int, status: str | None = None, channel: str | None = None) -> list[ListedAlert]:
        """Return alerts, newest first, without their bodies."""
        values = {"limit": limit, "status": status, "channel": channel}
        return self._db.records(ListedAlert, self._sql["listing"], values)

    def of_trend(self, trend_id: int) -> list[AlertOutcome]:
        """Return what became of the alerts of a trend, the first 50, oldest first."""
        sql = "SELECT id, title, status, sent_at, error FROM notifications WHERE trend_id = ? ORDER BY id LIMIT 50"
        return self._db.records(AlertOutcome, sql, (trend_id,))

    def get(self, alert_id: int) -> AlertRow | None:
        """Return one alert whole, or None."""
        sql = "SELECT * FROM notifications WHERE id = ?"
        return next(iter(self._db.records(AlertRow, sql, (alert_id,))), None)

    def revive(self, alert_id: int | None, now: datetime) -> int:
        """Make a dead alert, or all of them, wait again; return how many."""
        self._db.execute(self._sql["forget_crashes"], {"id": alert_id})
        return self._db.execute(self._sql["revive"], {"id": alert_id, "now": to_text(now)}).rowcount

    def drop(self, alert_id: int | None) -> int:
        """Give up a waiting or dead alert, or all of them; return how many."""
        return self._db.execute(self._sql["drop"], {"id": alert_id}).rowcount

    def backlog(self) -> dict[str, int]:
        """Return how many alerts are in each status."""
        rows = self._db.rows("SELECT status, count(*) AS alerts FROM notifications GROUP BY status")
        return {row["status"]: row["alerts"] for row in rows}

    def oldest_pending(self) -> datetime | None:
        """Return the time at which the oldest waiting alert was queued; what is held by QUIET_HOURS may wait."""
        value = self._db.value(self._sql["oldest_pending"], {"held": HELD})
        return None if value is None else from_text(value)


class Channels:
    """What is remembered of each channel between processes."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("outbox")

    def get(self, channel: str) -> ChannelState:
        """Return the state of a channel; one never used is in no pause."""
        self._db.hold(RECORDS)
        rows = self._db.rows("SELECT * FROM channel_states WHERE channel = ?", (channel,))
        if not rows:
            return ChannelState(channel)
        return ChannelState(**{**rows[0], "recent_sends": tuple(json.loads(rows[0]["recent_sends"]))})

    def save(self, state: ChannelState) -> None:
        """Store the state of a channel."""
        self._db.execute(self._sql["save_channel"], {**state._asdict(), "recent_sends": json.dumps(state.recent_sends)})


class Incidents:
    """What is wrong at the moment, across processes."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._sql = connection.queries("outbox")

    def open_ones(self, prefix: str) -> list[Incident]:
        """Return open incidents whose key begins with *prefix*."""
        self._db.hold(RECORDS)
        sql = "SELECT * FROM incidents WHERE substr(key, 1, ?) = ?"
        return self._db.records(Incident, sql, (len(prefix), prefix))

    def save(self, incident: Incident) -> None:
        """Store an incident."""
        self._db.execute(self._sql["save_incident"], incident._asdict())

    def close(self, key: str) -> None:
        """Forget an incident that is over."""
        self._db.execute("DELETE FROM incidents WHERE key = ?", (key,))

    def api_errors(self, since: datetime) -> Sequence[ApiErrors]:
        """Return the server errors and lost answers since the minute of *since*, the worst endpoint first."""
        return self._db.records(ApiErrors, self._sql["api_errors"], {"since": to_text(since)[:16] + "Z"})
