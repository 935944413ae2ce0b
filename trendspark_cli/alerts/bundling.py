"""What would be a late, a heavy or a nightly burst of messages becomes one; nothing of it goes missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from trendspark_cli.alerts.about import DIGESTS
from trendspark_cli.alerts.alert_texts import digest_alert, late_alert, night_alert
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.models import Alert
from trendspark_cli.base.quiet_hours import QuietHours
from trendspark_cli.kinds.message_forms import MessageForm
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.outbox import HELD, QueuedAlert

MOST_SINGLE_ALERTS = 10  # more than that waiting become one digest
DISTURBING = ("trending_alert", "daily_ideas")  # what can wait until people are awake


@dataclass(frozen=True)
class DeliveryRules:
    """What the settings say of delivery. Times of `quiet` are those of `zone`."""

    recency: timedelta
    most_per_day: int
    is_enabled: bool
    quiet: QuietHours | None = None
    zone: tzinfo | None = None

    def holds(self, alert: QueuedAlert, now: datetime) -> bool:
        """Tell whether an alert has to wait until the quiet hours are over."""
        if self.quiet is None or self.zone is None or alert.category not in DISTURBING:
            return False
        return now < self.quiet.last_span(now, self.zone).ends

    def was_held(self, alert: QueuedAlert, now: datetime) -> bool:
        """Tell whether an alert had to wait for the end of quiet hours, or would have, had somebody looked."""
        if alert.error == HELD or self.quiet is None or self.zone is None:
            return alert.error == HELD
        span = self.quiet.last_span(now, self.zone)
        return span.begins - self.recency <= from_text(alert.created_at) < span.ends


class Bundling:
    """One look at what waits for one channel, inside a transaction; *set_aside* marks an alert and counts it."""

    def __init__(
        self,
        store: Store,
        channel: str,
        form: MessageForm,
        rules: DeliveryRules,
        now: datetime,
        set_aside: Callable[[QueuedAlert, str, str], None],
    ) -> None:
        self._store = store
        self._channel = channel
        self._form = form
        self._rules = rules
        self._now = now
        self._set_aside = set_aside

    def run(self) -> None:
        """Bundle what waits; what waits for people to wake up is left alone."""
        if not self._rules.is_enabled:
            self._all_aside(self._waiting(), "muted", "ENABLE_REALTIME_ALERTS is false")
            return
        self._hold()
        trends = [alert for alert in self._waiting() if alert.category == "trending_alert" and not _is_digest(alert)]
        held = [alert for alert in trends if self._rules.was_held(alert, self._now)]
        self._tell_of_night(held)
        rest = [alert for alert in trends if alert not in held]
        late = [a for a in rest if self._now - from_text(a.created_at) > self._rules.recency]
        self._all_aside(late, "expired", "too late to be news")
        if openings := [alert for alert in late if alert.reply_to is None]:
            titles = [alert.title for alert in openings]
            self._queue(late_alert(f"late:{openings[0].id}-{openings[-1].id}", titles))
        self._keep_strongest([alert for alert in rest if alert not in late and alert.reply_to is None])
        waiting = self._waiting()
        if len(waiting) > MOST_SINGLE_ALERTS:
            self._all_aside(waiting, "digested", "more than ten were waiting")
            heading = f"{len(waiting)} alerts were waiting"
            titles = [alert.title for alert in waiting]
            self._queue(digest_alert(f"digest:{waiting[0].id}-{waiting[-1].id}", heading, titles))

    def _waiting(self) -> list[QueuedAlert]:
        """Return what waits, but for pictures and what has to wait until people are awake."""
        found = self._store.notifications.waiting(self._channel)
        return [alert for alert in found if alert.action != "picture" and not self._rules.holds(alert, self._now)]

    def _hold(self) -> None:
        """Write down what has to wait for the end of the quiet hours."""
        for alert in self._store.notifications.waiting(self._channel):
            if alert.error != HELD and self._rules.holds(alert, self._now):
                self._store.notifications.put_back(alert.id, self._now, HELD)

    def _tell_of_night(self, held: Sequence[QueuedAlert]) -> None:
        """Put one message in the place of all that was held; a change of a message that stands there is made."""
        bundled = [alert for alert in held if not self._changes_a_message(alert)]
        for alert in held:
            if alert not in bundled:
                self._store.notifications.put_back(alert.id, self._now, "")
        if bundled:
            self._all_aside(bundled, "digested", "QUIET_HOURS")
            last = {alert.reply_to or alert.dedupe_key: alert for alert in bundled}  # one line for each trend
            titles = [alert.title + (", over" if alert.action == "edit" else "") for alert in last.values()]
            self._queue(night_alert(f"quiet:{bundled[0].id}-{bundled[-1].id}", titles))

    def _changes_a_message(self, alert: QueuedAlert) -> bool:
        if alert.action != "edit" or alert.reply_to is None or not self._form.can_edit:
            return False
        parent = self._store.notifications.message_of(alert.reply_to, self._channel)
        return parent is not None and parent.status == "sent"

    def _keep_strongest(self, openings: Sequence[QueuedAlert]) -> None:
        """Keep as many trend alerts as the day has left, the strongest; the others become one digest."""
        day = to_text(self._now)[:10]
        left = self._rules.most_per_day - self._store.notifications.sent_today(self._channel, day)
        surplus = sorted(openings, key=lambda alert: -alert.strength)[max(0, left) :]
        self._all_aside(surplus, "digested", "ALERT_MAX_PER_DAY")
        if surplus:
            heading = f"{len(surplus)} more trend{'s' if len(surplus) > 1 else ''} today, beyond ALERT_MAX_PER_DAY"
            self._queue(digest_alert(f"surplus:{day}:{surplus[0].id}", heading, [alert.title for alert in surplus]))

    def _all_aside(self, alerts: Sequence[QueuedAlert], status: str, why: str) -> None:
        for alert in alerts:
            self._set_aside(alert, status, why)

    def _queue(self, alert: Alert) -> None:
        """Queue an alert about alerts, for this channel alone."""
        self._store.notifications.queue(alert._replace(channel=self._channel), self._now, muted=False)


def _is_digest(alert: QueuedAlert) -> bool:
    return alert.dedupe_key.startswith(DIGESTS)
