"""Make notifiers from settings: named in wiring.py, imported only when an alert is sent."""

from __future__ import annotations

from collections.abc import Callable

from trendspark_cli.job_context import ApiCall
from trendspark_cli.notifiers.protocol import Notifier
from trendspark_cli.settings import Settings


def telegram(settings: Settings, record: Callable[[ApiCall], None], *, answer_seconds: float = 0.0) -> Notifier | None:
    """Return the Telegram notifier, or None when it is not configured; *answer_seconds* overrides HTTP_TIMEOUT."""
    if not settings.telegram_is_configured:
        return None
    from trendspark_cli.notifiers.telegram import Telegram

    return Telegram(
        token=settings.telegram_bot_token,
        chat_id=settings.telegram_chat_id,
        base_url=settings.telegram_api_base_url,
        record=record,
        answer_seconds=answer_seconds or settings.http_timeout.total_seconds(),
    )
