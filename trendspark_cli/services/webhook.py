"""Alerts as JSON to an address of the operator's own, signed when there is a secret."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import urlsplit

from trendspark_cli.alerts.channel import About, Message, Sent, UncertainError
from trendspark_cli.base.clock import to_text, utc_now
from trendspark_cli.base.opening import Opening
from trendspark_cli.kinds.channel_addresses import ChannelAddress, form_of
from trendspark_cli.services.html_pages import PAGE, is_page
from trendspark_cli.services.http import USER_AGENT
from trendspark_cli.services.message_posting import MessagePosting

SIGNATURE = "X-TrendSpark-Signature"
UNKNOWN = About(0, "ops", "job_alert", "", "")  # of a message that is in no outbox


class Webhook:
    """Implements alerts.channel.Notifier."""

    def __init__(self, address: ChannelAddress, posting: MessagePosting) -> None:
        self.name = address.channel
        self.form = form_of(address)
        self._address = address
        self._posting = posting

    def send(self, message: Message) -> Sent:
        """Post one alert, as alerts.channel.Notifier promises; the same alert has the same key each time."""
        about, text = message.about, message.text
        known = about or UNKNOWN
        sent_at = to_text(utc_now())
        body = json.dumps(
            {
                "id": known.alert_id,
                "event": known.event,
                "category": known.category,
                "title": known.title or text.split("\n", 1)[0],
                "text": text,
                "sent_at": sent_at,
                "trend": known.trend,
            },
            ensure_ascii=True,  # half a character can be written so, and cannot in UTF-8
        ).encode()
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        # A message of no outbox has no id: nothing but its time tells it from the next one.
        headers["Idempotency-Key"] = f"{known.alert_id if about else sent_at}:{known.event}"
        if self._address.secret:
            signature = hmac.new(self._address.secret.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={signature}"
        response = self._posting.answer("POST", self._address.url, body=body, headers=headers)
        if not 200 <= response.status_code < 300:
            raise self._posting.refusal(response)
        is_checked = urlsplit(self._address.url).scheme == "https"  # then no portal can have answered
        if not is_checked and is_page(response.content, response.headers.get("content-type", "")):
            raise UncertainError(self.name, f"{PAGE} ({response.status_code})", hint=self._posting.portal_hint)
        return Sent("", self._address.host)

    def edit(self, message_id: str, message: Message) -> Sent:
        """Never called: what was posted is not changed."""
        raise NotImplementedError

    def check(self) -> str:
        """Return where alerts are posted to; only an alert shows whether it is taken there."""
        return f"posts to {self._address.host}; `trendspark channels test {self.name}` shows whether it takes alerts"


def make(opening: Opening, address: ChannelAddress) -> Webhook:
    """Return the channel of one address."""
    return Webhook(address, MessagePosting.of(opening, address, lambda path: "alert"))
