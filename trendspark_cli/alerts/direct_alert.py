"""Tell the operator when the store itself is broken: the outbox is in the broken database, so this goes out at once."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from trendspark_cli.alerts.channel import Message, Notifier
from trendspark_cli.alerts.message_parts import rendered
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.locks import STORE_ALERT_MARKER
from trendspark_cli.base.redaction import redact

log = logging.getLogger(__name__)


def send_directly(
    notifiers: Sequence[Notifier], folder: Path, job_id: str, error: TrendSparkError, now: datetime, cooldown: timedelta
) -> bool:
    """Send one message about a broken store, at most once per *cooldown*; return whether any channel took it."""
    marker = folder / STORE_ALERT_MARKER
    try:
        if 0 <= now.timestamp() - marker.stat().st_mtime < cooldown.total_seconds():  # one of the future says nothing
            return False
        os.utime(marker, (now.timestamp(), now.timestamp()))
    except OSError:
        log.warning("no marker at %s: the alert about the store is not limited to one per cooldown", marker)
    text = f"🔴 <b>{job_id} cannot use its database</b>\n{escape(redact(str(error))[:500], quote=False)}"
    if error.hint:
        text += f"\n{escape(error.hint, quote=False)}"
    went_out = False
    for notifier in notifiers:
        try:
            notifier.send(Message(rendered(text, notifier.form), is_plain=notifier.form.markup == "plain"))
            went_out = True
        except TrendSparkError as failure:
            log.error("the alert about the store could not be sent: %s", failure)
    return went_out
