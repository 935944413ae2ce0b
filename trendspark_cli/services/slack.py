"""Slack's incoming webhooks: they say `ok` and name no message, so nothing is edited and nothing answered."""

from __future__ import annotations

import json

from trendspark_cli.alerts.channel import ChatRefusedError, Message, Sent, UncertainError
from trendspark_cli.base.opening import Opening
from trendspark_cli.kinds.channel_addresses import ChannelAddress, form_of
from trendspark_cli.services.message_posting import MessagePosting, reason_of

TAKEN = b"ok"
# What Slack says with 400 or 500 of the webhook and not of a message.
_OF_THE_WEBHOOK = (
    "no_service",
    "no_active_hooks",
    "no_team",
    "team_disabled",
    "invalid_token",
    "channel_is_archived",
    "channel_not_found",
    "user_not_found",
    "action_prohibited",
    "posting_to_general_channel_denied",
)


class Slack:
    """Implements alerts.channel.Notifier."""

    def __init__(self, address: ChannelAddress, posting: MessagePosting) -> None:
        self.name = address.channel
        self.form = form_of(address)
        self._address = address
        self._posting = posting

    def send(self, message: Message) -> Sent:
        """Post one message, as alerts.channel.Notifier promises."""
        body = {"text": escaped(message.text), "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
        headers = {"Content-Type": "application/json"}
        response = self._posting.answer("POST", self._address.endpoint, body=json.dumps(body).encode(), headers=headers)
        told = reason_of(response)
        if response.status_code >= 400 and told in _OF_THE_WEBHOOK:
            hint = f"set {self._posting.setting} to a webhook that is there; api.slack.com/apps lists them"
            raise ChatRefusedError(
                f"{self.name}: Slack takes nothing there ({response.status_code}): {told}", hint=hint
            )
        if not 200 <= response.status_code < 300:
            raise self._posting.refusal(response)
        if response.content.strip() != TAKEN:
            raise UncertainError(
                self.name, f"Slack did not say ok ({response.status_code}): {told}", hint=self._posting.portal_hint
            )
        return Sent("", "Slack")

    def edit(self, message_id: str, message: Message) -> Sent:
        """Never called: the webhook names no message."""
        raise NotImplementedError

    def check(self) -> str:
        """Return where alerts go; only a message shows whether Slack takes it."""
        return f"posts to {self._address.host}; `trendspark channels test {self.name}` shows whether Slack takes alerts"


def escaped(text: str) -> str:
    """Return a text in which Slack finds no markup of its own: no link, no mention."""
    plain = text.encode("utf-8", "replace").decode()
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def make(opening: Opening, address: ChannelAddress) -> Slack:
    """Return the channel of one webhook of Slack's."""
    return Slack(address, MessagePosting.of(opening, address, lambda path: "message"))
