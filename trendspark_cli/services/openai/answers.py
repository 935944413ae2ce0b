"""What an answer of either API says: the model's text, whether it is whole, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trendspark_cli.base.errors import UnreadableAnswerError
from trendspark_cli.base.redaction import excerpt
from trendspark_cli.briefs.writer import Written
from trendspark_cli.services.html_pages import PAGE, is_page
from trendspark_cli.services.openai.forms import spoken, value_of

SETTINGS = "check OPENAI_MODEL and OPENAI_BASE_URL"
_WHOLE = ("stop", "completed", "eos", "eos_token", "end_turn", "end", "stop_sequence", "")  # as servers say it
_CUT = ("length", "model_length", "max_length", "max_tokens", "max_output_tokens", "max_completion_tokens")
_THOUGHTS = ("thinking", "reasoning", "thought")  # kinds of parts that are none of the answer
_CUT_WORDS = "was cut at the most output tokens it may have, thinking included"
_FILTERED = "was ended by the service's content filter"
MOST_TOKENS_TOLD = 10**8  # of one answer; what is more is no count, and the most we asked for is booked


@dataclass(frozen=True)
class Told:
    """What an answer holds: the text, how it ended, whether there were thoughts, and a refusal."""

    text: str
    end: object
    has_thoughts: bool = False
    is_refusal: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None


def object_of(content: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON object of a body. Raises UnreadableAnswerError, which says when it is a page of a proxy."""
    if is_page(content, headers.get("content-type", "")):
        raise UnreadableAnswerError("openai", PAGE, hint="check proxies, captive portals and OPENAI_BASE_URL")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswerError(
            "openai", f"the answer is no JSON object ({excerpt(error, 100)})", hint=SETTINGS
        ) from error
    if not isinstance(found, dict):
        raise UnreadableAnswerError("openai", "the answer is no JSON object", hint=SETTINGS)
    return found


def read_responses(found: Mapping[str, Any]) -> Told:
    """Return what an answer of the Responses API says. Raises UnreadableAnswerError when it is none."""
    _check_holds(found, "output")
    items = [item for item in _list(found.get("output")) if isinstance(item, dict)]
    parts = [
        part
        for item in items
        if item.get("type") == "message"
        for part in _list(item.get("content"))
        if isinstance(part, dict)
    ]
    details, status = found.get("incomplete_details"), found.get("status")
    reason = details.get("reason") if isinstance(details, dict) else None
    return Told(
        "".join(str(part.get("text") or "") for part in parts if part.get("type") in ("output_text", "text"))
        or _text(found.get("output_text")),
        reason or status,
        any(item.get("type") == "reasoning" for item in items),
        any(part.get("type") == "refusal" for part in parts),
        *_usage(found, "input_tokens", "output_tokens"),
    )


def read_chat(found: Mapping[str, Any]) -> Told:
    """Return what an answer of the chat API says. Raises UnreadableAnswerError when it is none."""
    _check_holds(found, "choices")
    choices = _list(found.get("choices"))
    choice = choices[0] if choices and isinstance(choices[0], dict) else {}
    given = choice.get("message")
    message = given if isinstance(given, dict) else {}
    content = message.get("content")
    parts = [part for part in _list(content) if isinstance(part, dict) and part.get("type") not in _THOUGHTS]
    return Told(
        _text(content) or "".join(str(part.get("text") or "") for part in parts),
        choice.get("finish_reason"),
        any(message.get(name) for name in ("reasoning_content", "reasoning", "thinking")),
        bool(message.get("refusal")),
        *_usage(found, "prompt_tokens", "completion_tokens"),
    )


def written(kind: str, told: Told) -> Written:
    """Return what may be used of an answer: a value in the form, or why there is none."""
    tokens = told.input_tokens, told.output_tokens
    if told.is_refusal:
        return Written("refused", {}, *tokens)
    if why := _why_incomplete(told):
        is_too_short = _end_of(told) in _CUT or told.has_thoughts
        return Written("incomplete", {}, *tokens, why=why, is_too_short=is_too_short)
    value = value_of(kind, told.text)
    return Written("broken", {}, *tokens) if value is None else Written("ok", value, *tokens)


def _why_incomplete(told: Told) -> str:
    """Return why an answer is none that the model meant to give, in words that follow "the answer"."""
    end = _end_of(told)
    if end in _CUT:
        return _CUT_WORDS
    if end == "content_filter":
        return _FILTERED
    if end not in _WHOLE:
        return f"ended as {excerpt(str(told.end), 40)!r}"
    if not spoken(told.text).strip():
        return "holds thoughts and no text" if told.has_thoughts or told.text.strip() else "holds no text"
    return ""


def _end_of(told: Told) -> str:
    """Return how an answer ended; servers write it as they like."""
    return "" if told.end is None else str(told.end).lower()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _usage(found: Mapping[str, Any], read: str, wrote: str) -> tuple[int | None, int | None]:
    usage = found.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return _tokens(counts.get(read)), _tokens(counts.get(wrote))


def _tokens(count: Any) -> int | None:
    is_count = isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST_TOKENS_TOLD
    return count if is_count else None


def _check_holds(found: Mapping[str, Any], name: str) -> None:
    if not isinstance(found.get(name), list):
        raise UnreadableAnswerError("openai", f"the answer is no response (an object without {name})", hint=SETTINGS)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
