"""What tests build: posts, trends, pages and files of posts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Page, Post
from trendspark_cli.ranking.lifecycle.trends import (
    PostStory,
    PostTrend,
    TopicStory,
    TopicTrend,
    Trend,
    TrendState,
)

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
AnyStory = TypeVar("AnyStory", bound=TopicStory | PostStory)


def post(source_id: str = "1", *, source: str = "x", text: str = "hello", **values: Any) -> Post:
    """A stored post; every other field is as empty as it may be."""
    empty: dict[str, Any] = dict.fromkeys(Post._fields) | Post._field_defaults
    empty |= {"source": source, "source_id": source_id, "text": text, "created_at": to_text(NOW), "edits": 0}
    return Post(**{**empty, **values})


def topic_trend(at: datetime, **story: Any) -> TopicTrend:
    """An open trend of a topic that began, was strongest and was last seen at that time."""
    empty: dict[str, Any] = {
        "terms": ("bridge",),
        "observed": 10.0,
        "expected": 0.1,
        "window": timedelta(minutes=15),
        "authors": 9,
        "sources": {"x": 10},
        "post_ids": (),
        "example_ids": (),
        "evidence": (),
    }
    return _open_trend(at, "bridge", TopicStory(**{**empty, **story}))


def post_trend(at: datetime) -> PostTrend:
    """An open trend that is a single post, which began, was strongest and was last seen at that time."""
    story = PostStory(
        post_id=1,
        source="x",
        author="someone",
        engagement=120,
        comments=8,
        forecast=340.0,
        error=0.5,
        usual=41.0,
        usual_posts=3.0,
        enough=200.0,
    )
    return _open_trend(at, "a post", story)


def _open_trend(at: datetime, label: str, story: AnyStory) -> Trend[AnyStory]:
    return Trend(
        id=None,
        label=label,
        state=TrendState.OPEN,
        score=9.0,
        threshold=6.0,
        first_seen=at,
        last_seen=at,
        opened_at=at,
        last_strong_at=at,
        peak_at=at,
        closed_at=None,
        story=story,
    )


def page(*posts: Post, **values: Any) -> Page:
    """An answer that holds these posts and nothing else."""
    return Page(posts=posts, **{"fetched": len(posts), "endpoint": "search_recent", **values})


def own_line(source_id: str = "1", **values: Any) -> dict[str, Any]:
    """A line of our own format."""
    line = {"source": "x", "source_id": source_id, "created_at": "2026-11-01T11:00:00Z", "text": "hello"}
    return {**line, **values}


def submission(post_id: str = "abc1", **values: Any) -> dict[str, Any]:
    """A Reddit submission with the fields we read."""
    return {"id": post_id, "title": "hello", "created_utc": 1793530800, "subreddit": "cityscience", **values}


def listing(*submissions: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a subreddit."""
    children = [{"kind": "t3", "data": dict(item)} for item in submissions]
    return {"kind": "Listing", "data": {"after": None, "children": children}}


def in_lines(*values: Any) -> bytes:
    """One JSON value a line, as files of posts are."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below *folder*."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def mode(path: Path) -> int:
    """Return the permission bits."""
    return path.stat().st_mode & 0o777
