"""Discord's webhooks: they name each message, so that it can be changed; nobody is ever mentioned."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
from urllib3.filepost import encode_multipart_formdata

from trendspark_cli.alerts.channel import (
    About,
    ChatRefusedError,
    Message,
    MessageRefusedError,
    Picture,
    Sent,
    UncertainError,
)
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.kinds.channel_addresses import ChannelAddress, form_of
from trendspark_cli.services.message_posting import LONGEST_REASON, MessagePosting, reason_of

CONTENT_LIMIT = 2000  # of what is sent: the form allows half, since each character may need a sign before it
SUPPRESS_EMBEDS = 4  # a flag: no previews of links
UNKNOWN_MESSAGE = 10008  # a code: it was deleted; other codes of 404 are of the webhook
_MESSAGE_ID = re.compile(r"[0-9]{1,20}")
_ADDRESS = re.compile(r"https?://\S+")
_MARKUP = re.compile(r"([\\*_~`|>#\[\]-])")


class Discord:
    """Implements alerts.channel.Notifier."""

    def __init__(self, address: ChannelAddress, posting: MessagePosting) -> None:
        self.name = address.channel
        self.form = form_of(address)
        self._address = address
        self._posting = posting

    def send(self, message: Message) -> Sent:
        """Post one message, as alerts.channel.Notifier promises; it is waited for until Discord has stored it."""
        body = {
            "content": escaped(message.text)[:CONTENT_LIMIT],
            "flags": SUPPRESS_EMBEDS,
            "allowed_mentions": {"parse": []},
        }
        return self._sent(self._ask("POST", self._url("", wait="true"), body))

    def edit(self, message_id: str, message: Message) -> Sent:
        """Replace the text of a message sent before."""
        if not _MESSAGE_ID.fullmatch(message_id):
            raise MessageRefusedError(self.name, f"{excerpt(message_id, 40)!r} is no id of a message of Discord's")
        body = {"content": escaped(message.text)[:CONTENT_LIMIT], "allowed_mentions": {"parse": []}}
        return self._sent(self._ask("PATCH", self._url(f"/messages/{message_id}"), body))

    def send_picture(self, picture: Picture, *, chat_id: str | None, reply_to: str | None, about: About) -> Sent:
        """Post one picture below the last message; a webhook cannot answer."""
        body = {"content": escaped(picture.words)[:CONTENT_LIMIT], "allowed_mentions": {"parse": []}}
        return self._sent(self._ask("POST", self._url("", wait="true"), body, picture.png))

    def check(self) -> str:
        """Return the webhook's name and its channel; asks for the webhook, which costs nothing."""
        found = self._ask("GET", self._url(""), None)
        name, channel = found.get("name"), found.get("channel_id")
        return f"webhook {_told(name)!r} of channel {_told(channel)}"

    def _url(self, below: str, **query: str) -> str:
        """Return the address of the webhook, or of what lies below it; a thread of the address is kept."""
        parts = urlsplit(self._address.endpoint)
        kept = dict(parse_qsl(parts.query)) | query
        return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + below, urlencode(kept), ""))

    def _ask(self, method: str, url: str, body: dict[str, Any] | None, png: bytes | None = None) -> dict[str, Any]:
        content = None if body is None else json.dumps(body).encode()
        headers = None if body is None else {"Content-Type": "application/json"}
        if content is not None and png is not None:
            file = ("files[0]", ("trend.png", png, "image/png"))
            content, form = encode_multipart_formdata([("payload_json", content), file])
            headers = {"Content-Type": form}
        response = self._posting.answer(method, url, body=content, headers=headers)
        answer = _read(response)
        if 200 <= response.status_code < 300:
            if answer is None:
                told = f"answered {response.status_code} without sense: {reason_of(response)}"
                raise UncertainError(self.name, told, hint=self._posting.portal_hint)
            return answer
        raise self._refusal(response, answer or {})

    def _refusal(self, response: requests.Response, answer: dict[str, Any]) -> TrendSparkError:
        told = f"{_told(answer.get('message'))} ({response.status_code})"
        if response.status_code == 404 and answer.get("code") == UNKNOWN_MESSAGE:
            return MessageRefusedError(self.name, f"the message is not there any more: {told}", status=404)
        if response.status_code in (401, 403, 404):
            hint = f"set {self._posting.setting} to a webhook that is there: Integrations in the channel's settings"
            return ChatRefusedError(f"{self.name}: Discord takes nothing there: {told}", hint=hint)
        return self._posting.refusal(response, pause=answer.get("retry_after"))

    def _sent(self, answer: dict[str, Any]) -> Sent:
        """Return what Discord said of a message it took, whatever else it said.

        Raises UncertainError when it named none: then it was somebody else who answered.
        """
        if "id" not in answer:
            raise UncertainError(self.name, "answered without an id", hint=self._posting.portal_hint)
        found = answer["id"]
        return Sent(found if isinstance(found, str) and _MESSAGE_ID.fullmatch(found) else "", "Discord")


def _read(response: requests.Response) -> dict[str, Any] | None:
    try:
        answer = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _told(value: object) -> str:
    """Return a text of an answer, on one line, shortened, in characters that can be stored."""
    text = value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
    return excerpt(" ".join(text[:LONGEST_REASON].split()) or "unnamed", 200)


def escaped(text: str) -> str:
    """Return a text in which Discord finds no markup of its own; addresses stay as they are."""
    plain = text.encode("utf-8", "replace").decode()
    done, end = "", 0
    for address in _ADDRESS.finditer(plain):
        done += _MARKUP.sub(r"\\\1", plain[end : address.start()]) + address[0]
        end = address.end()
    return done + _MARKUP.sub(r"\\\1", plain[end:])


def make(opening: Opening, address: ChannelAddress) -> Discord:
    """Return the channel of one webhook of Discord's."""
    return Discord(
        address, MessagePosting.of(opening, address, lambda path: "edit" if "/messages/" in path else "message")
    )
