"""The forms a model fills in, as the service is told of them and as its text is read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pydantic

_STRICT = pydantic.ConfigDict(
    json_schema_extra={"additionalProperties": False}
)  # told so; what is added is passed over
_TAGS = "think|thinking|thought|thoughts|reasoning"
# Some servers leave thoughts in the text, and templates that begin within them never open them.
_THOUGHTS_END = re.compile(
    rf"\A.*(?:</(?:{_TAGS})>|\[/THINK\]|<\|channel\|>final\b[^{{]*?<\|message\|>)", re.DOTALL | re.IGNORECASE
)
_THOUGHTS_BEGIN = re.compile(rf"\A\s*(?:<(?:{_TAGS})>|\[THINK\]|<\|channel\|>)", re.IGNORECASE)
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?\s*```", re.DOTALL)


class TrendLabel(pydantic.BaseModel):
    """The form of a `trend_label`; `posts` are numbers of the posts the summary rests on."""

    model_config = _STRICT
    label: str
    summary: str
    posts: list[int]


class Idea(pydantic.BaseModel):
    """One idea, with the numbers of the trends it rests on."""

    model_config = _STRICT
    title: str
    pitch: str
    trends: list[int]


class DailyIdeas(pydantic.BaseModel):
    """The form of `daily_ideas`."""

    model_config = _STRICT
    ideas: list[Idea]


FORMS: Mapping[str, type[pydantic.BaseModel]] = {"trend_label": TrendLabel, "daily_ideas": DailyIdeas}


def schema_of(kind: str) -> dict[str, Any]:
    """Return the form of a kind of question as a JSON schema, as strict as the service wants it."""
    return FORMS[kind].model_json_schema()


def in_words(kind: str) -> str:
    """Return the form as a sentence, for a server that takes no schema."""
    return f"Answer with one JSON object of this schema and nothing else: {json.dumps(schema_of(kind))}"


def spoken(text: str) -> str:
    """Return a text without the thoughts before it, "" when it holds thoughts alone.

    What begins as JSON is no thought, whatever is in it.
    """
    if text.lstrip()[:1] in ("{", "`"):
        return text
    rest = _THOUGHTS_END.sub("", text)
    return "" if _THOUGHTS_BEGIN.match(rest) else rest


def value_of(kind: str, text: str) -> dict[str, Any] | None:
    """Return what a text says in the form of a question, None when it is not in that form.

    Thoughts before it, a fence of Markdown around it and sentences beside it are no part of it.
    """
    text = spoken(text)
    within = text[text.find("{") : text.rfind("}") + 1]
    for written in (text, *(fenced[1] for fenced in _FENCE.finditer(text)), within):
        try:
            return FORMS[kind].model_validate_json(written).model_dump()
        except (pydantic.ValidationError, ValueError, RecursionError):
            continue
    return None
