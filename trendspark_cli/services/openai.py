"""Any endpoint that speaks OpenAI's Responses API, through the openai client: structured output, one try, bounded."""

from __future__ import annotations

import json
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore2
import httpx2
import openai
import pydantic

from trendspark_cli.base.api_calls import ApiCall, note_call
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.errors import (
    AnswerTimedOutError,
    ConfigError,
    CredentialsRefusedError,
    LostAnswerError,
    RateLimitedError,
    TrendSparkError,
    UnreadableAnswerError,
    UpstreamError,
    UsageCappedError,
)
from trendspark_cli.base.opening import Opening
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.briefs.writer import Task, Written

CONNECT_SECONDS = 5.0
BODY_PAUSE_SECONDS = 5.0
MAX_BODY_BYTES = 2 * 2**20  # an answer is a few kilobytes
MOST_TOKENS_TOLD = 10**8  # of one answer; what is more is no count, and the most we asked for is booked
ENVELOPE_TOKENS = 64  # what the service puts around instructions and content, with room to spare
_OPENED = ("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")  # a connection, or TLS on it
_REASONING = re.compile(r"gpt-5|o\d")  # models that think before they write, and bill it as output
_SETTINGS = "check OPENAI_MODEL and OPENAI_BASE_URL"


class TrendLabel(pydantic.BaseModel):
    """The form of a `trend_label`; `posts` are numbers of the posts the summary rests on."""

    label: str
    summary: str
    posts: list[int]


class Idea(pydantic.BaseModel):
    """One idea, with the numbers of the trends it rests on."""

    title: str
    pitch: str
    trends: list[int]


class DailyIdeas(pydantic.BaseModel):
    """The form of `daily_ideas`."""

    ideas: list[Idea]


FORMS: dict[str, type[pydantic.BaseModel]] = {"trend_label": TrendLabel, "daily_ideas": DailyIdeas}


@dataclass
class _Asked:
    """What came of a call, for the ledger."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def note(self, answer: Any) -> Any:
        """Keep the status and headers of an answer, and return it."""
        self.status, self.headers = answer.status_code, answer.headers
        return answer


class OpenAIResponses:
    """Implements writers.protocol.Writer."""

    service = "openai"

    def __init__(self, *, api_key: str, base_url: str, model: str, record: Callable[[ApiCall], None]) -> None:
        self.model = model
        self._record = record
        self._until = 0.0  # monotonic; of the call under way
        hooks: Any = {"request": [self._watch], "response": [self._bound]}
        http = openai.DefaultHttpxClient(follow_redirects=False, event_hooks=hooks)
        # One try: a second one would be paid again, and cron is the retry loop.
        self._client = openai.OpenAI(api_key=api_key, base_url=base_url, max_retries=0, http_client=http)

    def most_input_tokens(self, task: Task) -> int:
        """Return an upper bound: a token is at least one byte of UTF-8."""
        form = json.dumps(FORMS[task.kind].model_json_schema())
        return len((task.instructions + task.content + form).encode()) + ENVELOPE_TOKENS

    def write(self, task: Task, seconds: float) -> Written:
        """Return what the model wrote, as writers.protocol.Writer promises."""
        with self._asking("responses", seconds) as asked:
            answer = asked.note(self._ask(task, seconds))
            return _written(answer.content, answer)

    def check(self, seconds: float) -> str:
        """Ask for the list of models, which is free, and return what it tells of ours.

        Raises ConfigError when the endpoint does not offer it, and what `write` raises.
        """
        try:
            with self._asking("models", seconds) as asked:
                answer = asked.note(self._client.with_options(timeout=seconds).models.with_raw_response.list())
                with warnings.catch_warnings(action="ignore"):
                    offered = {model.id for model in answer.parse().data}
        except ConfigError:
            return "the endpoint answers, but lists no models: whether it writes, `brief` will show"
        except (AttributeError, TypeError, ValueError, RecursionError) as error:
            raise UnreadableAnswerError("openai", "the answer is no list of models", hint=_SETTINGS) from error
        if self.model not in offered:
            raise ConfigError(f"openai: model {self.model!r} is not offered to this key", hint="set OPENAI_MODEL")
        return f"the key is good; {self.model} is offered"

    @contextmanager
    def _asking(self, endpoint: str, seconds: float) -> Iterator[_Asked]:
        """Bound and record a call, and turn what the library raises into errors of ours."""
        started, at, asked = time.monotonic(), utc_now(), _Asked()
        self._until = started + seconds
        try:
            yield asked
        except openai.APIStatusError as error:
            asked.note(error.response)
            raise _refusal(error) from error
        except openai.APITimeoutError as error:
            raise AnswerTimedOutError(
                "openai", f"no answer within {seconds:.0f} s", hint="nothing to do: the next run tries again"
            ) from error
        except openai.APIConnectionError as error:
            raise _no_answer(error) from error
        except openai.OpenAIError as error:
            raise UnreadableAnswerError("openai", f"the answer makes no sense ({error})", hint=_SETTINGS) from error
        finally:
            call = ApiCall(
                at,
                "openai",
                endpoint,
                asked.status,
                time.monotonic() - started,
                request_id=asked.headers.get("x-request-id", ""),
                answered_at=asked.headers.get("date", ""),
            )
            note_call(self._record, call)

    def _ask(self, task: Task, seconds: float) -> Any:
        """Return the raw answer: its usage must be readable even when the model's text is not."""
        reasoning: Any = {"effort": "low"} if _REASONING.match(self.model) else openai.omit
        return self._client.responses.with_raw_response.parse(
            model=self.model,
            instructions=task.instructions,
            input=task.content,
            text_format=FORMS[task.kind],
            max_output_tokens=task.most_output_tokens,
            reasoning=reasoning,
            store=False,
            timeout=httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        )

    def _watch(self, request: httpx2.Request) -> None:
        """Hear of each connection this request opens: what is read from it ends in time, its first byte included."""
        request.extensions["trace"] = self._bound_connection

    def _bound_connection(self, event: str, told: Mapping[str, Any]) -> None:
        if not event.endswith(_OPENED):
            return
        stream = told["return_value"]
        read = stream.read

        def read_in_time(most_bytes: int, timeout: float | None = None) -> Any:
            left = self._until - time.monotonic()
            if left <= 0:
                raise httpcore2.ReadTimeout("the answer is too slow")
            return read(most_bytes, left if timeout is None else min(left, timeout))

        stream.read = read_in_time

    def _bound(self, response: httpx2.Response) -> None:
        """Give the whole answer one end: the client's own time-out begins anew with each byte that drips.

        Once the head is there, the body follows at once or not at all.
        """
        response.request.extensions["timeout"]["read"] = BODY_PAUSE_SECONDS
        if not isinstance(response.stream, httpx2.SyncByteStream):
            raise TypeError(f"an answer is read from {type(response.stream).__name__}, expected a stream that waits")
        response.stream = _BoundedStream(response.stream, response.request, self._until)


class _BoundedStream(httpx2.SyncByteStream):
    """Passes a body on until its time or its size is up. `until` is monotonic."""

    def __init__(self, stream: httpx2.SyncByteStream, request: httpx2.Request, until: float) -> None:
        self._stream = stream
        self._request = request
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > MAX_BODY_BYTES or time.monotonic() > self._until:
                raise httpx2.ReadTimeout("the answer is too slow or too large", request=self._request)
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _written(content: bytes, answer: Any) -> Written:
    """Return what an answer holds. Raises UnreadableAnswerError when it is no answer of this API."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswerError(
            "openai", f"the answer is no JSON object ({excerpt(error, 100)})", hint=_SETTINGS
        ) from error
    if not isinstance(told, dict) or not isinstance(told.get("output"), list):
        found = "an object without output" if isinstance(told, dict) else type(told).__name__
        raise UnreadableAnswerError("openai", f"the answer is no JSON object of a response ({found})", hint=_SETTINGS)
    usage = told.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    tokens = _tokens(usage.get("input_tokens")), _tokens(usage.get("output_tokens"))
    try:
        with warnings.catch_warnings(action="ignore"):  # pydantic's, of fields that have another form
            parsed = answer.parse()
        if any(part.type == "refusal" for item in parsed.output if item.type == "message" for part in item.content):
            return Written("refused", {}, *tokens)
        value = parsed.output_parsed
    except (pydantic.ValidationError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return Written("broken", {}, *tokens)
    if parsed.status != "completed" or not isinstance(value, pydantic.BaseModel):
        return Written("broken", {}, *tokens)
    return Written("ok", value.model_dump(), *tokens)


def _tokens(count: Any) -> int | None:
    is_count = isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST_TOKENS_TOLD
    return count if is_count else None


def _no_answer(error: openai.APIConnectionError) -> UpstreamError:
    """Return what a lost connection means: only one that was never made is free for certain."""
    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ProxyError | httpx2.UnsupportedProtocol):
        return UpstreamError(
            "openai",
            f"cannot be reached ({type(cause).__name__})",
            hint="check the network, proxies, CA certificates and OPENAI_BASE_URL; the next run tries again",
        )
    return LostAnswerError("openai", "the connection broke off", hint="nothing to do: the next run tries again")


def _refusal(error: openai.APIStatusError) -> TrendSparkError:
    """Return what an HTTP status means for the operator."""
    status, told = error.status_code, excerpt(error.message, 200)
    if status == 429 and error.code == "insufficient_quota":
        return UsageCappedError(
            "openai",
            "the account has no quota left (insufficient_quota)",
            status=429,
            hint="add credit or raise the limit in the provider's billing page",
        )
    if status == 429:
        return RateLimitedError(
            "openai", "rate limit reached (429)", status=429, hint="nothing to do: the next run tries again"
        )
    if status in (401, 403):
        return CredentialsRefusedError(
            "openai", f"the key was refused ({status})", status=status, hint="set OPENAI_API_KEY to a valid key"
        )
    if status >= 500:
        return UpstreamError(
            "openai", f"is failing ({status})", status=status, hint="nothing to do: the next run tries again"
        )
    return ConfigError(f"openai refused the request ({status}): {told}", hint=_SETTINGS)


@dataclass(frozen=True)
class _Access:
    """The settings that say which model is asked, and where."""

    openai_api_key: str
    openai_base_url: str
    openai_model: str


def make(opening: Opening) -> OpenAIResponses:
    """Return the model behind OPENAI_BASE_URL."""
    access = opening.read(_Access)
    return OpenAIResponses(
        api_key=access.openai_api_key,
        base_url=access.openai_base_url,
        model=access.openai_model,
        record=opening.record,
    )
