"""Services that take messages at an address that is a secret, each as strict as the real one."""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import dataclass
from urllib.parse import urlsplit

from .http_base import LocalServer
from .messages import Answer, Delivery, Fault, JsonObject, Request

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
    redirects = True  # it can be answered for by somebody who sends us on

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Shown] = []
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
        return "message" if method in ("POST", "PATCH") else "question"

    def respond(self, request: Request) -> Answer:
        """Take messages at the one address there is."""
        if self.is_gone or SECRET_PART not in request.path + request.body.decode():
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


def host_and_port(url: str) -> str:
    """Return where a server listens."""
    return urlsplit(url).netloc
