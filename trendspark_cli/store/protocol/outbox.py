"""The outbox: alerts, channels, incidents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from trendspark_cli.base.models import Alert
from trendspark_cli.store.rows.outbox import (
    AlertOutcome,
    AlertRow,
    ApiErrors,
    ChannelState,
    Incident,
    ListedAlert,
    QueuedAlert,
    SentMessage,
)


class Notifications(Protocol):
    """The outbox. A claim is an update that must change exactly one row, with a lease that gives it back."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the channels that alerts are queued for."""

    def queue(self, alert: Alert, now: datetime, *, muted: bool, channels: Iterable[str] | None = None) -> bool:
        """Add an alert for each channel, its own, or these, unless its key is known there; tell whether any was new."""

    def channels_of(self, dedupe_key: str) -> tuple[str, ...]:
        """Return those of the channels that the alert with this key was queued for."""

    def due(self, channel: str, now: datetime) -> list[QueuedAlert]:
        """Return what may be sent now, in the order it was decided."""

    def waiting(self, channel: str) -> list[QueuedAlert]:
        """Return everything that waits, due or not, in the order it was decided."""

    def claim(self, alert_id: int, lease_until: datetime) -> bool:
        """Take an alert for sending; False when another process has it."""

    def reclaim(self, channel: str, now: datetime) -> list[str]:
        """Give back claims whose lease ended, but give up pictures; return the categories of the others."""

    def note_part(self, alert_id: int, parts_sent: int, message_id: str | None, lease_until: datetime) -> None:
        """Remember how much of a long message has gone out."""

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

    def put_back(self, alert_id: int, next_attempt_at: datetime, error: str) -> None:
        """Let an alert wait for another try."""

    def note_crash(self, alert_id: int, now: datetime) -> int:
        """Count a bug in sending an alert; return how many there were."""

    def crashing(self) -> int:
        """Return how many alerts wait although sending them ran into a bug."""

    def message_of(self, dedupe_key: str, channel: str = "") -> SentMessage | None:
        """Return what became of the alert with this key in a channel, or in the first that has it; or None."""

    def sent_today(self, channel: str, day: str) -> int:
        """Return how many trend alerts went out since *day* (YYYY-MM-DD) began; those far in the future did not."""

    def listing(self, limit: int, status: str | None = None, channel: str | None = None) -> list[ListedAlert]:
        """Return alerts, newest first, without their bodies."""

    def of_trend(self, trend_id: int) -> list[AlertOutcome]:
        """Return what became of the alerts of a trend, the first 50, oldest first."""

    def get(self, alert_id: int) -> AlertRow | None:
        """Return one alert whole, or None."""

    def revive(self, alert_id: int | None, now: datetime) -> int:
        """Make a dead alert, or all of them, wait again; return how many."""

    def drop(self, alert_id: int | None) -> int:
        """Give up a waiting or dead alert, or all of them; return how many."""

    def backlog(self) -> dict[str, int]:
        """Return how many alerts are in each status."""

    def oldest_pending(self) -> datetime | None:
        """Return the time at which the oldest waiting alert was queued; what is held by QUIET_HOURS may wait."""


class Channels(Protocol):
    """What is remembered of each channel between processes."""

    def get(self, channel: str) -> ChannelState:
        """Return the state of a channel."""

    def save(self, state: ChannelState) -> None:
        """Store the state of a channel."""


class Incidents(Protocol):
    """What is wrong at the moment, across processes."""

    def open_ones(self, prefix: str) -> list[Incident]:
        """Return open incidents whose key begins with *prefix*."""

    def save(self, incident: Incident) -> None:
        """Store an incident."""

    def close(self, key: str) -> None:
        """Forget an incident that is over."""

    def api_errors(self, since: datetime) -> Sequence[ApiErrors]:
        """Return the server errors and lost answers since the minute of *since*, the worst endpoint first."""
