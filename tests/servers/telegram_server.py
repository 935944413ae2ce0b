"""Telegram's Bot API as far as we use it: strict about markup, length, chats and pace."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from .certificates import Certificate
from .http_base import LocalServer
from .messages import Answer, Delivery, Fault, JsonObject, Request, ShownPicture, form_of, json_answer

TOKEN = "123456789:AAabcdefghijklmnopqrstuvwxyz0123456"
CHAT = -1001234567890
TEXT_LIMIT = 4096
ALLOWED_TAGS = {"b", "i", "u", "s", "a", "code", "pre", "blockquote"}


@dataclass
class Message:
    """A message as the chat shows it: plain text, in the order of arrival."""

    message_id: int
    chat_id: int
    text: str
    markup: str
    sent_at: float
    reply_to: int | None = None
    edits: int = 0
    buttons: tuple[str, ...] = ()
    topic: int | None = None


class TelegramServer(LocalServer):
    """A chat that takes messages; attributes may be changed while it runs."""

    platform = "telegram"

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        token: str = TOKEN,
        chat_id: int = CHAT,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(clock=clock, certificate=certificate)
        self.token = token
        self.chat_id = chat_id
        self.is_blocked = False
        self.migrated_to: int | None = None
        self.more_chats: set[int] = set()  # besides the one
        self.blocked_chats: set[int] = set()
        self.refused_markup: re.Pattern[str] | None = None
        self.topics: dict[int, str] | None = None  # of a forum: "open" or "closed" by number; 1 is General
        self.lost_answers = 0  # so many messages are taken and never acknowledged
        self.messages: list[Message] = []
        self.pictures: list[ShownPicture] = []
        self.updates: list[JsonObject] = []  # of presses that nobody confirmed
        self.answered: list[str] = []  # presses that were answered in time
        self.old_presses: set[str] = set()
        self.is_polled_by_another = False

    @property
    def texts(self) -> list[str]:
        """What the chat shows, oldest first."""
        return [message.text for message in self.messages]

    def endpoint_name(self, method: str, path: str) -> str:
        found = re.fullmatch(r"/bot[^/]*/(\w+)", path)
        return found[1] if found else "unknown"

    def respond(self, request: Request) -> Answer:
        token = request.path.split("/")[1].removeprefix("bot")
        if not re.fullmatch(r"\d+:[\w-]+", token):
            return refusal(404, "Not Found")
        if token != self.token:
            return refusal(401, "Unauthorized")
        form = form_of(request)
        body: JsonObject = _fields(form) if form else json.loads(request.body or b"{}")
        if request.endpoint == "getMe":
            return _ok({"id": 123456789, "is_bot": True, "first_name": "Spark", "username": "spark_test_bot"})
        if request.endpoint == "getUpdates":
            return self._updates(body)
        if request.endpoint == "answerCallbackQuery":
            if body["callback_query_id"] in self.old_presses:
                return refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
            self.answered.append(body["callback_query_id"])
            return json_answer({"ok": True, "result": True})
        problem = self._chat_problem(body.get("chat_id"))
        if problem is not None:
            return problem
        if request.endpoint == "getChat":
            return _ok(self._chat())
        if request.endpoint == "sendPhoto":
            answered = body.get("reply_parameters", {}).get("message_id")
            self.pictures.append(
                ShownPicture(body["caption"], form["photo"], None if answered is None else str(answered))
            )
            return self._topic_problem(body.get("message_thread_id")) or _ok({"message_id": 1000 + len(self.pictures)})
        if request.endpoint == "sendMessage":
            return self._send(body)
        if request.endpoint == "editMessageText":
            return self._edit(body)
        if request.endpoint == "editMessageReplyMarkup":
            [message] = [one for one in self.messages if one.message_id == body["message_id"]]
            message.buttons = _labels(body)
            return _ok({"message_id": message.message_id})
        return refusal(404, "Not Found")

    def _chat_problem(self, chat: object) -> Answer | None:
        if self.migrated_to is not None and str(chat) == str(self.chat_id):
            parameters = {"migrate_to_chat_id": self.migrated_to}
            return refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", parameters)
        known = (self.chat_id, self.migrated_to, *self.more_chats)
        if str(chat) not in map(str, known):
            return refusal(400, "Bad Request: chat not found")
        if self.is_blocked or str(chat) in map(str, self.blocked_chats):
            return refusal(403, "Forbidden: bot was kicked from the supergroup chat")
        return None

    def _send(self, body: JsonObject) -> Answer:
        text, problem = self._text(body)
        if problem is not None:
            return problem
        problem = self._topic_problem(body.get("message_thread_id"))
        if problem is not None:
            return problem
        with self.lock:
            reply = body.get("reply_parameters", {}).get("message_id")
            known = {message.message_id for message in self.messages}
            message = Message(
                len(self.messages) + 1,
                int(body["chat_id"]),
                text,
                body["text"],
                self.clock(),
                reply if reply in known else None,
                topic=body.get("message_thread_id"),
                buttons=_labels(body),
            )
            self.messages.append(message)
            if self.lost_answers:
                self.lost_answers -= 1
                return Answer(delivery=Delivery.RESET)
        return _ok({"message_id": message.message_id, "chat": self._chat(), "text": text})

    def _topic_problem(self, topic: int | None) -> Answer | None:
        if self.topics is None:
            return refusal(400, "Bad Request: message thread not found") if topic else None
        state = self.topics.get(topic or 1)
        if state is None:
            return refusal(400, "Bad Request: message thread not found")
        return refusal(400, f"Bad Request: TOPIC_{state.upper()}") if state != "open" else None

    def _edit(self, body: JsonObject) -> Answer:
        text, problem = self._text(body)
        if problem is not None:
            return problem
        with self.lock:
            found = [message for message in self.messages if message.message_id == body.get("message_id")]
            if not found:
                return refusal(400, "Bad Request: message to edit not found")
            if found[0].text == text:
                return refusal(400, "Bad Request: message is not modified")
            found[0].text, found[0].edits, found[0].buttons = text, found[0].edits + 1, _labels(body)
        return _ok({"message_id": found[0].message_id, "chat": self._chat(), "text": text})

    def press(
        self, data: str, *, user: int, message: int = 1, chat: int | None = None, number: int | None = None
    ) -> None:
        """Have somebody press a button."""
        number = 1 + max((update["update_id"] for update in self.updates), default=1000) if number is None else number
        query = {
            "id": str(number),
            "from": {"id": user, "first_name": "Anna"},
            "message": {"message_id": message, "chat": {"id": chat or self.chat_id}},
            "data": data,
        }
        self.updates.append({"update_id": number, "callback_query": query})

    def _updates(self, body: JsonObject) -> Answer:
        if self.is_polled_by_another:
            return refusal(409, "Conflict: terminated by other getUpdates request")
        with self.lock:
            self.updates = [update for update in self.updates if update["update_id"] >= body.get("offset", 0)]
            return json_answer({"ok": True, "result": self.updates[: body["limit"]]})

    def _text(self, body: JsonObject) -> tuple[str, Answer | None]:
        text = body.get("text", "")
        if body.get("parse_mode") == "HTML":
            if self.refused_markup is not None and self.refused_markup.search(text):
                return "", refusal(400, "Bad Request: can't parse entities: unsupported start tag at byte offset 0")
            reader = _Markup()
            reader.feed(text)
            reader.close()
            if reader.problem or reader.open_tags:
                told = reader.problem or f"can't find end tag for {reader.open_tags[-1]}"
                return "", refusal(400, f"Bad Request: can't parse entities: {told}")
            text = reader.text
        if not text.strip():
            return "", refusal(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > TEXT_LIMIT:
            return "", refusal(400, "Bad Request: message is too long")
        return text, None

    def _chat(self) -> JsonObject:
        chat: JsonObject = {"id": self.migrated_to or self.chat_id, "type": "supergroup", "title": "Operators"}
        return chat | ({} if self.topics is None else {"is_forum": True})


def _fields(form: Mapping[str, bytes]) -> JsonObject:
    """Return what a form says beside its file; whatever is no text stands there as JSON."""
    fields = {name: value.decode() for name, value in form.items() if name != "photo"}
    return {name: json.loads(value) if value[:1] in "{[" else value for name, value in fields.items()} | (
        {"message_thread_id": int(fields["message_thread_id"])} if "message_thread_id" in fields else {}
    )


class TelegramChat(TelegramServer):
    """A chat of a bot as a channel with an address, with the words of servers of other channels."""

    is_http = True
    edits = True
    secret = TOKEN
    failing = (Answer(500, b"oops"), Answer(502, b"oops"), Answer(503, b"oops"))

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__(certificate=certificate)
        self.bad = refusal(400, "Bad Request: message text is odd")

    @property
    def address(self) -> str:
        """What ALERT_URL_<NAME> is set to."""
        return f"telegram://{self.chat_id}"

    @property
    def settings(self) -> dict[str, str]:
        """What is set besides."""
        return {"TELEGRAM_BOT_TOKEN": self.token, "TELEGRAM_API_BASE_URL": self.url}

    @property
    def is_gone(self) -> bool:
        """Whether it takes nothing at all."""
        return self.is_blocked

    @is_gone.setter
    def is_gone(self, is_gone: bool) -> None:
        self.is_blocked = is_gone

    @property
    def attempts(self) -> int:
        """How many messages were tried."""
        return len(self.requests_of("sendMessage"))

    def busy(self, seconds: int) -> Answer:
        """Return a 429 that asks for a pause."""
        return too_many_requests(seconds)

    def answer_next(self, answer: Answer, times: int | None = 1) -> None:
        """Answer the next messages like this."""
        self.faults.add(Fault("told", lambda request: answer), times=times, endpoint="sendMessage")


def _labels(body: JsonObject) -> tuple[str, ...]:
    """Return the texts of the buttons under a message."""
    return tuple(one["text"] for row in body.get("reply_markup", {}).get("inline_keyboard", []) for one in row)


class _Markup(HTMLParser):
    """Telegram's HTML: a short list of tags, each closed, and nothing else that begins with <."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text = ""
        self.problem = ""
        self.open_tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED_TAGS:
            self.problem = f'unsupported start tag "{tag}"'
        self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags.pop() != tag:
            self.problem = f'unexpected end tag "{tag}"'

    def handle_data(self, data: str) -> None:
        if "<" in data:
            self.problem = "unexpected <"
        self.text += data

    def handle_entityref(self, name: str) -> None:
        if name not in ("lt", "gt", "amp", "quot"):
            self.problem = f"unsupported entity {name}"
        self.text += html.unescape(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.text += html.unescape(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.problem = "unsupported comment"

    def handle_decl(self, decl: str) -> None:
        self.problem = "unsupported declaration"


def refusal(code: int, description: str, parameters: JsonObject | None = None) -> Answer:
    """Return an error as the Bot API words it."""
    body: JsonObject = {"ok": False, "error_code": code, "description": description}
    return json_answer({**body, "parameters": parameters} if parameters else body, code)


def too_many_requests(retry_after: int) -> Answer:
    """Return a 429 that asks for a pause."""
    return refusal(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})


def _ok(result: JsonObject) -> Answer:
    return json_answer({"ok": True, "result": result})
