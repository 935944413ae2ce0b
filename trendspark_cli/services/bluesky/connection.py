"""One connection to a host of Bluesky's stream (Jetstream, the first version of its wire)."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from trendspark_cli.base.api_calls import ApiCall, note_call
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.errors import BadAnswerError, CredentialsRefusedError, RateLimitedError, UpstreamError
from trendspark_cli.services.bluesky.posts import POSTS
from trendspark_cli.services.http import USER_AGENT

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

LARGEST_FRAME = 2**18  # bytes; a post has a few thousand
SILENT_SECONDS = 8.0  # without an event; some hosts take a connection and send nothing over it
MOST_WAITING = 256  # events that are held while a page is stored; the rest waits at the host
SERVICE = "bluesky"
NEXT_RUN = "check the network, proxies and BLUESKY_HOSTS; the next run goes on where this one stopped"
CHECK_HOSTS = "check BLUESKY_HOSTS, proxies and captive portals on this network"


class Connection:
    """Events of posts and accounts, one text each, the oldest first; from *cursor* on (microseconds), or as made."""

    def __init__(
        self, address: str, cursor: int | None, *, record: Callable[[ApiCall], None], answer_seconds: float
    ) -> None:
        self.host = urlsplit(address).netloc
        self._seconds = min(SILENT_SECONDS, answer_seconds)
        self._waited = 0.0  # seconds for the next event; those in which nobody asked do not count
        self._socket = self._open(_url_of(address, cursor), record)

    def receive(self, until: float = float("inf")) -> str | None:
        """Return the next event as it came; None when there is none *until* then (monotonic).

        Raises UpstreamError when nothing came for too long, or the end has come.
        """
        began = time.monotonic()
        left = self._seconds - self._waited
        try:
            frame = self._socket.recv(max(0.0, min(left, until - began)))
        except TimeoutError as error:
            self._waited += time.monotonic() - began
            if until - began < left:
                return None
            told = f"{self.host} was silent for {self._seconds:g} s"
            raise UpstreamError(SERVICE, told, hint=NEXT_RUN) from error
        except ConnectionClosed as closed:
            raise self._ended(closed) from closed
        except (WebSocketException, UnicodeDecodeError) as error:
            raise BadAnswerError(SERVICE, f"{self.host} sent no WebSocket frames", hint=CHECK_HOSTS) from error
        if isinstance(frame, bytes):
            told = f"{self.host} sent a binary frame of {len(frame)} bytes, where text was expected"
            raise BadAnswerError(SERVICE, told, hint=CHECK_HOSTS)
        self._waited = 0.0
        return frame

    def close(self) -> None:
        """Leave; the host may take its time to agree."""
        self._socket.close()

    def _ended(self, closed: Exception) -> UpstreamError:
        sent, received = getattr(closed, "sent", None), getattr(closed, "rcvd", None)
        if received is None and sent is not None and sent.code == 1009:
            told = f"{self.host} sent a frame of more than {LARGEST_FRAME} bytes"
            return BadAnswerError(SERVICE, told, hint=CHECK_HOSTS)
        if received is None and sent is not None and sent.code in (1002, 1007):
            told = f"{self.host} sent frames that make no sense ({sent.code})"
            return BadAnswerError(SERVICE, told, hint=CHECK_HOSTS)
        code = received.code if received is not None else 1006
        return UpstreamError(SERVICE, f"{self.host} closed the connection ({code})", hint=NEXT_RUN)

    def _open(self, url: str, record: Callable[[ApiCall], None]) -> ClientConnection:
        from websockets.sync.client import connect

        at, started = utc_now(), time.monotonic()
        status: int | None = None
        date = ""
        try:
            socket = connect(
                url,
                compression=None,
                user_agent_header=USER_AGENT,
                open_timeout=self._seconds,
                close_timeout=1.0,
                ping_timeout=None,  # its answer comes behind all that is on its way; silence is noticed sooner, by us
                max_size=LARGEST_FRAME,
                max_queue=MOST_WAITING,
                legacy=True,
            )
            status = 200  # 101 in truth: of what succeeds, metrics and alerts know one kind
            date = socket.response.headers.get("Date", "") if socket.response is not None else ""
            return socket
        except InvalidStatus as refusal:
            status = refusal.response.status_code
            raise self._refused(status) from refusal
        except (OSError, EOFError, ImportError, ValueError, WebSocketException) as error:  # of a redirect's address
            raise self._not_open(error) from error
        finally:
            seconds = time.monotonic() - started
            note_call(record, ApiCall(at, SERVICE, "subscribe", status, seconds, answered_at=date))

    def _refused(self, status: int) -> UpstreamError:
        told = f"{self.host} refused the stream ({status})"
        if status == 429:
            return RateLimitedError(SERVICE, told, status=status, hint=NEXT_RUN)
        if status in (401, 403):
            return CredentialsRefusedError(
                SERVICE, f"{told}, though no key should be needed", status=status, hint=CHECK_HOSTS
            )
        if status >= 500:
            return UpstreamError(SERVICE, told, status=status, hint=NEXT_RUN)
        told = f"{self.host} answered {status}, which opens no stream"
        return BadAnswerError(SERVICE, told, status=status, hint=CHECK_HOSTS)

    def _not_open(self, error: Exception) -> UpstreamError:
        """Return what it means that no connection came about."""
        from websockets.exceptions import InvalidMessage, InvalidProxy, ProxyError

        if isinstance(error, InvalidMessage) and isinstance(error.__cause__, OSError | EOFError):
            error = error.__cause__  # cut off before a word: that is no answer
        if isinstance(error, TimeoutError):
            return UpstreamError(SERVICE, f"no answer in time from {self.host}", hint=NEXT_RUN)
        if isinstance(error, ssl.SSLError):
            hint = "check this machine's clock and CA certificates; a captive portal looks like this"
            return UpstreamError(SERVICE, f"the certificate of {self.host} is not trusted", hint=hint)
        if isinstance(error, ProxyError | InvalidProxy | ImportError):
            return UpstreamError(SERVICE, f"{self.host}: the proxy makes no connection", hint=NEXT_RUN)
        if isinstance(error, OSError | EOFError):
            return UpstreamError(SERVICE, f"{self.host} cannot be reached ({type(error).__name__})", hint=NEXT_RUN)
        return BadAnswerError(SERVICE, f"{self.host} speaks no WebSocket", hint=CHECK_HOSTS)


def _url_of(address: str, cursor: int | None) -> str:
    path = "" if urlsplit(address).path else "/subscribe"
    asked: dict[str, str | int] = {"wantedCollections": POSTS, "maxMessageSizeBytes": LARGEST_FRAME}
    if cursor is not None:
        asked["cursor"] = cursor
    return f"{address}{path}?{urlencode(asked)}"


def microseconds(moment: datetime) -> int:
    """Return a time as the stream's cursors tell it."""
    return round(moment.timestamp() * 1_000_000)
