"""One message over HTTP to an address that is a secret: sent once, its answer whole, or what happened instead."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import timedelta

import requests

from trendspark_cli.alerts.channel import ChannelBusyError, ChatRefusedError, MessageRefusedError, UncertainError
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import CredentialsRefusedError, NotSentError, TrendSparkError, UpstreamError
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.kinds.channel_addresses import ChannelAddress
from trendspark_cli.services.html_pages import PAGE, is_page
from trendspark_cli.services.http import BoundedAdapter, UnusableSettingError, may_be_billed, session
from trendspark_cli.services.transport_errors import proxy_error

LONGEST_PAUSE = timedelta(hours=1)  # an absurd number must not silence us for days
NO_PAUSE_NAMED = timedelta(minutes=1)  # a 429 without a number that makes sense
NOT_NOW = (408, 425)  # besides those of 500 and more
OF_THE_ADDRESS = (403, 404, 405, 407, 410)  # what is said of whoever asks, or of what is asked; not of one message
LONGEST_REASON = 10_000  # characters that are looked at


class MessagePosting:
    """Sends what one channel has to say; *setting* is what has the address, for people."""

    def __init__(
        self,
        channel: str,
        setting: str,
        *,
        record: Callable[[ApiCall], None],
        answer_seconds: float,
        endpoint_of: Callable[[str], str],
    ) -> None:
        self.channel = channel
        self.setting = setting
        # No quick retries: a message whose answer got lost may have arrived.
        adapter = BoundedAdapter(channel, record, endpoint_of=endpoint_of, retries=0, answer_seconds=answer_seconds)
        self._session = session(adapter)

    @classmethod
    def of(cls, opening: Opening, address: ChannelAddress, endpoint_of: Callable[[str], str]) -> MessagePosting:
        """Return what posts to the address of one channel."""
        return cls(
            address.channel,
            address.setting,
            record=opening.record,
            answer_seconds=opening.answer_seconds,
            endpoint_of=endpoint_of,
        )

    @property
    def portal_hint(self) -> str:
        """Return what to do when somebody else seems to have answered."""
        return f"check proxies, captive portals and {self.setting}"

    def answer(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Return whatever answer came, its body read, but for a redirect, which is not followed.

        Raises UncertainError when an answer was lost, UpstreamError when it is certain that nothing was taken.
        """
        try:
            # A redirect is not followed: the address is a secret, and the body is the message.
            response = self._session.request(method, url, data=body, headers=headers, allow_redirects=False)
        except requests.exceptions.RequestException as error:
            raise self.lost(error) from RuntimeError(type(error).__name__)  # its text may hold the address
        if 300 <= response.status_code < 400:
            raise self.refusal(response)
        return response

    def lost(self, error: requests.exceptions.RequestException) -> UpstreamError:
        """Return what it means that no answer came: that nothing was sent, or that nobody knows."""
        if isinstance(error, requests.exceptions.ConnectTimeout):
            return UpstreamError(self.channel, "cannot be reached in time")
        if isinstance(error, requests.exceptions.SSLError):
            hint = "check this machine's clock and CA certificates"
            return UpstreamError(self.channel, "its certificate is not trusted", hint=hint)
        if isinstance(error, UnusableSettingError):
            return NotSentError(self.channel, error.told, hint=error.hint)
        if isinstance(error, requests.exceptions.ProxyError):
            return proxy_error(self.channel, str(error))
        if not may_be_billed(error):
            return UpstreamError(self.channel, "cannot be reached", hint=f"check the network and {self.setting}")
        return UncertainError(self.channel, "the answer was lost")

    def refusal(self, response: requests.Response, *, pause: object = None) -> TrendSparkError:
        """Return what an answer other than 2xx means: for this message, for the channel, or only for now.

        *pause*: the seconds that the body asks to wait, where it says so; else the header does.
        """
        code, told = response.status_code, reason_of(response)
        if 300 <= code < 400:
            told = f"answered with a redirect ({code}), which is not followed"
            hint = f"check {self.setting}, proxies and captive portals"
            return UpstreamError(self.channel, told, hint=hint, status=code)
        if code == 429:
            asked = pause if pause is not None else response.headers.get("retry-after")
            return ChannelBusyError(self.channel, pause_of(asked))
        if code >= 500 or code in NOT_NOW or code < 300:
            return UncertainError(self.channel, f"is failing ({code}): {told}", status=code)
        if is_page(response.content, response.headers.get("content-type", "")) and code not in OF_THE_ADDRESS:
            return UncertainError(self.channel, f"{PAGE} ({code})", hint=self.portal_hint, status=code)
        if code == 401:
            hint = f"check the credentials in {self.setting}"
            return CredentialsRefusedError(
                self.channel, f"refused the credentials (401): {told}", hint=hint, status=401
            )
        if code in OF_THE_ADDRESS:
            hint = f"check that the address in {self.setting} is there and may be written to"
            return ChatRefusedError(f"{self.channel}: takes nothing at this address ({code}): {told}", hint=hint)
        return MessageRefusedError(self.channel, f"refused the message ({code}): {told}", status=code)


def reason_of(response: requests.Response) -> str:
    """Return what an answer says, on one line, shortened, in characters that can be stored."""
    if is_page(response.content, response.headers.get("content-type", "")):
        return "a web page"
    text = response.content[:LONGEST_REASON].decode("utf-8", "replace")
    return excerpt(" ".join(text.split()) or "no reason given", 300)


def pause_of(seconds: object) -> timedelta:
    """Return how long to wait, bounded; a minute when what was said is no number of seconds."""
    try:
        told = math.nan if isinstance(seconds, bool) else float(seconds)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        told = math.nan
    if not told > 0:
        return NO_PAUSE_NAMED
    return timedelta(seconds=min(told, LONGEST_PAUSE.total_seconds()))
