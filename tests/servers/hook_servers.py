"""Services that take messages at an address that is a secret, each as strict as the real one."""

from __future__ import annotations

import html
import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import urlsplit

from apprise import Apprise

from .certificates import Certificate
from .http_base import LocalServer
from .messages import Answer, Delivery, Fault, JsonObject, Request, ShownPicture, form_of, json_answer

SECRET_PART = "kT9vQ2mZx7Lw4RbN8sYh3pGd"  # of each address


@dataclass
class Shown:
    """A message as people see it."""

    id: str
    text: str
    edits: int = 0


class HookServer(LocalServer):
    """Takes messages; attributes may be changed while it runs."""

    platform = "hook"
    gone = Answer(404, b"not here")  # what it says of an address that takes nothing
    bad = Answer(400, b"bad message")  # what it says of one message
    edits = False
    is_http = True  # it can send us on to somebody else, and name a pause
    failing = (Answer(500, b"oops"), Answer(502, b"oops"), Answer(503, b"oops"))

    settings: Mapping[str, str] = MappingProxyType({})  # besides the address
    secret = SECRET_PART

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__(certificate=certificate)
        self.tls = "" if certificate is None else "s"
        self.shown: list[Shown] = []
        self.pictures: list[ShownPicture] = []
        self.is_gone = False
        self.lost_answers = 0  # so many messages are taken and never acknowledged

    @property
    def texts(self) -> list[str]:
        """What people see, oldest first."""
        return [message.text for message in self.shown]

    @property
    @abstractmethod
    def address(self) -> str:
        """What ALERT_URL_<NAME> is set to."""

    @property
    def attempts(self) -> int:
        """How many messages were tried."""
        return len(self.requests_of("message"))

    @abstractmethod
    def busy(self, seconds: int) -> Answer:
        """Return a 429 that asks for a pause."""

    @abstractmethod
    def take(self, request: Request) -> Answer:
        """Take a message, or say why not."""

    def endpoint_name(self, method: str, path: str) -> str:
        """Return `message` for what posts one."""
        return "question" if method == "GET" else "message"

    def respond(self, request: Request) -> Answer:
        """Take messages at the one address there is."""
        if self.is_gone or SECRET_PART not in request.path + request.body.decode(errors="replace"):
            return self.gone
        answer = self.take(request)
        if request.endpoint == "message" and answer.status < 300 and self.lost_answers:
            self.lost_answers -= 1
            return Answer(delivery=Delivery.RESET)
        return answer

    def answer_next(self, answer: Answer, times: int | None = 1) -> None:
        """Answer the next messages like this."""
        self.faults.add(Fault("told", lambda request: answer), times=times, endpoint="message")

    def show(self, text: str) -> Shown:
        """Show a new message."""
        with self.lock:
            self.shown.append(Shown(str(1_100_000_000_000_000_000 + len(self.shown)), text))
            return self.shown[-1]


def _json(request: Request) -> JsonObject:
    body: JsonObject = json.loads(request.body)
    return body


class WebhookServer(HookServer):
    """Somebody's own program: takes JSON."""

    @property
    def address(self) -> str:
        return f"{self.url}/alerts/{SECRET_PART}"

    def busy(self, seconds: int) -> Answer:
        return Answer(429, b"slow down", {"retry-after": str(seconds)})

    def take(self, request: Request) -> Answer:
        if not request.headers["content-type"].startswith("application/json"):
            return Answer(415, b"JSON only")
        self.show(_json(request)["text"])
        return Answer(204)


class SlackServer(HookServer):
    """An incoming webhook of Slack's."""

    gone = Answer(404, b"no_service")
    bad = Answer(400, b"invalid_payload")

    @property
    def address(self) -> str:
        return f"slack+{self.url}/services/T0001/B0001/{SECRET_PART}"

    def busy(self, seconds: int) -> Answer:
        return Answer(429, b"rate_limited", {"retry-after": str(seconds)})

    def take(self, request: Request) -> Answer:
        text = html.unescape(_json(request)["text"])
        if not text:
            return Answer(400, b"no_text")
        self.show(text)
        return Answer(200, b"ok", {"content-type": "text/html"})


class DiscordServer(HookServer):
    """A webhook of Discord's."""

    gone = json_answer({"message": "Unknown Webhook", "code": 10015}, 404)
    bad = json_answer({"message": "Invalid Form Body", "code": 50035}, 400)
    edits = True

    @property
    def address(self) -> str:
        return f"discord+{self.url}/api/webhooks/110000000000000001/{SECRET_PART}"

    def busy(self, seconds: int) -> Answer:
        return json_answer(
            {"message": "You are being rate limited.", "retry_after": float(seconds), "global": False}, 429
        )

    def take(self, request: Request) -> Answer:
        if request.method == "GET":
            return json_answer({"id": "110000000000000001", "name": "Spark", "channel_id": "42"})
        form = form_of(request)
        body = json.loads(form["payload_json"]) if form else _json(request)
        content = body.get("content", "")
        if not content or len(content.encode("utf-16-le")) // 2 > 2000:
            return self.bad
        if body.get("allowed_mentions") != {"parse": []}:
            return json_answer({"message": "this would have called everyone"}, 400)
        text = re.sub(r"\\(.)", r"\1", content)
        if request.method == "PATCH":
            number = request.path.rpartition("/")[2]
            found = [message for message in self.shown if message.id == number]
            if not found:
                return json_answer({"message": "Unknown Message", "code": 10008}, 404)
            found[0].text, found[0].edits = text, found[0].edits + 1
            return json_answer({"id": number})
        if form:
            self.pictures.append(ShownPicture(text, form["files[0]"]))
            return json_answer({"id": str(len(self.pictures))})
        shown = self.show(text)
        return json_answer({"id": shown.id}) if request.query.get("wait") == "true" else Answer(204)


class NtfyServer(HookServer):
    """An ntfy of one's own, where one topic may be written to."""

    gone = json_answer({"code": 40301, "http": 403, "error": "forbidden"}, 403)
    bad = json_answer({"code": 40009, "http": 400, "error": "invalid message"}, 400)

    @property
    def address(self) -> str:
        return f"ntfy{self.tls}://{host_and_port(self.url)}/{SECRET_PART}"

    def busy(self, seconds: int) -> Answer:
        answer = json_answer({"code": 42901, "http": 429, "error": "limit reached: too many requests"}, 429)
        return replace(answer, headers={**answer.headers, "retry-after": str(seconds)})

    def take(self, request: Request) -> Answer:
        if request.method == "GET":
            return json_answer({"healthy": True})
        if request.method == "PUT":
            assert request.query["filename"].endswith(".png")
            self.pictures.append(ShownPicture(request.query["message"], request.body))
            return json_answer({"id": f"picture{len(self.pictures)}"})
        body = _json(request)
        if len(body.get("title", "").encode()) > 1024:
            return self.bad
        if len(body["message"].encode()) > 4096:
            return json_answer({"id": self.show("You received a file: attachment.txt").id})
        return json_answer({"id": self.show(body["message"]).id, "topic": body["topic"]})

    def respond(self, request: Request) -> Answer:
        """Say how the server is to anybody."""
        return self.take(request) if request.path == "/v1/health" else super().respond(request)


class AppriseServer(HookServer):
    """Somebody's own program again, as apprise speaks to it by `json://`."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__(certificate)
        Apprise.instantiate("json://localhost")  # reads its hundred plugins: long, the first time, for a quick command

    @property
    def address(self) -> str:
        return f"apprise+json{self.tls}://{host_and_port(self.url)}/{SECRET_PART}/"

    def busy(self, seconds: int) -> Answer:
        return Answer(429, b"slow down", {"retry-after": str(seconds)})

    def take(self, request: Request) -> Answer:
        self.show(_json(request)["message"])
        return Answer(200, b"thanks")


def host_and_port(url: str) -> str:
    """Return where a server listens."""
    return urlsplit(url).netloc
