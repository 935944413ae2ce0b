"""OpenAI's Responses API as far as we use it: strict about keys, models and forms, with a bill by the token."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from .certificates import Certificate
from .http_base import Clock, LocalServer
from .messages import Answer, Fault, JsonObject, Request, json_answer

API_KEY = "sk-test-0123456789abcdefghijklmnopqrstuv"
MODELS = ("gpt-5-mini", "gpt-4o-mini")
INPUT_TOKENS_PER_WORD = 2  # any rule will do, as long as the bill is known


class OpenAIServer(LocalServer):
    """A model that fills in forms; attributes may be changed while it runs.

    `write` makes the text of an answer from (form name, input); by default a sound value of the form. `refuses`: answer
    with a refusal. `tells_usage`: name the tokens, as every service of this kind should. `slow_seconds`: think so long.
    """

    platform = "openai"

    def __init__(
        self, *, clock: Clock = time.time, api_key: str = API_KEY, certificate: Certificate | None = None
    ) -> None:
        super().__init__(clock=clock, certificate=certificate)
        self.api_key = api_key
        self.write: Callable[[str, Any], str] = sound_text
        self.refuses = False
        self.tells_usage = True
        self.slow_seconds = 0.0
        self.input_tokens = 0  # billed so far
        self.output_tokens = 0

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL should be."""
        return f"{self.url}/v1"

    @property
    def bodies(self) -> list[JsonObject]:
        """The bodies of all calls so far."""
        return [json.loads(entry.request.body) for entry in self.requests_of("responses")]

    def endpoint_name(self, method: str, path: str) -> str:
        return {("POST", "/v1/responses"): "responses", ("GET", "/v1/models"): "models"}.get((method, path), "unknown")

    def respond(self, request: Request) -> Answer:
        if request.authorization != f"Bearer {self.api_key}":
            return problem(401, "Incorrect API key provided.", "invalid_api_key")
        if request.endpoint == "models":
            models = [{"id": name, "object": "model", "created": 1, "owned_by": "openai"} for name in MODELS]
            return json_answer({"object": "list", "data": models})
        if request.endpoint != "responses":
            return problem(404, f"Invalid URL (POST {request.path})", None)
        body: JsonObject = json.loads(request.body)
        if body["model"] not in MODELS:
            return problem(404, f"The model `{body['model']}` does not exist", "model_not_found")
        wrong = _wrong_with(body)
        if wrong:
            return problem(400, wrong, "invalid_value")
        if self.slow_seconds:
            self._stopping.wait(self.slow_seconds)
        return json_answer(self._answer(body))

    def _answer(self, body: JsonObject) -> JsonObject:
        form = body["text"]["format"]["name"]
        text = self.write(form, body["input"])
        words = text.split(" ")
        allowed = body["max_output_tokens"]
        is_cut = len(words) > allowed
        text = " ".join(words[:allowed])
        read = INPUT_TOKENS_PER_WORD * len(f"{body['instructions']} {body['input']}".split())
        self.input_tokens += read
        self.output_tokens += min(len(words), allowed)
        part: JsonObject = {"type": "output_text", "text": text, "annotations": []}
        if self.refuses:
            part = {"type": "refusal", "refusal": "I cannot help with that."}
        message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
        answer: JsonObject = {
            "id": "resp_1",
            "object": "response",
            "created_at": int(self.clock()),
            "status": "incomplete" if is_cut else "completed",
            "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
            "model": body["model"],
            "output": [message],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }
        if self.tells_usage:
            answer["usage"] = _usage(read, min(len(words), allowed))
        return answer


def sound_text(form: str, content: Any) -> str:
    """Return a value of the form, as JSON, made from the input alone."""
    data = json.loads(content)
    if form == "TrendLabel":
        topic = " ".join(data["terms"]).title()
        return json.dumps({"label": topic, "summary": f"People speak of {topic}. It is new.", "posts": [1, 2]})
    ideas = [{"title": f"Idea {n}", "pitch": f"Look into {data['niche']}.", "trends": [1]} for n in range(1, 9)]
    return json.dumps({"ideas": ideas[: data["wanted"]]})


def insufficient_quota() -> Fault:
    """A 429 that no waiting ends: the account has no credit."""
    answer = problem(429, "You exceeded your current quota, please check your plan.", "insufficient_quota")
    return Fault("insufficient_quota", lambda request: answer)


def rate_limited(retry_after_seconds: int = 30) -> Fault:
    """A 429 that says when to come back."""
    answer = problem(429, "Rate limit reached for requests", "rate_limit_exceeded")
    headers = {**answer.headers, "retry-after": str(retry_after_seconds)}
    return Fault("rate_limited", lambda request: Answer(429, answer.body, headers))


def problem(status: int, message: str, code: str | None) -> Answer:
    """Return an error as OpenAI words it."""
    return json_answer({"error": {"message": message, "type": "error", "param": None, "code": code}}, status)


def _usage(read: int, written: int) -> JsonObject:
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


def _wrong_with(body: JsonObject) -> str:
    """Return what the service would refuse; an empty text when it would answer."""
    form = body.get("text", {}).get("format", {})
    schema = form.get("schema", {})
    if form.get("type") != "json_schema" or not form.get("strict"):
        return "Expected a strict JSON schema in text.format."
    if set(schema.get("required", ())) != set(schema.get("properties", ())) or schema.get("additionalProperties"):
        return "In strict mode every property is required, and no other is allowed."
    if not isinstance(body.get("max_output_tokens"), int):
        return "Expected max_output_tokens to be an integer."
    if body.get("reasoning") and not body["model"].startswith(("gpt-5", "o")):
        return "Unsupported parameter: 'reasoning' is not supported with this model."
    return ""
