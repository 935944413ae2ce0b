"""Names of trends for the world outside, made of what a trend is: a database made anew gives the same ones.

A topic or a volume goes by the moment it opened and the label it got then, which both stay while it grows, ends and
begins again; a single post by its source and when it was made. Numbers of rows are no part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID, uuid5

from trendspark_cli.base.clock import to_text
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, PostStory
from trendspark_cli.ranking.text.words import plain_words

OURS = UUID("8e0f5d0c-5f0b-4b0e-9d6b-2f1f4b1c7a26")  # never changes: readers would take every trend for a new one


def lasting_ids(trends: Sequence[AnyTrend]) -> list[str]:
    """Return a `urn:uuid:` for each trend; two that are the same by content are told apart by their order."""
    seen, found = Counter[str](), []
    for trend in trends:
        content = _content(trend)
        seen[content] += 1
        found.append(lasting_id(content if seen[content] == 1 else f"{content}\n{seen[content]}"))
    return found


def lasting_id(content: str) -> str:
    """Return the same `urn:uuid:` for the same content, always."""
    return uuid5(OURS, content).urn


def _content(trend: AnyTrend) -> str:
    if isinstance(trend.story, PostStory):
        return f"post\n{trend.story.source}\n{to_text(trend.first_seen)}"
    return f"{trend.story.kind}\n{to_text(trend.opened_at)}\n{plain_words(trend.label)}"
