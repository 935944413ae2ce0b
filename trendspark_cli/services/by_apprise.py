"""Apprise: services that have no channel of their own here, by its addresses. One address is one place.

Apprise says yes or no. What was answered is seen where its requests go out: here, as all of ours do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from trendspark_cli.alerts.channel import About, ChatRefusedError, Message, Sent, UncertainError
from trendspark_cli.base.api_calls import ApiCall
from trendspark_cli.base.errors import TrendSparkError
from trendspark_cli.base.extras import missing_extra
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.kinds.channel_addresses import ChannelAddress, form_of
from trendspark_cli.services.deadlines import within
from trendspark_cli.services.html_pages import PAGE, is_page
from trendspark_cli.services.http import BoundedAdapter
from trendspark_cli.services.message_posting import MessagePosting

if TYPE_CHECKING:
    from apprise import NotifyBase

PREFIX = "apprise+"
LONGEST_SECONDS = 45.0  # of all requests that one message takes: the lease of an alert is longer
_LOG = logging.getLogger("apprise")


class ByApprise:
    """Implements alerts.channel.Notifier. The library is imported when there is something to send."""

    def __init__(self, address: ChannelAddress, posting: MessagePosting, out: WatchedAdapter) -> None:
        self.name = address.channel
        self.form = form_of(address)
        self._address = address
        self._posting = posting
        self._out = out
        self._opened: NotifyBase | None = None

    def send(self, message: Message) -> Sent:
        """Send one message, as alerts.channel.Notifier promises."""
        service = self._service()
        plain, title = (part.encode("utf-8", "replace").decode() for part in (message.text, _title(message.about)))
        with _silent() as told, self._out.in_use(), within(LONGEST_SECONDS):
            was_taken = service.notify(body=plain, title=title[: service.title_maxlen], body_format="text")
        if not was_taken:
            raise self._refusal(told)
        if self._out.is_of_a_portal:
            raise UncertainError(self.name, PAGE, hint=self._posting.portal_hint)
        return Sent("", str(service.service_name))

    def edit(self, message_id: str, message: Message) -> Sent:
        """Never called: apprise names no message."""
        raise NotImplementedError

    def check(self) -> str:
        """Return which service the address is of; only a message shows whether it takes alerts."""
        name = self._service().service_name
        return f"{name}, by apprise; `trendspark channels test {self.name}` shows whether it takes alerts"

    def _service(self) -> NotifyBase:
        if self._opened is None:
            self._opened = service_of(self._address)
        return self._opened

    def _refusal(self, told: list[str]) -> TrendSparkError:
        """Return what it means that apprise could not send: by the last answer, else by what it said itself."""
        last = self._out.last
        if isinstance(last, requests.exceptions.RequestException):
            return self._posting.lost(last)
        if last is not None and last.status_code >= 300:
            return self._posting.refusal(last)
        words = excerpt(" ".join(" ".join(told).split()) or "no reason given", 300)
        return UncertainError(self.name, f"apprise could not send: {words}")


class WatchedAdapter(BoundedAdapter):
    """What apprise's requests go out by: bounded, counted, redirected nowhere. `last` is how the last one ended."""

    def __init__(self, channel: str, record: Callable[[ApiCall], None], answer_seconds: float) -> None:
        super().__init__(channel, record, endpoint_of=lambda path: "message", retries=0, answer_seconds=answer_seconds)
        self.last: requests.Response | requests.exceptions.RequestException | None = None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send once, and keep what came of it."""
        try:
            self.last = response = super().send(request, *args, **kwargs)
        except requests.exceptions.RequestException as error:
            self.last = error
            raise
        response.headers.pop("location", None)  # else a library would go there, with the address and the message
        return response

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Have each session that is opened in this block send by this adapter: apprise takes none of ours."""
        self.last, usual = None, requests.sessions.HTTPAdapter
        requests.sessions.HTTPAdapter = lambda: self  # type: ignore[misc, assignment]
        try:
            yield
        finally:
            requests.sessions.HTTPAdapter = usual

    @property
    def is_of_a_portal(self) -> bool:
        """Tell whether the last answer is a page, and nobody's certificate says whose."""
        last = self.last
        return (
            isinstance(last, requests.Response)
            and last.url.startswith("http://")
            and is_page(last.content, last.headers.get("content-type", ""))
        )


def service_of(address: ChannelAddress) -> NotifyBase:
    """Return what sends to an address, as apprise knows it. Asks nobody.

    Raises ConfigError when the library is not there, or sees nothing or more than one place in the address.
    """
    try:
        from apprise import Apprise, AppriseAsset, OverflowMode
    except ImportError as error:
        raise missing_extra(f"{address.setting}={PREFIX}...", "notify") from error
    asset = AppriseAsset(
        app_id="TrendSpark",
        app_desc="TrendSpark",
        app_url="",
        storage_mode="memory",  # nothing is kept in files, and no keys are made
        pgp_autogen=False,
        pem_autogen=False,
        http_redirects=False,
    )
    with _silent():
        service = Apprise.instantiate(address.url.removeprefix(PREFIX), asset=asset)
    hint = "what an address looks like: https://appriseit.com/services/"
    if service is None:
        raise ChatRefusedError(f"{address.channel}: apprise knows no such address", hint=hint)
    if len(service) != 1:
        told = f"{address.channel}: the address names {len(service)} places, and a channel is one"
        raise ChatRefusedError(told, hint="give each a channel of its own: another ALERT_URL_<NAME>")
    service.request_rate_per_sec = 0.0  # the outbox has the pace
    service.overflow_mode = OverflowMode.SPLIT
    return service


@contextmanager
def _silent() -> Iterator[list[str]]:
    """Keep what apprise logs in this block out of our log, since it may hold parts of the address; yield its lines."""
    lines: list[str] = []
    keeper = logging.Handler(logging.WARNING)
    keeper.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    propagated, _LOG.propagate = _LOG.propagate, False
    _LOG.addHandler(keeper)
    try:
        yield lines
    finally:
        _LOG.removeHandler(keeper)
        _LOG.propagate = propagated


def _title(about: About | None) -> str:
    return about.title if about is not None and about.part == 1 else ""


def make(opening: Opening, address: ChannelAddress) -> ByApprise:
    """Return the channel of one of apprise's addresses."""
    out = WatchedAdapter(address.channel, opening.record, opening.answer_seconds)
    return ByApprise(address, MessagePosting.of(opening, address, lambda path: "message"), out)
