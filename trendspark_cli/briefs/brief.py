"""A brief and an idea as values, and as the contract's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from trendspark_cli.store.rows.posts import StoredPost


class Idea(NamedTuple):
    """What the operator could make of trends, by their ids."""

    title: str
    pitch: str
    trends: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What is said of a trend: by a model (`written_by` names it), or by the posts themselves.

    `posts` are those the summary rests on; `counts` says why the trend is one.
    """

    trend_id: int
    label: str
    summary: str
    posts: Sequence[StoredPost]
    written_by: str = ""
    counts: str


class PlaceJson(TypedDict):
    """Where a post is."""

    source: str
    source_id: str
    url: str | None


class BriefJson(TypedDict):
    """A brief as printed."""

    trend_id: int
    label: str
    summary: str
    posts: list[PlaceJson]
    written_by: str
    counts: str


class IdeaJson(TypedDict):
    """An idea as printed."""

    title: str
    pitch: str
    trends: list[int]


class Estimate(TypedDict):
    """What a run would ask a model, as printed; `note` says why it would not."""

    trends: int
    calls: int
    tokens_at_most: int
    usd_at_most: float
    note: str


class BriefRun(TypedDict, total=False):
    """What a run says besides its counts: `estimates` when it is dry, else the others."""

    briefs: list[BriefJson]
    ideas: list[IdeaJson]
    notes: list[str]
    estimates: list[Estimate]


def brief_json(brief: Brief) -> BriefJson:
    """Return a brief as printed."""
    return {
        "trend_id": brief.trend_id,
        "label": brief.label,
        "summary": brief.summary,
        "posts": [{"source": post.source, "source_id": post.source_id, "url": post.url} for post in brief.posts],
        "written_by": brief.written_by,
        "counts": brief.counts,
    }


def idea_json(idea: Idea) -> IdeaJson:
    """Return an idea as printed."""
    return {"title": idea.title, "pitch": idea.pitch, "trends": list(idea.trends)}
