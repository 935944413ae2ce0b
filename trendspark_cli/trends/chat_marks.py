"""What people say of trends by buttons under their alerts: read, kept like any verdict, and shown where it was said.

What was read is confirmed by the next call, once it is committed: a run that is killed in between loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.errors import TrendSparkError, UsageError
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.protocol import Store
from trendspark_cli.trends.verdicts import CONSEQUENCES, keep_verdict

NUMBERS_HOLD = timedelta(days=2)  # after a quiet week they begin anywhere; what is not read is kept for a day
TOLD_AGAIN_AFTER = timedelta(hours=1)

log = logging.getLogger(__name__)


class Press(NamedTuple):
    """A button that somebody pressed. All of it was said by a stranger until it is checked."""

    id: str
    data: str  # of the button
    user_id: int
    user_name: str
    chats: Collection[str]  # the names of the chat it was pressed in: its number, @name
    message_id: str


class MarksTakenError(TrendSparkError):
    """Somebody else reads what the bot is told: we do not fight for it."""


class ChatMarks(Protocol):
    """Where buttons are pressed. `chats` are by channel, as the settings name them."""

    chats: Mapping[str, str]
    markers: Collection[int]  # users whose word counts

    def presses(self, after: int | None) -> tuple[Sequence[Press], int | None]:
        """Return what was pressed and the number of the last update; confirms those up to *after*.

        Raises MarksTakenError when somebody else reads them.
        """

    def show(self, press: Press, trend_id: int, mark: str) -> None:
        """Show under a message what was said of its trend; a press that is too old to be answered is no trouble."""


def read_marks(job: JobContext, marks: ChatMarks, now: datetime) -> None:
    """Keep what was said since the last run; what keeps it from being read is told in the log, once an hour."""
    channel = next(iter(marks.chats))
    state = job.store.channels.get(channel)
    if state.paused_until is not None and to_text(now) < state.paused_until:
        return
    try:
        presses, newest = marks.presses(_last_read(state.updates_read, now))
    except TrendSparkError as error:
        if job.write(partial(job.store.notice_after, "marks are not read", now, TOLD_AGAIN_AFTER)):
            log.warning("what people say by buttons is not read: %s", error)
        job.count("marks_unread")
        return
    if newest is None:
        return
    read = f"{newest} {to_text(now)}"
    for press, trend_id, mark in job.write(partial(_keep, job, marks, presses, channel, read, now)):
        try:
            marks.show(press, trend_id, mark)
        except TrendSparkError as error:
            log.warning("trend %d is marked as %s, which could not be shown: %s", trend_id, mark, error)


def _keep(
    job: JobContext, marks: ChatMarks, presses: Sequence[Press], channel: str, read: str, now: datetime
) -> list[tuple[Press, int, str]]:
    """Keep what was said, and that it was read; return what is to be shown: each press, its trend and the mark."""
    kept: list[tuple[Press, int, str]] = []
    for press in presses:
        said = _said(job.store, marks, press)
        if said is None:
            job.count("marks_ignored")
            continue
        trend_id, mark = said
        try:
            keep_verdict(job.store, trend_id, mark, "", now, press.user_name)
        except UsageError:  # the trend is gone
            job.count("marks_ignored")
            continue
        job.count("marks")
        kept.append((press, trend_id, mark))
    job.store.channels.save(job.store.channels.get(channel)._replace(updates_read=read))
    return kept


def _last_read(read: str | None, now: datetime) -> int | None:
    """Return the number of the last update; None when numbers may have begun anew since, or a clock was far off."""
    if not read:
        return None
    number, _, at = read.partition(" ")
    return int(number) if abs(now - from_text(at)) < NUMBERS_HOLD else None


def _said(store: Store, marks: ChatMarks, press: Press) -> tuple[int, str] | None:
    """Return the trend and the mark, when somebody who may pressed a button of a message of ours where we sent it."""
    mark, _, number = press.data.partition(":")
    is_a_mark = mark in CONSEQUENCES and number.isascii() and number.isdigit() and len(number) < 19
    if not is_a_mark or press.user_id not in marks.markers:
        return None
    trend_id = int(number)
    for channel, chat in marks.chats.items():
        if not {chat.lower(), store.channels.get(channel).migrated_chat_id} & set(press.chats):
            continue
        message = store.notifications.message_of(f"trend:{trend_id}:open", channel)
        if message is not None and message.message_id == press.message_id:
            return trend_id, mark
    return None
