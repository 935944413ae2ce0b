"""Telegram's Bot API. The token is part of every URL, so no URL leaves this file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests

from trendspark_cli.alerts.channel import (
    ChannelBusyError,
    ChatMovedError,
    ChatRefusedError,
    MessageRefusedError,
    Sent,
    UncertainError,
    UnreadableMarkupError,
)
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import CredentialsRefusedError, TrendSparkError, UpstreamError
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.services.http import ANSWER_SECONDS, BoundedAdapter, session

LONGEST_PAUSE = timedelta(hours=1)  # an absurd retry_after must not silence us for days
_CHAT_PROBLEMS = (
    "chat not found",
    "not enough rights",
    "have no rights",
    "bot is not a member",
    "need administrator",
    "chat_write_forbidden",
    "peer_id_invalid",
    "topic_closed",
)


class Telegram:
    """Implements alerts.channel.Notifier."""

    name = "telegram"
    form = CHANNELS["telegram"].form

    def __init__(
        self,
        *,
        token: str,
        chat_id: str,
        base_url: str,
        record: Callable[[ApiCall], None],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._chat_id = chat_id
        self._url = f"{base_url}/bot{token}/"
        # No quick retries: a message whose answer got lost may have arrived.
        adapter = BoundedAdapter(
            "telegram",
            record,
            endpoint_of=lambda path: path.rpartition("/")[2],
            retries=0,
            answer_seconds=answer_seconds,
        )
        self._session = session(adapter)

    def send(self, text: str, *, chat_id: str | None, reply_to: str | None = None, is_plain: bool = False) -> Sent:
        """Send one message, as alerts.channel.Notifier promises."""
        body: dict[str, Any] = {
            "chat_id": chat_id or self._chat_id,
            "text": text,
            "link_preview_options": {"is_disabled": True},
        }
        if not is_plain:
            body["parse_mode"] = "HTML"
        if reply_to is not None:
            body["reply_parameters"] = {"message_id": int(reply_to), "allow_sending_without_reply": True}
        return _sent(self._call("sendMessage", body))

    def edit(self, message_id: str, text: str, *, chat_id: str | None) -> Sent:
        """Replace the text of a message sent before."""
        body = {
            "chat_id": chat_id or self._chat_id,
            "message_id": int(message_id),
            "text": text,
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        try:
            return _sent(self._call("editMessageText", body))
        except MessageRefusedError as error:
            if "message is not modified" not in str(error):
                raise
            return Sent(message_id, "")

    def check(self) -> str:
        """Return `@bot in "chat"`; asks getMe and getChat."""
        me = self._call("getMe", {})
        chat = self._call("getChat", {"chat_id": self._chat_id})
        return f"@{me.get('username', '?')} in {_chat_name(chat)}"

    def _call(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return `result` of a call that worked; raise what the answer means otherwise."""
        try:
            response = self._session.post(self._url + method, json=body)
        except requests.exceptions.ConnectTimeout as error:
            raise UpstreamError("telegram", "cannot be reached in time") from _without_url(error)
        except requests.exceptions.SSLError as error:
            hint = "check this machine's clock and CA certificates"
            raise UpstreamError("telegram", "its certificate is not trusted", hint=hint) from _without_url(error)
        except requests.exceptions.RequestException as error:
            if _was_never_sent(error):
                hint = "check the network and TELEGRAM_API_BASE_URL"
                raise UpstreamError("telegram", "cannot be reached", hint=hint) from _without_url(error)
            raise UncertainError("telegram", "the answer was lost") from _without_url(error)
        try:
            answer = json.loads(response.content)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise UncertainError("telegram", f"answered {response.status_code} without sense")
        result = answer.get("result")
        if answer.get("ok") is True and isinstance(result, dict):
            return result
        raise _refusal(answer, response.status_code)


def _refusal(answer: Mapping[str, Any], status: int) -> TrendSparkError:
    """Return what a refusal means: for this message, for the chat, for the token, or only for now."""
    code = answer.get("error_code") if isinstance(answer.get("error_code"), int) else status
    told = excerpt(" ".join(str(answer.get("description") or "no reason given").split()), 300)
    given = answer.get("parameters")
    parameters = given if isinstance(given, dict) else {}
    if isinstance(parameters.get("migrate_to_chat_id"), int):
        return ChatMovedError("telegram", str(parameters["migrate_to_chat_id"]))
    if code == 429:
        seconds = parameters.get("retry_after")
        wait = timedelta(seconds=seconds) if isinstance(seconds, int | float) and seconds > 0 else timedelta(minutes=1)
        return ChannelBusyError("telegram", min(wait, LONGEST_PAUSE))
    if code in (401, 404):  # an unknown token is 401, one of the wrong form 404
        hint = "set TELEGRAM_BOT_TOKEN to the token @BotFather gave"
        return CredentialsRefusedError(
            "telegram", f"the bot token was refused ({code}): {told}", hint=hint, status=code
        )
    if code == 403:
        hint = "unblock the bot, or add it to the chat and let it write"
        return ChatRefusedError(f"telegram: the bot may not write to the chat (403): {told}", hint=hint)
    if code == 400 and any(problem in told.lower() for problem in _CHAT_PROBLEMS):
        hint = "set TELEGRAM_CHAT_ID to a chat the bot is in (groups are negative numbers)"
        return ChatRefusedError(f"telegram: {told} (400)", hint=hint)
    if code == 400 and "can't parse entities" in told.lower():
        return UnreadableMarkupError("telegram", told, status=400)
    if isinstance(code, int) and code >= 500:
        return UncertainError("telegram", f"is failing ({code}): {told}", status=code)
    return MessageRefusedError("telegram", f"refused the message ({code}): {told}", status=status)


def _sent(result: Mapping[str, Any]) -> Sent:
    chat = result.get("chat")
    return Sent(str(result.get("message_id", "")), _chat_name(chat if isinstance(chat, dict) else {}))


def _chat_name(chat: Mapping[str, Any]) -> str:
    return str(chat.get("title") or chat.get("username") or chat.get("first_name") or chat.get("id") or "the chat")


def _was_never_sent(error: requests.exceptions.RequestException) -> bool:
    """Tell whether the request cannot have arrived: no connection was made."""
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError) or isinstance(error, requests.exceptions.InvalidURL)


def _without_url(error: Exception) -> Exception:
    """Return an error that says what happened without the URL, which holds the token."""
    return RuntimeError(type(error).__name__)


@dataclass(frozen=True)
class _Access:
    """The settings that say who writes, and where."""

    telegram_bot_token: str
    telegram_chat_id: str
    telegram_api_base_url: str


def make(opening: Opening) -> Telegram:
    """Return the chat of TELEGRAM_CHAT_ID."""
    access = opening.read(_Access)
    return Telegram(
        token=access.telegram_bot_token,
        chat_id=access.telegram_chat_id,
        base_url=access.telegram_api_base_url,
        record=opening.record,
        answer_seconds=opening.answer_seconds,
    )
