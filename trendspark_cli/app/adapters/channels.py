"""The channels that alerts go through."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trendspark_cli.app.adapters.guarded import BrokenPackageError, guarded
from trendspark_cli.app.adapters.opening import Record, opening_of
from trendspark_cli.base.settings import Settings
from trendspark_cli.kinds.channels import CHANNELS, channels_of, configured_channels
from trendspark_cli.kinds.loading import load

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from trendspark_cli.alerts.channel import Notifier
    from trendspark_cli.trends.chat_marks import ChatMarks

MARKS_SECONDS = 5.0  # messages wait for whoever is slow to tell what was pressed


def notifier_of(settings: Settings, name: str, record: Record, *, answer_seconds: float = 0.0) -> Notifier:
    """Return one channel, which must be configured; *answer_seconds* overrides HTTP_TIMEOUT."""
    kind = channels_of(settings)[name]
    opening = opening_of(settings, record, answer_seconds=answer_seconds)
    made: Notifier = load(kind.make)(opening) if kind.address is None else load(kind.make)(opening, kind.address)
    return made


def notifiers_of(settings: Settings, record: Record, names: Sequence[str] = ()) -> list[Notifier]:
    """Return every configured channel, or those of *names*."""
    wanted = [name for name in configured_channels(settings) if name in (names or (name,))]
    return [made for name in wanted if (made := _made(settings, name, record)) is not None]


def _made(settings: Settings, name: str, record: Record) -> Notifier | None:
    """Return a channel; None, and a line in the log, for one of another package that cannot be made."""
    if name not in CHANNELS.installed:
        return notifier_of(settings, name, record)
    try:
        return guarded(name, CHANNELS[name].make, lambda: notifier_of(settings, name, record))
    except BrokenPackageError as error:
        log.warning("%s", error)
        return None


def marks_of(settings: Settings, record: Record) -> ChatMarks | None:
    """Return where people say by buttons what trends are worth; None when nobody is to be heard."""
    if not settings.telegram_markers or not settings.telegram_bot_token:
        return None
    kinds = [channels_of(settings)[name] for name in configured_channels(settings)]
    addresses = [kind.address for kind in kinds if kind.address is not None and kind.form.has_buttons]
    is_main = any(kind.address is None for kind in kinds)
    if not is_main and not addresses:
        return None
    from trendspark_cli.services.telegram_marks import make_marks

    opening = opening_of(settings, record, answer_seconds=MARKS_SECONDS)
    return make_marks(opening, is_main, addresses, settings.telegram_markers)
