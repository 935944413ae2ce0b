"""The model behind OPENAI_BASE_URL: structured output, one answer per question, bounded in time and size.

Which of the two APIs a server knows, and what of a request it refuses by name, is found out by asking and remembered
for the run. A refusal costs nothing, so what follows it is no second purchase.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from trendspark_cli.base.api_calls import ApiCall, note_call
from trendspark_cli.base.clock import utc_now
from trendspark_cli.base.errors import ConfigError, NotSentError, TrendSparkError, UnreadableAnswerError
from trendspark_cli.base.opening import Opening
from trendspark_cli.briefs.writer import Task, Written
from trendspark_cli.services.networks import setting_trouble
from trendspark_cli.services.openai import answers
from trendspark_cli.services.openai.answers import SETTINGS
from trendspark_cli.services.openai.bounds import (
    CONNECT_SECONDS,
    PACKINGS,
    BoundedStream,
    bounded_connections,
    pause_of,
)
from trendspark_cli.services.openai.forms import in_words
from trendspark_cli.services.openai.refusals import (
    error_in_words,
    is_unknown_address,
    is_unknown_in_words,
    no_answer,
    words_of,
)
from trendspark_cli.services.openai.requests import PATHS, Api, Wishes, refused_part

ENVELOPE_TOKENS = 64  # what the service puts around instructions and content, with room to spare
OPENAI_HOST = "api.openai.com"
MOST_REFUSALS = 8  # of one question: each leaves a part of it out or tries the other API

log = logging.getLogger(__name__)


class _UnknownApiError(Exception):
    """The server does not know the API that was asked for. `cause` is what to say when it knows no other."""

    def __init__(self, cause: TrendSparkError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass
class _Asked:
    """What came of a call, for the ledger."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def note(self, answer: httpx2.Response) -> httpx2.Response:
        """Keep the status and headers of an answer, and return it."""
        self.status, self.headers = answer.status_code, answer.headers
        return answer


class OpenAIModel:
    """Implements briefs.writer.Writer. `apis` are those to try, in this order."""

    service = "openai"

    def __init__(
        self, wishes: Wishes, apis: tuple[Api, ...], *, api_key: str, base_url: str, record: Callable[[ApiCall], None]
    ) -> None:
        self.model = wishes.model
        self._wishes = wishes
        self._apis = list(apis)
        self._without: set[str] = set()
        self._api_key = api_key
        self._base_url = base_url
        self._record = record
        self._until = 0.0  # monotonic; of the question under way
        self._pause = 0.0

    def most_input_tokens(self, task: Task) -> int:
        """Return an upper bound: a token is at least one byte of UTF-8."""
        return len((task.instructions + task.content + in_words(task.kind)).encode()) + ENVELOPE_TOKENS

    def most_output_tokens(self, task: Task) -> int:
        """Return how many tokens an answer may have, thinking included."""
        return self._wishes.most_output(task)

    def write(self, task: Task, seconds: float) -> Written:
        """Return what the model wrote, as briefs.writer.Writer promises."""
        self._until = time.monotonic() + seconds
        for _ in range(MOST_REFUSALS):
            api = self._apis[0]
            body = self._wishes.body(api, task, self._without)
            try:
                found = self._ask(api, body)
            except openai.APIStatusError as error:
                part = refused_part(words_of(error), body, self._without) if error.status_code in (400, 422) else ""
                if not part:
                    raise no_answer(error, seconds) from error
                log.warning("the model's server refuses a part of the request (%s), so it is left out", part)
                self._without.add(part)
            except _UnknownApiError as unknown:
                self._next_api(unknown)
            else:
                read = answers.read_responses if api == "responses" else answers.read_chat
                return answers.written(task.kind, read(found))
        raise ConfigError("openai refuses every form of the request", hint=SETTINGS)

    def check(self, seconds: float) -> str:
        """Ask for the list of models, and whether the API that is used is known; both are free.

        Raises ConfigError when the model is not offered or no API is known, and what `write` raises.
        """
        self._until = time.monotonic() + seconds
        offered = self._offered(seconds)
        if offered is not None and self.model not in offered:
            raise ConfigError(f"openai: model {self.model!r} is not offered to this key", hint="set OPENAI_MODEL")
        api = self._known_api(seconds)
        told = f"{self.model} is offered" if offered is not None else "the server lists no models"
        return f"the key is good; {told}; asked by {PATHS[api]}"

    def _offered(self, seconds: float) -> set[str] | None:
        """Return the names of the models, None when the server has no list of them."""
        try:
            with self._asking("models") as asked:
                content = asked.note(
                    self._client.get("/models", cast_to=httpx2.Response, options=self._options())
                ).content
        except openai.APIStatusError as error:
            if is_unknown_address(error):
                return None
            raise no_answer(error, seconds) from error
        listed = answers.object_of(content, {}).get("data")
        if not isinstance(listed, list):
            raise UnreadableAnswerError("openai", "the answer is no list of models", hint=SETTINGS)
        return {str(model.get("id")) for model in listed if isinstance(model, dict)}

    def _known_api(self, seconds: float) -> Api:
        """Return the API that questions are asked by: a server that knows it refuses a request without a question."""
        while True:
            api = self._apis[0]
            try:
                self._ask(api, {"model": self.model})
            except openai.APIStatusError as error:
                if error.status_code not in (400, 422) and error.status_code < 500:
                    raise no_answer(error, seconds) from error
                return api
            except _UnknownApiError as unknown:
                self._next_api(unknown)
            else:
                return api

    def _next_api(self, unknown: _UnknownApiError) -> None:
        if len(self._apis) == 1:
            raise unknown.cause from unknown
        del self._apis[0]

    def _ask(self, api: Api, body: dict[str, Any]) -> dict[str, Any]:
        """Return the object of a 2xx. Raises APIStatusError for a refusal, _UnknownApiError, and errors of ours."""
        seconds = max(0.1, self._until - time.monotonic())
        try:
            with self._asking(api) as asked:
                answer = asked.note(
                    self._client.post(PATHS[api], cast_to=httpx2.Response, body=body, options=self._options())
                )
                found = answers.object_of(answer.content, answer.headers)
        except openai.APIStatusError as error:
            if is_unknown_address(error):
                raise _UnknownApiError(_no_api(api, no_answer(error, seconds))) from error
            raise
        if packed := error_in_words(found):
            raise packed
        if is_unknown_in_words(found):
            raise _UnknownApiError(_no_api(api, ConfigError(f"openai: {json.dumps(found)[:200]}", hint=SETTINGS)))
        return found

    @contextmanager
    def _asking(self, endpoint: str) -> Iterator[_Asked]:
        """Bound and record a call, and turn what the library raises into errors of ours, all but refusals."""
        started, at, asked = time.monotonic(), utc_now(), _Asked()
        seconds = self._until - started
        self._pause = pause_of(seconds)
        try:
            yield asked
        except openai.APIStatusError as error:
            asked.note(error.response)
            raise
        except openai.OpenAIError as error:
            raise no_answer(error, seconds) from error
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

    def _options(self) -> Any:
        """Return how long a call may take; `max_retries`: a second try would be paid again, and cron tries again."""
        seconds = max(0.1, self._until - time.monotonic())
        timeout = httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
        return {"timeout": timeout, "max_retries": 0}

    @cached_property
    def _client(self) -> openai.OpenAI:
        """Return the client, made when it is first asked.

        Raises NotSentError for a proxy or for certificates that this machine's settings name and that cannot be used.
        """
        try:
            hooks: Any = {"request": [self._watch], "response": [self._bound]}
            headers = {"Accept-Encoding": PACKINGS[0]}
            http = openai.DefaultHttpxClient(follow_redirects=False, event_hooks=hooks, headers=headers)
            return openai.OpenAI(api_key=self._api_key, base_url=self._base_url, max_retries=0, http_client=http)
        except (ImportError, ValueError, OSError) as error:
            told, hint = setting_trouble(error) or (
                f"no client can be made ({error})",
                "check proxies and certificates",
            )
            raise NotSentError("openai", told, hint=hint) from error

    def _watch(self, request: httpx2.Request) -> None:
        """Hear of each connection this request opens."""
        request.extensions["trace"] = bounded_connections(lambda: self._until)

    def _bound(self, response: httpx2.Response) -> None:
        """Give the whole answer one end, and its body little time to pause."""
        response.request.extensions["timeout"]["read"] = self._pause
        if not isinstance(response.stream, httpx2.SyncByteStream):
            raise TypeError(f"an answer is read from {type(response.stream).__name__}, expected a stream that waits")
        packing = response.headers.pop("content-encoding", "")  # the client must not unpack it
        response.stream = BoundedStream(response.stream, response.request, self._until, packing.strip().lower())


def _no_api(api: Api, cause: TrendSparkError) -> TrendSparkError:
    """Return the error of a server that knows no API we speak."""
    if isinstance(cause, ConfigError):
        hint = f"{SETTINGS} (its path ends in /v1 at most servers), and OPENAI_API if it is set"
        return ConfigError(f"{cause}; the server does not know {PATHS[api]}", hint=hint)
    return cause


@dataclass(frozen=True)
class _Access:
    """The settings that say which model is asked, where and how."""

    openai_api_key: str
    openai_base_url: str
    openai_model: str
    openai_api: str
    openai_reasoning_effort: str
    openai_max_output_tokens: int


APIS: Mapping[str, tuple[Api, ...]] = {
    "auto": ("responses", "chat"),
    "responses": ("responses",),
    "chat": ("chat",),
}


def make(opening: Opening) -> OpenAIModel:
    """Return the model behind OPENAI_BASE_URL."""
    access = opening.read(_Access)
    wishes = Wishes(
        access.openai_model,
        access.openai_reasoning_effort,
        access.openai_max_output_tokens,
        urlsplit(access.openai_base_url).hostname == OPENAI_HOST,
    )
    return OpenAIModel(
        wishes,
        APIS[access.openai_api],
        api_key=access.openai_api_key,
        base_url=access.openai_base_url,
        record=opening.record,
    )
