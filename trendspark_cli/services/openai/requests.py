"""What is sent to either API, and what is left out after a server refused it by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal

from trendspark_cli.briefs.writer import Task
from trendspark_cli.services.openai.forms import FORMS, in_words, schema_of

Api = Literal["responses", "chat"]
PATHS: Mapping[Api, str] = {"responses": "/responses", "chat": "/chat/completions"}
# Names of models that think before they write, wherever they come from; they are asked for little of it.
_THINKS = re.compile(r"(?:[\w.-]+/)*(?:gpt-5(?!-chat)|o\d)")
# What a server may refuse, and the words by which its refusal names it; the first that fits is left out.
_REFUSABLE: Mapping[str, re.Pattern[str]] = {
    "effort": re.compile(r"reasoning|effort|thinking"),
    "tokens": re.compile(r"max_(?:output_|completion_)?tokens"),
    "store": re.compile(r"\bstore\b"),
    "form": re.compile(r"response_format|text\.format|json_schema|json schema|structured output|\btext\b"),
}


@dataclass(frozen=True)
class Wishes:
    """What the settings ask of a model; "" and 0 leave it to us."""

    model: str
    effort: str = ""
    most_output_tokens: int = 0
    is_openai: bool = True  # its own servers, which know the newer name of the most tokens

    def most_output(self, task: Task) -> int:
        """Return how many tokens an answer may have, thinking included."""
        return self.most_output_tokens or task.most_output_tokens

    def body(self, api: Api, task: Task, without: Set[str]) -> dict[str, Any]:
        """Return what is sent, *without* what the server refused by name."""
        instructions = task.instructions if "form" not in without else f"{task.instructions} {in_words(task.kind)}"
        made = _responses if api == "responses" else _chat
        return {"model": self.model, **made(self, task, instructions, without)}

    @property
    def effort_asked(self) -> str:
        """Return how much a model shall think: as the settings say, little if its name is one that thinks."""
        return self.effort or ("low" if _THINKS.match(self.model) else "")


def refused_part(told: str, body: Mapping[str, Any], without: Set[str]) -> str:
    """Return which part of a body the words of a refusal name, "" for none that could be left out."""
    told = told.lower()
    for part, words in _REFUSABLE.items():
        if part not in without and words.search(told) and _is_in(part, body):
            if part == "tokens" and "max_tokens" in body:
                return "old_tokens"  # its newer name first
            return part
    return ""


def _is_in(part: str, body: Mapping[str, Any]) -> bool:
    names = {
        "effort": ("reasoning", "reasoning_effort"),
        "tokens": ("max_output_tokens", "max_completion_tokens", "max_tokens"),
        "store": ("store",),
        "form": ("text", "response_format"),
    }[part]
    return any(name in body for name in names)


def _responses(wishes: Wishes, task: Task, instructions: str, without: Set[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"instructions": instructions, "input": task.content}
    if "form" not in without:
        form = {"type": "json_schema", "name": FORMS[task.kind].__name__, "strict": True}
        body["text"] = {"format": {**form, "schema": schema_of(task.kind)}}
    if "tokens" not in without:
        body["max_output_tokens"] = wishes.most_output(task)
    if wishes.effort_asked and "effort" not in without:
        body["reasoning"] = {"effort": wishes.effort_asked}
    if "store" not in without:
        body["store"] = False
    return body


def _chat(wishes: Wishes, task: Task, instructions: str, without: Set[str]) -> dict[str, Any]:
    spoken = (("system", instructions), ("user", task.content))
    body: dict[str, Any] = {"messages": [{"role": role, "content": text} for role, text in spoken]}
    if "form" not in without:
        form = {"name": FORMS[task.kind].__name__, "strict": True, "schema": schema_of(task.kind)}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    if "tokens" not in without:
        is_new = wishes.is_openai or "old_tokens" in without
        body["max_completion_tokens" if is_new else "max_tokens"] = wishes.most_output(task)
    if wishes.effort_asked and "effort" not in without:
        body["reasoning_effort"] = wishes.effort_asked
    if wishes.is_openai and "store" not in without:
        body["store"] = False
    return body
