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
_THOUGHTS = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)  # some servers leave them in the text
_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


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


def value_of(kind: str, text: str) -> dict[str, Any] | None:
    """Return what a text says in the form of a question, None when it is not in that form.

    Thoughts before it and a fence of Markdown around it are no part of it.
    """
    text = _THOUGHTS.sub("", text)
    fenced = _FENCE.match(text)
    try:
        return FORMS[kind].model_validate_json(fenced[1] if fenced else text).model_dump()
    except (pydantic.ValidationError, ValueError, RecursionError):
        return None
