"""What a test server receives, what it answers, and what it remembers of both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from enum import Enum
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class ShownPicture:
    """A picture as people see it; `answers` is the id of the message it stands under."""

    words: str
    png: bytes
    answers: str | None = None


class Delivery(Enum):
    """How the bytes of an answer leave the server."""

    WHOLE = "whole"
    DRIPPED = "dripped"  # the body comes a few bytes at a time
    TRUNCATED = "truncated"  # Content-Length promises more than is sent, then the line closes
    NEVER = "never"  # the request is read and nothing is ever sent
    RESET = "reset"  # the connection is cut with a TCP reset


@dataclass(frozen=True)
class Request:
    """One request as it arrived; `query` holds the first value of each parameter."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # lower-case names, without Authorization
    authorization: str | None
    body: bytes
    endpoint: str  # the server's own name for it, such as "search_recent"
    number: int  # 1 for the first request of this endpoint
    serial: int  # 1 for the first request of the server
    platform: str  # the source it plays
    server_url: str
    time: float  # Unix seconds on the server's clock
    pairs: tuple[tuple[str, str], ...] = ()  # the whole query: a name may be there more than once


@dataclass(frozen=True)
class Answer:
    """What to send back, and how."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    drip_bytes: int = 1
    drip_seconds: float = 0.05  # pause between two drips

    @property
    def logged_status(self) -> int | None:
        """The status a client can have seen; None when the server sent none."""
        return None if self.delivery in (Delivery.NEVER, Delivery.RESET) else self.status


@dataclass(frozen=True)
class LoggedRequest:
    """One line of a server's request log."""

    request: Request
    status: int | None  # None when no status was ever sent
    fault: str | None  # name of the fault that answered, None for a healthy answer

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def path(self) -> str:
        return self.request.path

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    @property
    def headers(self) -> Mapping[str, str]:
        return self.request.headers

    @property
    def authorization(self) -> str | None:
        return self.request.authorization

    @property
    def endpoint(self) -> str:
        return self.request.endpoint

    @property
    def time(self) -> float:
        return self.request.time


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong instead of the healthy answer.

    `answer` is a pure function of the request, so one fault can be used many times, on both
    platforms and by several servers.
    """

    name: str
    answer: Callable[[Request], Answer]


def json_answer(
    document: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return *document* as a JSON answer."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return Answer(
        status=status,
        body=body,
        headers={"content-type": "application/json; charset=utf-8", **(headers or {})},
    )


def form_of(request: Request) -> dict[str, bytes]:
    """Return the fields and files of a form by their names; nothing when the body is none."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return {}
    form = message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + request.body, policy=HTTP)
    named = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
    return {str(name): bytes(part.get_payload(decode=True)) for name, part in named.items()}
