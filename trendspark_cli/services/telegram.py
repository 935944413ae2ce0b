"""Telegram's Bot API. The token is part of every URL, so no URL leaves this file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests

from trendspark_cli.alerts.channel import (
    About,
    ChannelBusyError,
    ChatMovedError,
    ChatRefusedError,
    Message,
    MessageRefusedError,
    Picture,
    Sent,
    UncertainError,
    UnreadableMarkupError,
)
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import CredentialsRefusedError, NotSentError, TrendSparkError, UpstreamError
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.kinds.channel_addresses import ChannelAddress
from trendspark_cli.kinds.message_forms import TELEGRAM
from trendspark_cli.services.html_pages import PAGE, is_page
from trendspark_cli.services.http import ANSWER_SECONDS, BoundedAdapter, UnusableSettingError, may_be_billed, session
from trendspark_cli.services.transport_errors import proxy_error

LONGEST_PAUSE = timedelta(hours=1)  # an absurd retry_after must not silence us for days
_CHAT_PROBLEMS = (
    "chat not found",
    "not enough rights",
    "have no rights",
    "bot is not a member",
    "need administrator",
    "chat_write_forbidden",
    "peer_id_invalid",
    "chat_admin_required",
    "chat_id is empty",
)
_TOPIC_PROBLEMS = ("topic_closed", "topic_deleted", "topic_id_invalid", "message thread not found")
NO_PAUSE_NAMED = timedelta(minutes=1)  # a 429 without a number that makes sense
LONGEST_ID = 20  # digits
LONGEST_REASON = 10_000  # characters that are looked at


@dataclass(frozen=True)
class Chat:
    """Where messages go. `thread_id` is of a topic; 0 for a chat without topics, or its first one.

    `chat_setting` and `topic_setting` are what a person would change.
    """

    id: str
    thread_id: int
    chat_setting: str
    topic_setting: str

    @property
    def how_to_go_without_topic(self) -> str:
        """Return what to do in a chat that has no topics."""
        behind = f"what follows the colon of {self.chat_setting}"
        return (
            f"unset {self.topic_setting} (or {behind})" if self.topic_setting != self.chat_setting else f"drop {behind}"
        )


class Telegram:
    """Implements alerts.channel.Notifier: one chat of a bot."""

    form = TELEGRAM

    def __init__(
        self,
        name: str,
        chat: Chat,
        *,
        token: str,
        base_url: str,
        record: Callable[[ApiCall], None],
        answer_seconds: float = ANSWER_SECONDS,
        has_buttons: bool = False,
    ) -> None:
        self.name = name
        self._has_buttons = has_buttons
        self.chat = chat
        self._url = f"{base_url}/bot{token}/"
        # No quick retries: a message whose answer got lost may have arrived.
        adapter = BoundedAdapter(
            name,
            record,
            endpoint_of=lambda path: path.rpartition("/")[2],
            retries=0,
            answer_seconds=answer_seconds,
        )
        self._session = session(adapter)

    def send(self, message: Message) -> Sent:
        """Send one message, as alerts.channel.Notifier promises."""
        body: dict[str, Any] = {
            "chat_id": message.chat_id or self.chat.id,
            "text": message.text,
            "link_preview_options": {"is_disabled": True},
        }
        if self.chat.thread_id:
            body["message_thread_id"] = self.chat.thread_id
        if not message.is_plain:
            body["parse_mode"] = "HTML"
        about = message.about
        if self._has_buttons and about is not None and about.marked_trend is not None and about.part == 1:
            body["reply_markup"] = keyboard(about.marked_trend, about.mark)
        body |= _answering(message.reply_to)
        return _sent(self._call("sendMessage", body))

    def edit(self, message_id: str, message: Message) -> Sent:
        """Replace the text of a message sent before."""
        number = whole_number(message_id)
        if number is None:
            raise MessageRefusedError(self.name, f"{excerpt(message_id, 40)!r} is no id of a message of Telegram's")
        body: dict[str, object] = {
            "chat_id": message.chat_id or self.chat.id,
            "message_id": number,
            "text": message.text,
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        about = message.about
        if self._has_buttons and about is not None and about.marked_trend is not None:  # else they would vanish
            body["reply_markup"] = keyboard(about.marked_trend, about.mark)
        try:
            return _sent(self._call("editMessageText", body))
        except MessageRefusedError as error:
            if "message is not modified" not in str(error):
                raise
            return Sent(message_id, "")

    def send_picture(self, picture: Picture, *, chat_id: str | None, reply_to: str | None, about: About) -> Sent:
        """Send one picture as an answer to its message."""
        body: dict[str, object] = {"chat_id": chat_id or self.chat.id, "caption": picture.words}
        if self.chat.thread_id:
            body["message_thread_id"] = self.chat.thread_id
        body |= _answering(reply_to)
        return _sent(self._call("sendPhoto", body, picture.png))

    def check(self) -> str:
        """Return `@bot in "chat"`; asks getMe and getChat. Whether a topic is open only a message shows."""
        me = self._call("getMe", {})
        chat = self._call("getChat", {"chat_id": self.chat.id})
        if (
            self.chat.thread_id
            and chat.get("type") in ("supergroup", "group", "channel")
            and chat.get("is_forum") is not True
        ):
            told = f"{self.name}: {_chat_name(chat)} has no topics, and alerts go to topic {self.chat.thread_id}"
            raise ChatRefusedError(told, hint=self.chat.how_to_go_without_topic)
        name, topic = me.get("username"), f", topic {self.chat.thread_id}" if self.chat.thread_id else ""
        return f"@{excerpt(name, 100) if isinstance(name, str) else '?'} in {_chat_name(chat)}{topic}"

    def _call(self, method: str, body: Mapping[str, Any], photo: bytes | None = None) -> dict[str, Any]:
        """Return `result` of a call that worked, empty when it is no object; raise as `answer_of` does."""
        result = self.answer_of(method, body, photo)
        return result if isinstance(result, dict) else {}  # it was taken, whatever else is said of it

    def answer_of(self, method: str, body: Mapping[str, object], photo: bytes | None = None) -> object:
        """Return `result` of a call that worked; raise what the answer means otherwise."""
        content: dict[str, Any] = {"json": body}
        if photo is not None:
            fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
            content = {"data": fields, "files": {"photo": ("trend.png", photo, "image/png")}}
        try:
            # A redirect is not followed: the path holds the token, and the body the message.
            response = self._session.post(self._url + method, **content, allow_redirects=False)
        except requests.exceptions.ConnectTimeout as error:
            raise UpstreamError(self.name, "cannot be reached in time") from _without_url(error)
        except requests.exceptions.SSLError as error:
            hint = "check this machine's clock and CA certificates"
            raise UpstreamError(self.name, "its certificate is not trusted", hint=hint) from _without_url(error)
        except requests.exceptions.RequestException as error:
            if isinstance(error, UnusableSettingError):
                raise NotSentError(self.name, error.told, hint=error.hint) from _without_url(error)
            if isinstance(error, requests.exceptions.ProxyError):
                raise proxy_error(self.name, str(error)) from _without_url(error)
            if not may_be_billed(error):
                hint = "check the network and TELEGRAM_API_BASE_URL"
                raise UpstreamError(self.name, "cannot be reached", hint=hint) from _without_url(error)
            raise UncertainError(self.name, "the answer was lost") from _without_url(error)
        if 300 <= response.status_code < 400:
            hint = "check TELEGRAM_API_BASE_URL, proxies and captive portals"
            told = f"answered with a redirect ({response.status_code}), which is not followed"
            raise UpstreamError(self.name, told, hint=hint, status=response.status_code)
        try:
            answer = json.loads(response.content)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict) and answer.get("ok") is True and response.status_code < 300:
            return answer.get("result")
        if answer is None and is_page(response.content, response.headers.get("content-type", "")):
            hint = "check proxies, captive portals and TELEGRAM_API_BASE_URL"
            raise UncertainError(self.name, f"{PAGE} ({response.status_code})", hint=hint, status=response.status_code)
        raise _refusal(answer if isinstance(answer, dict) else None, response.status_code, self.name, self.chat)


def _refusal(answer: Mapping[str, Any] | None, status: int, name: str, chat: Chat) -> TrendSparkError:
    """Return what a refusal means: for this message, for the chat, for the token, or only for now.

    Without an *answer* in Telegram's own form somebody else may have spoken, so nothing is held against the message.
    """
    code = _error_code(answer, status)
    given = answer.get("parameters") if answer is not None else None
    parameters = given if isinstance(given, dict) else {}
    if code == 429:
        return ChannelBusyError(name, _pause_of(parameters.get("retry_after")))
    is_of_the_message = answer is not None and answer.get("ok") is False and code != 408
    if answer is None or not 400 <= code < 500 or not (is_of_the_message or code in (401, 403, 404)):
        told = f"is failing ({code}): {_description(answer)}" if code >= 500 else f"answered {code} without sense"
        return UncertainError(name, told, status=code)
    told, moved_to = _description(answer), parameters.get("migrate_to_chat_id")
    if isinstance(moved_to, int) and not isinstance(moved_to, bool):
        return ChatMovedError(name, str(moved_to))
    if code in (401, 404):  # an unknown token is 401, one of the wrong form 404
        hint = "set TELEGRAM_BOT_TOKEN to the token @BotFather gave"
        return CredentialsRefusedError(name, f"the bot token was refused ({code}): {told}", hint=hint, status=code)
    if code == 403:
        hint = "unblock the bot, or add it to the chat and let it write"
        return ChatRefusedError(f"{name}: the bot may not write to the chat (403): {told}", hint=hint)
    if code == 400 and any(problem in told.lower() for problem in _TOPIC_PROBLEMS):
        return ChatRefusedError(f"{name}: {told} (400)", hint=_topic_hint(told.lower(), chat))
    if code == 400 and any(problem in told.lower() for problem in _CHAT_PROBLEMS):
        hint = f"set {chat.chat_setting} to a chat the bot is in (groups are negative numbers)"
        return ChatRefusedError(f"{name}: {told} (400)", hint=hint)
    if code == 400 and "can't parse entities" in told.lower():
        return UnreadableMarkupError(name, told, status=400)
    return MessageRefusedError(name, f"refused the message ({code}): {told}", status=status)


def _topic_hint(told: str, chat: Chat) -> str:
    """Return what to do about a topic that takes nothing."""
    thread_id, setting = chat.thread_id, chat.topic_setting
    number = "its number is the last but one of a link to a message in it, https://t.me/c/CHAT/TOPIC/MESSAGE"
    if "topic_closed" not in told:
        return f"topic {thread_id} is not there (any more): set {setting} to one that is; {number}"
    if not thread_id:
        return f"General, the first topic, is closed: set {setting} to the topic of alerts; {number}"
    return f"topic {thread_id} is closed: open it, or set {setting} to another one; {number}"


def _error_code(answer: Mapping[str, Any] | None, status: int) -> int:
    """Return the code of an error: Telegram's own when it is one, else that of HTTP."""
    code = answer.get("error_code") if answer is not None else None
    return code if isinstance(code, int) and 400 <= code < 600 else status


def _description(answer: Mapping[str, Any] | None) -> str:
    """Return the reason that was given, on one line, shortened, in characters that can be stored."""
    told = answer.get("description") if answer is not None else None
    text = told.encode("utf-8", "replace").decode() if isinstance(told, str) else ""
    return excerpt(" ".join(text[:LONGEST_REASON].split()) or "no reason given", 300)


def _pause_of(seconds: object) -> timedelta:
    """Return how long to wait, bounded; a minute when what was said is no time."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        return NO_PAUSE_NAMED
    return timedelta(seconds=min(seconds, LONGEST_PAUSE.total_seconds()))


def _sent(result: Mapping[str, Any]) -> Sent:
    number = whole_number(result.get("message_id"))
    return Sent("" if number is None else str(number), _chat_name(result.get("chat")))


def _answering(reply_to: str | None) -> dict[str, object]:
    """Return what makes a message an answer; without an id of Telegram's it is a message of its own."""
    answered = None if reply_to is None else whole_number(reply_to)
    if answered is None:
        return {}
    return {"reply_parameters": {"message_id": answered, "allow_sending_without_reply": True}}


def whole_number(value: object) -> int | None:
    """Return an id, which some proxies make a text of; None when it is none."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else None


def _chat_name(chat: object) -> str:
    """Return a chat as people know it, on one line."""
    known = chat if isinstance(chat, dict) else {}
    names = (known.get(field) for field in ("title", "username", "first_name", "id"))
    name = next((str(name) for name in names if isinstance(name, str | int) and name), "the chat")
    return excerpt(name.encode("utf-8", "replace").decode(), 100)


def _without_url(error: Exception) -> Exception:
    """Return an error that says what happened without the URL, which holds the token."""
    return RuntimeError(type(error).__name__)


@dataclass(frozen=True)
class _Bot:
    """The settings that say who writes."""

    telegram_bot_token: str
    telegram_api_base_url: str
    telegram_markers: tuple[int, ...]


@dataclass(frozen=True)
class _Place:
    """The settings that say where the first chat is."""

    telegram_chat_id: str
    telegram_thread_id: int


def make(opening: Opening) -> Telegram:
    """Return the chat of TELEGRAM_CHAT_ID, and the topic that stands behind it or in TELEGRAM_THREAD_ID."""
    place = opening.read(_Place)
    chat, _, thread = place.telegram_chat_id.partition(":")
    thread_id = int(thread) if thread else place.telegram_thread_id
    return _made(opening, "telegram", Chat(chat, thread_id, "TELEGRAM_CHAT_ID", "TELEGRAM_THREAD_ID"))


def make_further(opening: Opening, address: ChannelAddress) -> Telegram:
    """Return another chat of the same bot, or a topic of one: `telegram://CHAT:THREAD`."""
    chat, _, thread = address.url.partition("://")[2].rstrip("/").partition(":")
    place = Chat(chat, int(thread) if thread else 0, address.setting, address.setting)
    return _made(opening, address.channel, place)


def _made(opening: Opening, name: str, chat: Chat) -> Telegram:
    bot = opening.read(_Bot)
    return Telegram(
        name,
        chat,
        token=bot.telegram_bot_token,
        base_url=bot.telegram_api_base_url,
        record=opening.record,
        answer_seconds=opening.answer_seconds,
        has_buttons=bool(bot.telegram_markers),
    )


def keyboard(trend_id: int, mark: str) -> dict[str, object]:
    """Return the buttons under a trend; the one of *mark* is ticked."""
    labels = {"good": "👍 good", "noise": "👎 noise"}
    buttons = [
        {"text": f"✓ {label}" if name == mark else label, "callback_data": f"{name}:{trend_id}"}
        for name, label in labels.items()
    ]
    return {"inline_keyboard": [buttons]}
