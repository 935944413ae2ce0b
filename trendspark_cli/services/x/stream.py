"""X's filtered stream, one connection at a time: bytes as they arrive, and posts of a line.

tweepy's own loop is not used: it hides errors of its callbacks, retries a refused token for ever and reconnects without
a pause. Its rules client is, in x_rules.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
import requests
import urllib3

from trendspark_cli.base.api_calls import ApiCall, note_call
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.errors import (
    BadAnswerError,
    ConfigError,
    CredentialsRefusedError,
    RateLimitedError,
    UpstreamError,
)
from trendspark_cli.base.models import Rejection
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.collecting.stream_source import Received, StreamConnection, StreamEndedError
from trendspark_cli.services.deadlines import within
from trendspark_cli.services.http import CONNECT_SECONDS, DeadlineAdapter
from trendspark_cli.services.transport_errors import no_answer
from trendspark_cli.services.x.posts import (
    TWEET_FIELDS,
    Includes,
    Problem,
    Tweet,
    posts_of,
    snowflake_at,
    snowflake_time,
    tweet_from_object,
)

ENDPOINT = "stream"
SILENCE_SECONDS = 25.0  # X sends something at least every 20 s; the rest is margin
READ_BYTES = 65536
LONGEST_REFUSAL = 65536


class StreamMessage(msgspec.Struct):
    """One line: a post with what it refers to, or errors."""

    data: Tweet | None = None
    includes: Includes | None = None
    errors: list[Problem] | None = None


class XConnection:
    """One open connection, read by one thread and closed by another."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response

    def chunks(self) -> Iterator[bytes]:
        """Yield bytes as they arrive; raise StreamEndedError at the end, however it came."""
        raw = self._response.raw
        try:
            while chunk := raw.read1(READ_BYTES, decode_content=True):
                yield chunk
        except urllib3.exceptions.ReadTimeoutError as error:
            raise StreamEndedError("x", "silence", f"nothing came for {SILENCE_SECONDS:g} s") from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise StreamEndedError("x", "broken", f"the connection broke: {excerpt(error, 100)}") from error
        raise StreamEndedError("x", "closed", "X closed the connection")

    def stop(self) -> None:
        """End reading from another thread, so that X sees an orderly end."""
        with suppress(ValueError, OSError, RuntimeError):  # it may have ended by itself
            self._response.raw.shutdown()

    def close(self) -> None:
        """Give the connection back, so that no more is sent; call where nobody reads any more. Twice does no harm."""
        self._response.close()


class XStream:
    """The stream endpoint. One connection per app: a second one is refused for as long as the first is open."""

    name = "x"
    service = "x"
    endpoint = ENDPOINT

    def __init__(
        self,
        *,
        bearer_token: str,
        base_url: str,
        record: Callable[[ApiCall], None],
        expand_authors: bool = False,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._url = f"{base_url}/2/tweets/search/stream"
        self._record = record
        self._silence_seconds = silence_seconds
        self._parameters = {"tweet.fields": ",".join(TWEET_FIELDS)}
        if expand_authors:
            self._parameters |= {"expansions": "author_id", "user.fields": "username"}
        self._session = requests.Session()
        self._session.mount("https://", DeadlineAdapter())
        self._session.mount("http://", DeadlineAdapter())
        self._session.headers["Authorization"] = f"Bearer {bearer_token}"

    def connect(self) -> StreamConnection:
        """Open a connection.

        Raises CredentialsRefusedError, ConfigError (no rules), RateLimitedError (also: another connection is open),
        UpstreamError or BadAnswerError.
        """
        started, at = time.monotonic(), utc_now()
        status: int | None = None
        request_id = date = ""
        try:
            with within(CONNECT_SECONDS + self._silence_seconds):  # the head; what follows has no end
                response = self._session.get(
                    self._url,
                    params=self._parameters,
                    stream=True,
                    timeout=(CONNECT_SECONDS, self._silence_seconds),
                    allow_redirects=False,
                )
            status, request_id = response.status_code, response.headers.get("x-transaction-id", "")
            date = response.headers.get("date", "")
        except requests.exceptions.RequestException as error:
            raise no_answer("x", error, "X_API_BASE_URL") from error
        finally:
            seconds = time.monotonic() - started
            call = ApiCall(at, "x", ENDPOINT, status, seconds, request_id=request_id, answered_at=date)
            note_call(self._record, call)
        if status != 200:
            try:
                raise _refusal(response)
            finally:
                response.close()
        return XConnection(response)

    def read(self, lines: Sequence[bytes]) -> Received:
        """Return the posts of lines; what is none is refused alone."""
        return read_lines(lines)

    def id_at(self, moment: datetime) -> str:
        """Return an id that posts of this moment or later are above."""
        return snowflake_at(moment)

    def time_of(self, post_id: str) -> datetime | None:
        """Return when the post of this id was made, None for an id of 2010 or before."""
        return snowflake_time(post_id)


_decoder = msgspec.json.Decoder(StreamMessage)


def read_lines(lines: Sequence[bytes]) -> Received:
    """Return the posts of lines; what is none is refused alone."""
    received = Received()
    for line in lines:
        try:
            message = _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _read_leniently(line, received)
            continue
        if message.data is not None:
            received.posts += posts_of([message.data], message.includes, received.rejections)
            received.ids.append(message.data.id)
        elif message.errors:
            problem = message.errors[0]
            received.disconnect = excerpt(problem.title or problem.detail or "an error without a title", 100)
        # else: a kind of message that is new; X announces that there will be some
    return received


def _read_leniently(line: bytes, received: Received) -> None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        received.rejections.append(Rejection("not_json", f"{len(line)} bytes"))
        return
    if not isinstance(message, dict):
        received.rejections.append(Rejection("not_a_post", f"a JSON {type(message).__name__}"))
        return
    if "data" in message:
        decoded = tweet_from_object(message["data"], "of the stream")
        if isinstance(decoded, Tweet):
            received.posts += posts_of([decoded], None, received.rejections)
            received.ids.append(decoded.id)
        else:
            received.rejections.append(decoded)


def _refusal(response: requests.Response) -> UpstreamError | ConfigError:
    """Return what a status other than 200 means."""
    status = response.status_code
    try:
        with within(CONNECT_SECONDS):
            body = response.raw.read(LONGEST_REFUSAL, decode_content=True) or b""
    except (urllib3.exceptions.HTTPError, OSError):
        body = b""
    told = excerpt(body.decode("utf-8", "replace"), 200) or "no reason given"
    if status == 401:
        hint = "set X_BEARER_TOKEN to a valid app-only token"
        return CredentialsRefusedError("x", "the bearer token was refused (401)", status=401, hint=hint)
    if status == 402:
        hint = "buy credits in the X developer portal, or set X_STREAM_ENABLED=false"
        return CredentialsRefusedError("x", f"no credits left (402): {told}", status=402, hint=hint)
    if status == 403:
        hint = "check the app's project and access level in the X developer portal"
        return CredentialsRefusedError("x", f"the app may not stream (403): {told}", status=403, hint=hint)
    if status == 409:
        return ConfigError("x: the stream has no rules (409)", hint="run `trendspark rules sync`")
    if status == 400:
        return ConfigError(f"x refused to stream (400): {told}", hint="see `trendspark rules list`")
    if status == 429:
        hint = "nothing to do: it waits and connects again"
        what = "another connection is open" if "TooManyConnections" in told else "rate limit reached"
        return RateLimitedError("x", f"{what} (429)", status=429, hint=hint)
    if status >= 500:
        hint = "nothing to do: it waits and connects again"
        return UpstreamError("x", f"the stream is failing ({status})", status=status, hint=hint)
    hint = "check X_API_BASE_URL, proxies and captive portals on this network"
    return BadAnswerError("x", f"the stream answered {status}: {told}", status=status, hint=hint)
