"""Ask an alert channel whether it would take a message, at most every few minutes."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from trendspark_cli.base.clock import from_text
from trendspark_cli.base.durable_files import replacing
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.redaction import redact
from trendspark_cli.base.settings import Settings
from trendspark_cli.base.trusted_files import read_own
from trendspark_cli.kinds.channels import CHANNELS, ChannelKind

CHECK_SECONDS = 3.0
GOOD_FOR_SECONDS, BAD_FOR_SECONDS = 300, 60  # a check each minute must not hammer the channel
LONGEST_CACHE_BYTES = 1 << 16


def channel_health(settings: Settings, kind: ChannelKind, now: datetime, last_sent: str | None) -> dict[str, Any]:
    """Return `ok` and who answers, from a recent check or a new one; a message taken a moment ago says it too.

    *last_sent* is when the channel took the last message, None when it refused one since.
    """
    if not kind.is_configured(settings):
        return {"ok": True, "configured": False, "reason": f"needs {kind.needs_words}"}
    if last_sent is not None and 0 <= (now - from_text(last_sent)).total_seconds() < GOOD_FOR_SECONDS:
        return {"ok": True, "configured": True}
    path = settings.trendspark_home / f"health-{kind.name}.json"
    who = kind.who(settings)
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(read_own(path, LONGEST_CACHE_BYTES))
        limit = GOOD_FOR_SECONDS if kept["state"]["ok"] else BAD_FOR_SECONDS
        if kept["who"] == who and 0 <= now.timestamp() - kept["checked_at"] < limit:
            state: dict[str, Any] = kept["state"]
            return state
    state = {"configured": True, **_check(settings, kind)}
    with suppress(OSError):
        content = json.dumps({"who": who, "checked_at": now.timestamp(), "state": state})
        with replacing(path, 0o600) as stream:
            stream.write(content.encode())
    return state


def _check(settings: Settings, kind: ChannelKind) -> dict[str, Any]:
    from trendspark_cli.app.adapters.channels import notifier_of
    from trendspark_cli.app.adapters.guarded import guarded

    def ask() -> str:
        return notifier_of(settings, kind.name, lambda call: None, answer_seconds=CHECK_SECONDS).check()

    try:
        is_ours = kind.name not in CHANNELS.installed
        return {"ok": True, "answers": ask() if is_ours else guarded(kind.name, kind.make, ask)}
    except TrendSparkError as error:
        return {"ok": False, "reason": redact(f"{error}; {error.command_hint}" if error.hint else str(error))}
