"""Servers that speak OpenAI's API as others than OpenAI do: one API only, parameters refused, odd ends, no text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .messages import Answer, JsonObject, Request, json_answer
from .openai_server import INPUT_TOKENS_PER_WORD, OpenAIServer, problem

MODEL = "qwen3:8b"
UNKNOWN: Mapping[str, Answer] = {  # how servers say that they do not know an address
    "JSON of a framework": json_answer({"detail": "Not Found"}, 404),
    "plain text": Answer(404, b"404 page not found", {"Content-Type": "text/plain"}),
    "method": json_answer({"error": "Method Not Allowed"}, 405),
    "not implemented": problem(501, "This endpoint is not implemented", None),
    "a success": json_answer({"error": "Unexpected endpoint or method. (POST /v1/responses)"}),
}


class ModelServer(OpenAIServer):
    """A model behind one API, or both; attributes may be changed while it runs.

    `apis`: those it knows. `unknown`: how it answers others. `refuses_names`: fields of a body it refuses with 400.
    `ends_as`: the reason it gives for the end of an answer. `thinks_tokens`: what it thinks before it writes, billed.
    `text`: what it writes, None for no text at all; left out, a sound value of the form.
    """

    def __init__(self, *apis: str, **options: Any) -> None:
        super().__init__(**options)
        self.apis = apis
        self.unknown = UNKNOWN["JSON of a framework"]
        self.refuses_names: dict[str, str] = {}
        self.refusal_status = 400
        self.ends_as: str | None = ""
        self.thinks_tokens = 0
        self.effort_ends_thinking = True
        self.text: str | None = ""
        self.lists_models = True

    def endpoint_name(self, method: str, path: str) -> str:
        return "chat" if path == "/v1/chat/completions" else super().endpoint_name(method, path)

    @property
    def asked(self) -> list[str]:
        """Which API each question went to, one without a question left out."""
        asked = [entry for entry in self.log if entry.endpoint in ("responses", "chat")]
        return [entry.endpoint for entry in asked if self._is_question(entry.request)]

    def bodies_of(self, api: str) -> list[JsonObject]:
        """The questions that reached an API."""
        return [json.loads(entry.request.body) for entry in self.requests_of(api) if self._is_question(entry.request)]

    def respond(self, request: Request) -> Answer:
        if request.authorization != f"Bearer {self.api_key}":
            return problem(401, "Incorrect API key provided.", "invalid_api_key")
        if request.endpoint == "models":
            listed = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1, "owned_by": "me"}]}
            return json_answer(listed) if self.lists_models else self.unknown
        if request.endpoint not in self.apis:
            return self.unknown
        body: JsonObject = json.loads(request.body)
        if not self._is_question(request):
            return problem(400, "Missing required parameter: 'messages'.", "missing_required_parameter")
        for name, told in self.refuses_names.items():
            if name in body:
                return problem(self.refusal_status, told, "unsupported_parameter")
        return json_answer(self._filled(request.endpoint, body))

    @staticmethod
    def _is_question(request: Request) -> bool:
        return bool({"input", "messages"} & json.loads(request.body).keys())

    def _filled(self, api: str, body: JsonObject) -> JsonObject:
        """Return an answer in the form of an API, and bill it."""
        is_chat = api == "chat"
        asked = body["messages"] if is_chat else [{"content": body["instructions"]}, {"content": body["input"]}]
        allowed = body.get("max_output_tokens") or body.get("max_completion_tokens") or body.get("max_tokens") or 10**6
        effort = body.get("reasoning_effort") or body.get("reasoning", {}).get("effort")
        thought = 0 if effort in ("none", "minimal") and self.effort_ends_thinking else self.thinks_tokens
        is_cut = thought >= allowed
        text = self.text if self.text != "" else self.write(_form_of(body), asked[-1]["content"])
        text = None if is_cut else text
        read = INPUT_TOKENS_PER_WORD * sum(len(part["content"].split()) for part in asked)
        wrote = min(allowed, thought + len((text or "").split()))
        self.input_tokens += read
        self.output_tokens += wrote
        make = _chat if is_chat else _responses
        return make(text, self.ends_as, is_cut, thought, read, wrote)


def _form_of(body: JsonObject) -> str:
    form = body.get("text", {}).get("format") or body.get("response_format", {}).get("json_schema") or {}
    return str(form.get("name") or "TrendLabel")


def _chat(text: str | None, end: str | None, is_cut: bool, thought: int, read: int, wrote: int) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": text}
    if thought:
        message["reasoning_content"] = "Let me think. " * 10
    choice = {"index": 0, "finish_reason": ("length" if is_cut else "stop") if end == "" else end, "message": message}
    usage = {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}
    return {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}


def _responses(text: str | None, end: str | None, is_cut: bool, thought: int, read: int, wrote: int) -> JsonObject:
    reason = end or ("max_output_tokens" if is_cut else None)
    output: list[JsonObject] = [{"id": "r", "type": "reasoning", "summary": []}] if thought else []
    if text is not None:
        part = {"type": "output_text", "text": text, "annotations": []}
        output.append({"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": [part]})
    return {
        "id": "r",
        "object": "response",
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": output,
        "usage": {"input_tokens": read, "output_tokens": wrote, "total_tokens": read + wrote},
    }
