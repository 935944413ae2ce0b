"""The outbox at work: claim, send, mark. What is decided is delivered or visibly dead, and nothing is sent twice by us.

A message is claimed (with a lease) before it is sent and marked after the channel said ok. A crash in between may
repeat that one message; it is counted as `uncertain`, and never lost.

What a message did is held against that message (`dead`, with its reason); what a channel says of itself pauses the
channel and keeps its queue. A bug in sending one alert keeps nothing from the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from html import escape
from typing import TypeVar

from trendspark_cli.alerts.about import about_alert
from trendspark_cli.alerts.alert_texts import dead_letters_alert
from trendspark_cli.alerts.bundling import Bundling, DeliveryRules
from trendspark_cli.alerts.channel import (
    About,
    AlertCrashedError,
    ChannelBusyError,
    ChannelPausedError,
    ChannelRefused,
    ChatMovedError,
    Message,
    MessageRefusedError,
    Notifier,
    PictureNotifier,
    Sent,
    UncertainError,
    UnreadableMarkupError,
)
from trendspark_cli.alerts.drawing import picture_of_alert
from trendspark_cli.alerts.message_parts import message_parts, plain_text, rendered
from trendspark_cli.base.clock import Clock, from_text, to_text
from trendspark_cli.base.errors import ConfigError, TrendSparkError, UpstreamError
from trendspark_cli.base.log_setup import log_event
from trendspark_cli.base.metrics import ALERT_DELIVERY
from trendspark_cli.base.models import Alert
from trendspark_cli.base.redaction import redact
from trendspark_cli.running.clock_healing import heal_times
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.outbox import ChannelState, QueuedAlert, SentMessage

LEASE = timedelta(seconds=60)  # longer than one send can take
FIRST_BACK_OFF, LONGEST_BACK_OFF = timedelta(seconds=30), timedelta(minutes=30)
REFUSAL_PAUSE = timedelta(hours=1)  # of a channel that takes nothing at all: somebody has to mend that
MOST_CRASHES = 3  # of one alert; then it is set aside for a person to look at
PARENT_GONE = ("muted", "expired", "digested", "dead")

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Delivery:
    """One run over the outbox of one channel."""

    def __init__(
        self, job: JobContext, notifier: Notifier, rules: DeliveryRules, clock: Clock, sleep: Callable[[float], None]
    ) -> None:
        self._job = job
        self._store = job.store
        self._notifier = notifier
        self._form = notifier.form
        self._rules = rules
        self._clock = clock
        self._sleep = sleep

    def run(self) -> None:
        """Send what is due, in order, as fast as the channel allows; what does not fit waits for the next run.

        Raises the channel's error when it refused or failed, or AlertCrashedError for the first alert that met a bug;
        every alert has its status by then.
        """
        heal_times(self._job, self._clock())
        self._reclaim()
        state = self._state()
        if state.paused_until is not None and to_text(self._clock()) < state.paused_until:
            self._job.counts["paused_until"] = state.paused_until
            if state.refusal is not None and self._rules.is_enabled and self._has_waiting():
                raise ChannelPausedError(str(state.last_error), state.refusal, state.paused_until)
            return
        if state.refusal is not None and self._rules.is_enabled and self._has_waiting():
            self._ask_again()
        self._bundle()
        crashes: list[AlertCrashedError] = []
        for alert in self._store.notifications.due(self._notifier.name, self._clock()):
            if self._rules.holds(alert, self._clock()):
                self._job.count("held")
                continue
            if alert.action == "picture" and not self._follows(alert):
                continue
            try:
                if not self._guarded(alert, self._has_room):
                    break
                self.deliver(alert)
            except AlertCrashedError as crash:
                crashes.append(crash)
        if crashes:
            raise crashes[0]

    def deliver(self, alert: QueuedAlert) -> Sent | None:
        """Send one alert, as often and in as many parts as it takes now; None when nothing had to be sent.

        Raises what the channel answered when the alert could not be delivered in this run, AlertCrashedError for a bug.
        """
        return self._guarded(alert, self._deliver)

    def _guarded(self, alert: QueuedAlert, work: Callable[[QueuedAlert], Result]) -> Result:
        """Return what *work* gives; a bug in it is held against this alert alone.

        Raises AlertCrashedError, and our own errors as they are.
        """
        try:
            return work(alert)
        except TrendSparkError:
            raise
        except Exception as error:
            log.exception("sending alert %d ran into a bug", alert.id)
            raise self._note_crash(alert, error) from error

    def _deliver(self, alert: QueuedAlert) -> Sent | None:
        if not self._job.write(lambda: self._store.notifications.claim(alert.id, self._clock() + LEASE)):
            return None
        if alert.action == "picture":
            return self._send_picture(alert)
        try:
            sent = self._edit(alert) if alert.action == "edit" else self._send(alert, self._parent_message(alert))
        except (UpstreamError, ConfigError) as error:
            self._note_failure(alert, error)
            if isinstance(error, MessageRefusedError):
                return None  # this message only: the others may go on
            raise
        self._note_success(alert, sent)
        return sent

    def _note_success(self, alert: QueuedAlert, sent: Sent | None) -> None:
        """Write down that an alert was sent, or that there was nothing to send any more."""

        def note() -> None:
            status = "sent" if sent is not None else "expired"
            self._store.notifications.mark(
                alert.id, status, message_id=(sent.message_id or None) if sent else None, sent_at=self._clock()
            )
            self._count(alert.category, status)
            state = self._state()
            self._store.channels.save(
                state._replace(failures=0, paused_until=self._asked_for(state), last_error=None, refusal=None)
            )
            if sent is not None:
                self._tell_dead_letters()

        self._job.write(note)
        if sent is not None:
            name, told = self._notifier.name, {"alert": alert.id, "category": alert.category}
            log_event(log, f"{name}.sent", **told, message_id=sent.message_id)

    def _follows(self, alert: QueuedAlert) -> bool:
        """Tell whether a picture can go out now: its message stands there. What has none any more is given up."""
        parent = self._parent(alert)
        if parent is not None and parent.status != "sent":
            return False
        is_late = self._clock() - from_text(alert.created_at) > self._rules.recency
        if parent is None or is_late:
            why = "too late to be news" if is_late else "its message was not sent"
            self._job.write(lambda: self._set_aside(alert, "expired", why))
        return parent is not None and not is_late

    def _send_picture(self, alert: QueuedAlert) -> Sent | None:
        """Send the picture of a trend after its message, at most once: whatever goes wrong, it is given up.

        Raises ChannelBusyError: then nothing was taken, and everything waits as long as the channel asked.
        """
        try:
            about = about_alert(self._store, alert, self._form)
            picture = picture_of_alert(self._store, alert.id, self._clock())
            if not isinstance(self._notifier, PictureNotifier):
                raise MessageRefusedError(self._notifier.name, "takes no pictures")
            chat_id, answered = self._take_turn().migrated_chat_id, self._parent_message(alert)
            sent = self._notifier.send_picture(picture, chat_id=chat_id, reply_to=answered, about=about)
        except ChannelBusyError as busy:
            self._note_failure(alert, busy)
            raise
        except (UpstreamError, ConfigError) as error:
            why = redact(str(error))
            log.warning("a picture was not sent: %s", why)
            self._job.write(lambda: self._set_aside(alert, "expired", why))
            return None
        self._note_success(alert, sent)
        return sent

    def _send(self, alert: QueuedAlert, reply_to: str | None) -> Sent | None:
        """Send the parts that have not gone out yet."""
        parts = message_parts(alert.body, self._form)
        about = about_alert(self._store, alert, self._form)
        sent = Sent(alert.message_id or "", "")
        for number, part in enumerate(parts[alert.parts_sent :], alert.parts_sent + 1):
            sent = self._send_part(part, reply_to, about._replace(part=number))
            if number < len(parts):
                part_sent = alert.id, number, sent.message_id or None, self._clock() + LEASE
                self._job.write(partial(self._store.notifications.note_part, *part_sent))
        return sent

    def _send_part(self, part: str, reply_to: str | None, about: About) -> Sent:
        """Send one message; follow a chat that moved, and fall back to plain text when the markup is refused."""
        is_plain = self._form.markup == "plain"
        for _ in range(3):  # as sent, to the new chat, in plain text
            chat_id = self._take_turn().migrated_chat_id
            try:
                return self._notifier.send(Message(part, chat_id, reply_to, is_plain, about))
            except ChatMovedError as moved:
                self._follow(moved)
            except UnreadableMarkupError as error:
                if is_plain:
                    raise MessageRefusedError(self._notifier.name, str(error)) from error
                part, is_plain = plain_text(part), True
        raise UpstreamError(self._notifier.name, "the chat moved again and again")

    def _edit(self, alert: QueuedAlert) -> Sent | None:
        """Edit the message the alert is about; when that was never sent there is nothing to edit.

        A channel that cannot edit, or named no message, gets a message of its own, which answers that one.
        """
        parent = self._parent(alert)
        if parent is None or (not parent.message_id and parent.status != "sent"):
            return None
        if not parent.message_id or not self._form.can_edit:
            return self._send(alert, parent.message_id or None)
        text, is_plain = rendered(alert.body, self._form), self._form.markup == "plain"
        about = about_alert(self._store, alert, self._form)
        for _ in range(3):  # as sent, to the new chat, without markup
            chat_id = self._take_turn().migrated_chat_id
            try:
                return self._notifier.edit(parent.message_id, Message(text, chat_id, about=about))
            except ChatMovedError as moved:
                self._follow(moved)
            except UnreadableMarkupError as error:
                if is_plain:
                    raise MessageRefusedError(self._notifier.name, str(error)) from error
                text, is_plain = escape(plain_text(alert.body), quote=False), True
        raise UpstreamError(self._notifier.name, "the chat moved again and again")

    def _parent(self, alert: QueuedAlert) -> SentMessage | None:
        """Return the message that the alert answers or edits, when it stands in the channel."""
        if alert.reply_to is None:
            return None
        parent = self._store.notifications.message_of(alert.reply_to, self._notifier.name)
        return parent if parent is not None and parent.status not in PARENT_GONE else None

    def _parent_message(self, alert: QueuedAlert) -> str | None:
        parent = self._parent(alert)
        return (parent.message_id or None) if parent is not None else None

    def _take_turn(self) -> ChannelState:
        """Wait until the channel's pace allows one more message, and note it before it is sent."""
        state = self._state()
        now = self._clock().timestamp()
        if state.recent_sends:
            least = self._form.seconds_between
            self._sleep(max(0.0, min(least, state.recent_sends[-1] + least - now)))
        now = self._clock().timestamp()

        def note() -> ChannelState:
            state = self._state()  # another process may have sent, or been told to wait, while we slept
            state = state._replace(recent_sends=(*(sent for sent in state.recent_sends if abs(now - sent) < 60), now))
            self._store.channels.save(state)
            return state

        return self._job.write(note)

    def _has_room(self, alert: QueuedAlert) -> bool:
        """Tell whether the alert's messages fit into this minute."""
        now = self._clock().timestamp()
        recent = sum(abs(now - sent) < 60 for sent in self._state().recent_sends)
        needed = len(message_parts(alert.body, self._form)) - alert.parts_sent
        return recent + min(needed, self._form.messages_per_minute) <= self._form.messages_per_minute

    def _reclaim(self) -> None:

        def reclaim() -> None:
            for category in self._store.notifications.reclaim(self._notifier.name, self._clock()):
                log.warning("an alert was being sent when its process died: it may arrive twice")
                self._count(category, "uncertain")

        self._job.write(reclaim)

    def _bundle(self) -> None:
        """Turn what would be a late, a heavy or a nightly burst into one message."""
        rest = self._notifier.name, self._form, self._rules, self._clock(), self._set_aside
        self._job.write(Bundling(self._store, *rest).run)

    def _set_aside(self, alert: QueuedAlert, status: str, why: str) -> None:
        self._store.notifications.mark(alert.id, status, error=why)
        self._count(alert.category, status)

    def _queue(self, alert: Alert) -> None:
        """Queue an alert about alerts, for this channel alone."""
        self._store.notifications.queue(alert._replace(channel=self._notifier.name), self._clock(), muted=False)

    def _follow(self, moved: ChatMovedError) -> None:
        log.warning("the chat moved; its new id is kept")
        self._job.write(lambda: self._store.channels.save(self._state()._replace(migrated_chat_id=moved.new_chat_id)))

    def _note_failure(self, alert: QueuedAlert, error: TrendSparkError) -> None:
        """Give the alert back or up, and let the channel rest as long as it asked or as its failures suggest."""
        message = redact(str(error))

        def note() -> None:
            if isinstance(error, MessageRefusedError):
                self._store.notifications.mark(alert.id, "dead", error=message)
                self._count(alert.category, "dead")
                self._store.channels.save(self._state()._replace(last_error=message))
                return
            until = self._rest(error)
            if not isinstance(error, ChannelBusyError):
                self._count(alert.category, "uncertain" if isinstance(error, UncertainError) else "failed")
            # Of a channel that takes nothing, the pause is all that holds the alert: it may be lifted by hand.
            due_at = self._clock() if isinstance(error, ChannelRefused) else until
            self._store.notifications.put_back(alert.id, due_at, message)

        self._job.write(note)

    def _rest(self, error: TrendSparkError) -> datetime:
        """Pause the channel for as long as it asked for, or as its error suggests; return until when."""
        now, state = self._clock(), self._state()._replace(last_error=redact(str(error)))
        asked_for = self._asked_for(state)
        if isinstance(error, ChannelBusyError):
            until = max(now + error.retry_after, from_text(asked_for) if asked_for is not None else now)
            # No failures: this pause was asked for, so nothing may shorten it.
            state = state._replace(failures=0, refusal=None)
        elif isinstance(error, ChannelRefused):
            until = now + REFUSAL_PAUSE
            state = state._replace(failures=state.failures + 1, refusal=int(error.exit_code))
        elif asked_for is not None:
            until = from_text(asked_for)
        else:
            until = now + min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(state.failures, 10))
            state = state._replace(failures=state.failures + 1, refusal=None)
        self._store.channels.save(state._replace(paused_until=to_text(until)))
        return until

    def _asked_for(self, state: ChannelState) -> str | None:
        """Return until when the channel asked to be left alone; a process that was not told must not end that."""
        was_asked_for = state.failures == 0 and state.refusal is None
        is_going_on = state.paused_until is not None and state.paused_until > to_text(self._clock())
        return state.paused_until if was_asked_for and is_going_on else None

    def _ask_again(self) -> None:
        """Ask a channel that took nothing whether it would now, before anything is done with its queue."""
        try:
            self._notifier.check()
        except ChatMovedError:
            return  # it speaks to us again; what is sent follows it
        except (UpstreamError, ConfigError) as error:
            self._job.write(partial(self._rest, error))
            raise

    def _note_crash(self, alert: QueuedAlert, error: Exception) -> AlertCrashedError:
        """Let the alert wait for the next run, or set it aside when it met too many bugs; return what to tell."""
        told = redact(f"{type(error).__name__}: {error}").encode("utf-8", "replace").decode()
        why = f"sending it ran into a bug: {' '.join(told.split())[:300]}"

        def note() -> bool:
            crashes = self._store.notifications.note_crash(alert.id, self._clock())
            self._count(alert.category, "crashed")
            if is_last := crashes >= MOST_CRASHES:
                self._store.notifications.mark(alert.id, "dead", error=f"{why} ({crashes} times)")
                self._count(alert.category, "dead")
            else:
                self._store.notifications.put_back(alert.id, self._clock(), why)
            return is_last

        is_last = self._job.write(note)
        hint = f"set aside: `trendspark alerts retry {alert.id}` tries it again" if is_last else "it is tried again"
        return AlertCrashedError(f"alert {alert.id}: {why}", hint=f"{hint}; the log has the traceback")

    def _has_waiting(self) -> bool:
        return bool(self._store.notifications.waiting(self._notifier.name))

    def _tell_dead_letters(self) -> None:
        """Once messages go out again, say that some did not; each dead alert is reported once."""
        dead = self._store.notifications.listing(1000, "dead", self._notifier.name)
        if dead:
            newest = dead[0]
            self._queue(dead_letters_alert(f"dead:{newest.id}", len(dead), str(newest.error)))

    def _state(self) -> ChannelState:
        return self._store.channels.get(self._notifier.name)

    def _count(self, category: str, status: str) -> None:
        delivery = ALERT_DELIVERY.by(1, channel=self._notifier.name, category=category, status=status)
        self._store.totals.add([delivery])
        self._job.count(status)
