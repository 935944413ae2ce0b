"""Alerts in the outbox, the state of channels, and what is wrong at the moment."""

from typing import NamedTuple

from trendspark_cli.store.rows.column_kinds import Time, Word

HELD = "held by QUIET_HOURS"  # what stands as the error of an alert that waits for people to wake up


class AlertRow(NamedTuple):
    """An alert with all that is stored of it."""

    id: int
    dedupe_key: str
    channel: Word
    category: Word
    action: Word
    reply_to: str | None
    trend_id: int | None
    title: str
    body: str
    strength: float
    status: Word
    attempts: int
    next_attempt_at: Time | None
    lease: Time | None
    parts_sent: int
    message_id: str | None
    error: str | None
    created_at: Time
    sent_at: Time | None


class ListedAlert(NamedTuple):
    """An alert without its body, as lists show it."""

    id: int
    created_at: str
    category: str
    title: str
    status: str
    attempts: int
    next_attempt_at: str | None
    sent_at: str | None
    error: str | None
    trend_id: int | None
    dedupe_key: str
    channel: str
    action: str
    message_id: str | None


class AlertOutcome(NamedTuple):
    """What became of an alert."""

    id: int
    title: str
    status: str
    sent_at: str | None
    error: str | None


class SentMessage(NamedTuple):
    """The status of an alert, and the channel's id of its message once it has one."""

    status: str
    message_id: str | None


class ApiErrors(NamedTuple):
    """Server errors and lost answers of one endpoint; `status` is the last one, None when no answer came."""

    service: str
    endpoint: str
    failures: int
    status: int | None


class QueuedAlert(NamedTuple):
    """An alert as it waits in the outbox."""

    id: int
    dedupe_key: str
    category: str
    action: str
    reply_to: str | None
    title: str
    body: str
    strength: float
    attempts: int
    parts_sent: int
    message_id: str | None
    created_at: str
    error: str | None = None  # why it was not sent yet


class ChannelState(NamedTuple):
    """What is remembered of a channel between processes; `recent_sends` are epoch seconds of the last minute."""

    channel: str
    paused_until: str | None = None
    failures: int = 0  # in a row, certain or not
    migrated_chat_id: str | None = None
    last_error: str | None = None
    refusal: int | None = None  # exit code of what the channel said of itself, while it takes nothing
    recent_sends: tuple[float, ...] = ()
    updates_read: str | None = None  # number and time of the last update of what people do there


class Incident(NamedTuple):
    """Something that is wrong for a while: opened once, counted, told, resolved."""

    key: str
    opened_at: str
    failures: int = 0
    last_seen_at: str | None = None
    alerted_at: str | None = None
