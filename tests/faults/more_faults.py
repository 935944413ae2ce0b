"""Faults beyond `tests.servers.faults`: traps of the client libraries, and listings that lie about their end."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.faults.scene import Scene
from tests.servers import Answer, Fault, Request
from tests.servers.messages import Delivery, json_answer

JSON = {"content-type": "application/json"}


def answered(name: str, document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Fault:
    """A JSON document with any status."""
    return Fault(name, lambda request: json_answer(document, status, headers))


def stalled_body() -> Fault:
    """Half a body, and then silence."""
    answer = Answer(body=b'{"data": "half"}', headers=JSON, delivery=Delivery.DRIPPED, drip_bytes=8, drip_seconds=30)
    return Fault("stalled_body", lambda request: answer)


def broken_gzip() -> Fault:
    """A body that says it is compressed and is not."""
    return Fault("broken_gzip", lambda request: Answer(body=b"no gzip", headers={**JSON, "content-encoding": "gzip"}))


def deep_json() -> Fault:
    """JSON nested deeper than any reader follows."""
    return Fault("deep_json", lambda request: Answer(body=b"[" * 200_000, headers=JSON))


def endless_body() -> Fault:
    """More bytes than any answer should have."""
    body = b'{"data":"' + b" " * (33 * 2**20) + b'"}'
    return Fault("endless_body", lambda request: Answer(body=body, headers={**JSON, "content-encoding": "identity"}))


@cache
def packed_bomb() -> Fault:
    """A small body that is much larger once it is unpacked."""
    body = gzip.compress(bytes(64 * 2**20), 6)
    headers = {**JSON, "content-encoding": "gzip"}
    answer = Answer(body=body, headers=headers, delivery=Delivery.DRIPPED, drip_bytes=len(body), drip_seconds=0)
    return Fault("packed_bomb", lambda request: answer)


def redirect(location: str) -> Fault:
    """A 302 to somewhere."""
    return Fault("redirect", lambda request: Answer(302, b"", {"location": location}))


def told_secret() -> Fault:
    """A 403 that repeats the credentials it was sent."""

    def answer(request: Request) -> Answer:
        return json_answer({"detail": f"no access for {request.authorization}\nsecond line", "title": "Forbidden"}, 403)

    return Fault("told_secret", answer)


def changed(scene: Scene, change: Any) -> Fault:
    """The healthy answer, with its JSON document changed by *change(document, request)*."""

    def answer(request: Request) -> Answer:
        healthy = scene.server.respond(request)
        document = json.loads(healthy.body)
        change(document, request)
        return json_answer(document, healthy.status, JSON)

    return Fault("changed", answer)


def first_page_again(scene: Scene, token: str | None) -> Fault:
    """X's first page whatever is asked, with a further page named by *token*; None: a new name each time."""

    def answer(request: Request) -> Answer:
        query = {name: value for name, value in request.query.items() if name not in ("next_token", "until_id")}
        healthy = scene.server.respond(Request(**{**vars(request), "query": query}))
        document = json.loads(healthy.body)
        document["meta"]["next_token"] = token or f"token{request.serial}"
        return json_answer(document)

    return Fault("first_page_again", answer)


def empty_pages_for_ever() -> Fault:
    """X's empty page that always names a further one."""
    return Fault(
        "empty_pages",
        lambda request: json_answer({"meta": {"result_count": 0, "next_token": f"token{request.serial}"}}),
    )


def same_page_for_ever(scene: Scene) -> Fault:
    """Reddit's first page whatever is asked, always with the same further page."""

    def answer(request: Request) -> Answer:
        query = {name: value for name, value in request.query.items() if name != "after"}
        document = json.loads(scene.server.respond(Request(**{**vars(request), "query": query})).body)
        document["data"]["after"] = "t3_zzzzzz"
        return json_answer(document)

    return Fault("same_page", answer)
