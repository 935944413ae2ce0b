"""One way out to HTTP services: bounded in time and size, measured, and pointed where the settings say.

tweepy, praw and our own calls all go through requests; the adapter here is mounted on their sessions, so that
no library can wait for ever, send a token elsewhere, or call without being counted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from trendspark_cli import __version__
from trendspark_cli.base.api_calls import ApiCall, note_call
from trendspark_cli.base.clock import utc_now
from trendspark_cli.services.deadlines import bounded, within
from trendspark_cli.services.networks import Trouble, setting_trouble

USER_AGENT = f"trendspark/{__version__}"
CONNECT_SECONDS = 5
PROXY_WANTS_PASSWORD = 407  # a status
ANSWER_SECONDS = 20.0  # for the first byte, and half as much again for the whole: dripped bytes trip no read time-out
MAX_BODY_BYTES = 16 * 2**20
MOST_MARKS = 250_000  # brackets and commas: each may become an object of a hundred bytes; a page has some ten thousand
MOST_REDIRECTS = 5
RETRIES = 2  # quick ones, for a blip; cron is the retry loop for anything longer
RETRY_PAUSE_SECONDS = 0.5
REQUEST_ID_HEADERS = ("x-transaction-id", "x-request-id")  # X's own name for it, and the usual one
_CHUNK = 65536
_NEVER_SENT = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.SSLError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


class UnusableSettingError(requests.exceptions.RequestException):
    """A proxy or certificates of this machine's settings cannot be used; `told` and `hint` say which and what to do."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.told)
        self.told, self.hint = trouble


class AnswerTooSlowError(requests.exceptions.Timeout):
    """The answer did not arrive in time. No ReadTimeout: prawcore would wait for it twice more."""


class NotConnectedError(AnswerTooSlowError):
    """No connection came about in time, so nothing was sent."""


class AnswerTooLargeError(requests.exceptions.RequestException):
    """The body is larger than any answer of this service should be."""


class NoFinalAnswerError(requests.exceptions.RequestException):
    """The status says that another answer follows, or another protocol, where an answer was expected."""


class DeadlineAdapter(HTTPAdapter):
    """Connections that keep to `within`, and errors that say when nothing was sent."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send once.

        Raises UnusableSettingError, ProxyError (by a 407 too: the proxy says it in the service's place), and whatever
        else requests raises.
        """
        try:
            response = super().send(request, *args, **kwargs)
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            if trouble := setting_trouble(error):
                raise UnusableSettingError(trouble) from error
            raise
        if response.status_code == PROXY_WANTS_PASSWORD:
            response.close()
            raise requests.exceptions.ProxyError(f"Tunnel connection failed: {PROXY_WANTS_PASSWORD}")
        if response.is_redirect and not _leads_somewhere(response.headers["location"]):
            del response.headers["location"]  # requests itself falls over it, followed or not
        return response

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool of connections for a request; all of them keep to the deadline."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if not hasattr(pool.ConnectionCls, "is_bounded"):
            pool.ConnectionCls = bounded(pool.ConnectionCls)
        return pool


class BoundedAdapter(DeadlineAdapter):
    """Sends requests with time-outs, quick retries and a record of each try.

    `rewrites` maps the host a library has built in to the base URL of the settings. `endpoint_of` names the
    endpoint of a path from a short list, since it becomes a label. A request that `is_billed` is not sent again once it
    may have been answered: it would be paid for twice.
    """

    def __init__(
        self,
        service: str,
        record: Callable[[ApiCall], None],
        *,
        rewrites: Mapping[str, str] | None = None,
        endpoint_of: Callable[[str], str] = lambda path: path,
        remaining_header: str = "",
        retries: int = RETRIES,
        is_billed: bool = False,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        super().__init__()
        self._service = service
        self._record = record
        self._rewrites = rewrites or {}
        self._endpoint_of = endpoint_of
        self._remaining_header = remaining_header
        self._retries = retries
        self._is_billed = is_billed
        self._answer_seconds = answer_seconds

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, read the whole body, and try again quickly after 5xx or a dropped connection."""
        request.url = self._rewritten(request.url or "")
        kwargs["timeout"] = (min(CONNECT_SECONDS, self._answer_seconds), self._answer_seconds)
        kwargs["stream"] = True
        for attempt in range(self._retries):
            try:
                response = self._send_once(request, *args, **kwargs)
            except (requests.exceptions.SSLError, requests.exceptions.Timeout, requests.exceptions.ProxyError):
                raise  # none gets better within a second
            except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
                if self._is_billed and may_be_billed(error):
                    raise
            else:
                if response.status_code < 500:
                    return response
            time.sleep(RETRY_PAUSE_SECONDS * 2**attempt)
        return self._send_once(request, *args, **kwargs)

    def _send_once(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        started, at = time.monotonic(), utc_now()
        response: requests.Response | None = None
        complete = False
        try:
            with within(1.5 * self._answer_seconds + min(CONNECT_SECONDS, self._answer_seconds)):
                response = super().send(request, *args, **kwargs)
                _read_body(response, started + 1.5 * self._answer_seconds)
            if response.status_code < 200:  # libraries that sit on us have no word for it
                raise NoFinalAnswerError(f"the answer is none ({response.status_code})")
            complete = True
            return response
        except requests.exceptions.ConnectTimeout as error:
            raise NotConnectedError(f"no connection to {self._service} in time") from error
        except requests.exceptions.Timeout as error:
            raise AnswerTooSlowError(f"no complete answer from {self._service} in time", response=response) from error
        except requests.exceptions.RequestException as error:
            error.response = response
            raise
        finally:
            seconds = time.monotonic() - started
            endpoint = self._endpoint_of(urlsplit(request.url or "").path)
            status = response.status_code if response is not None and complete else None
            remaining, request_id = self._remaining(response), _request_id(response)
            date = response.headers.get("date", "") if response is not None else ""
            call = ApiCall(at, self._service, endpoint, status, seconds, remaining, request_id, date)
            note_call(self._record, call)

    def _remaining(self, response: requests.Response | None) -> float | None:
        if response is None:
            return None
        try:
            remaining = float(response.headers[self._remaining_header])
        except (KeyError, ValueError):
            return None
        return remaining if math.isfinite(remaining) else None

    def _rewritten(self, url: str) -> str:
        parts = urlsplit(url)
        base = self._rewrites.get(parts.netloc)
        if base is None:
            return url
        target = urlsplit(base)
        return urlunsplit((target.scheme, target.netloc, target.path + parts.path, parts.query, ""))


class DirectSession(requests.Session):
    """A session whose redirects the caller sees and judges: requests would look at each, and fall over an odd one."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return nothing."""
        return None


def may_be_billed(error: requests.exceptions.RequestException) -> bool:
    """Tell whether the service may have done the work of a request that failed.

    It has not when nothing was sent, or when what it answered is no 2xx.
    """
    if error.response is not None:
        return error.response.status_code // 100 == 2
    if isinstance(error, (NotConnectedError, UnusableSettingError, *_NEVER_SENT)):
        return False
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(reason, urllib3.exceptions.NewConnectionError)


def _request_id(response: requests.Response | None) -> str:
    headers = response.headers if response is not None else {}
    return next((headers[name] for name in REQUEST_ID_HEADERS if headers.get(name)), "")


def _leads_somewhere(location: str) -> bool:
    """Tell whether what a redirect names can be read as an address."""
    try:
        parts = urlsplit(location.encode("latin-1").decode())
        return parts.port is None or bool(parts.netloc)
    except ValueError:  # UnicodeError too
        return False


def session(adapter: BoundedAdapter, existing: requests.Session | None = None) -> requests.Session:
    """Return a session that sends everything through *adapter*."""
    opened = existing if existing is not None else requests.Session()
    opened.mount("https://", adapter)
    opened.mount("http://", adapter)
    opened.max_redirects = MOST_REDIRECTS
    return opened


def _read_body(response: requests.Response, until: float) -> None:
    """Read the body in bounded time (*until* is monotonic) and memory, so that `.content` is there afterwards."""
    chunks, size, marks = [], 0, 0
    try:
        while chunk := _next_bytes(response):
            chunks.append(chunk)
            size += len(chunk)
            marks += sum(map(chunk.count, (b"{", b"[", b",")))
            if size > MAX_BODY_BYTES:
                raise AnswerTooLargeError(f"the answer is larger than {MAX_BODY_BYTES} bytes")
            if marks > MOST_MARKS:
                raise AnswerTooLargeError(f"the answer holds more than {MOST_MARKS} values")
            if time.monotonic() > until:
                raise AnswerTooSlowError("the answer arrives too slowly")
    except BaseException:
        response.close()
        raise
    response._content = b"".join(chunks)
    response._content_consumed = True  # type: ignore[attr-defined]


def _next_bytes(response: requests.Response) -> bytes:
    """Return what has arrived, decoded; `iter_content` would wait for a whole chunk, however slowly it drips."""
    try:
        return response.raw.read1(_CHUNK, decode_content=True) or b""
    except (urllib3.exceptions.ReadTimeoutError, TimeoutError) as error:
        raise AnswerTooSlowError("the answer stopped arriving") from error
    except urllib3.exceptions.DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except urllib3.exceptions.SSLError as error:
        raise requests.exceptions.SSLError(error) from error
    except urllib3.exceptions.ProtocolError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error
