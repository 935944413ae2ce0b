"""ntfy: messages to a topic, whose name is as good as a password."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote, unquote, urlencode, urlsplit

import requests

from trendspark_cli.alerts.channel import About, Message, Picture, Sent, UncertainError
from trendspark_cli.base.opening import Opening
from trendspark_cli.kinds.channel_addresses import ChannelAddress, form_of
from trendspark_cli.services.message_posting import MessagePosting, reason_of

TITLE_BYTES = 250  # of the 1,024 that are taken: it is the heading of a notification
_PLAIN_SCHEMES = {"ntfy": "http", "ntfys": "https"}


class Ntfy:
    """Implements alerts.channel.Notifier."""

    def __init__(self, address: ChannelAddress, posting: MessagePosting) -> None:
        self.name = address.channel
        self.form = form_of(address)
        self._host = address.host
        parts = urlsplit(address.url)
        where, _, topic = parts.path.rstrip("/").rpartition("/")
        self._topic = unquote(topic)
        host_and_port = parts.netloc.rpartition("@")[2]
        self._root = f"{_PLAIN_SCHEMES[parts.scheme]}://{host_and_port}{where}/"
        self._headers = {"Content-Type": "application/json", **_authorization(parts.username, parts.password)}
        self._posting = posting

    def send(self, message: Message) -> Sent:
        """Publish one message, as alerts.channel.Notifier promises."""
        body = {"topic": self._topic, "message": message.text.encode("utf-8", "replace").decode()}
        about = message.about
        if about is not None and about.part == 1:
            body["title"] = about.title.encode("utf-8", "replace")[:TITLE_BYTES].decode("utf-8", "ignore")
        content = json.dumps(body, ensure_ascii=False).encode()
        return self._sent(self._posting.answer("POST", self._root, body=content, headers=self._headers))

    def send_picture(self, picture: Picture, *, chat_id: str | None, reply_to: str | None, about: About) -> Sent:
        """Publish one picture, which the server keeps for a while, if it keeps any."""
        told = urlencode({"filename": "trend.png", "message": picture.words})
        headers = {**self._headers, "Content-Type": "image/png"}
        url = f"{self._root}{quote(self._topic)}?{told}"
        return self._sent(self._posting.answer("PUT", url, body=picture.png, headers=headers))

    def _sent(self, response: requests.Response) -> Sent:
        if not 200 <= response.status_code < 300:
            raise self._posting.refusal(response)
        return Sent(self._id_of(response.content, reason_of(response)), f"a topic of {self._host}")

    def _id_of(self, content: bytes, told: str) -> str:
        """Return the id of a message that was taken; an answer without one is somebody else's."""
        try:
            found = json.loads(content)["id"]
        except (ValueError, KeyError, TypeError, RecursionError):
            found = None
        if not isinstance(found, str) or not found:
            raise UncertainError(self.name, f"answered without an id: {told}", hint=self._posting.portal_hint)
        return found[:100].encode("utf-8", "replace").decode()

    def edit(self, message_id: str, message: Message) -> Sent:
        """Never called: servers before 2.16 would show it as one more message."""
        raise NotImplementedError

    def check(self) -> str:
        """Return which server answers, by its own check of its health; whether it takes messages, only one shows."""
        response = self._posting.answer("GET", f"{self._root}v1/health", headers=self._headers)
        if response.status_code != 200:
            raise self._posting.refusal(response)
        return f"the ntfy of {self._host} answers"


def _authorization(user: str | None, password: str | None) -> dict[str, str]:
    """Return the header of a user with a password, or of a token: a password without a user."""
    if not password:
        return {}
    if not user:
        return {"Authorization": f"Bearer {unquote(password)}"}
    pair = f"{unquote(user)}:{unquote(password)}".encode()
    return {"Authorization": f"Basic {b64encode(pair).decode()}"}


def make(opening: Opening, address: ChannelAddress) -> Ntfy:
    """Return the channel of one topic."""
    return Ntfy(
        address,
        MessagePosting.of(opening, address, lambda path: "health" if path.endswith("/v1/health") else "message"),
    )
