"""How a trend lies in the columns of its table, whatever the database: lists and evidence as JSON, times as text."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.ranking.bursts.term_evidence import TermEvidence
from trendspark_cli.ranking.lifecycle.trends import (
    AnyTrend,
    PostStory,
    PostTrend,
    SilenceTrend,
    TopicStory,
    TopicTrend,
    Trend,
    TrendState,
    VolumeTrend,
)
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory

Row = dict[str, Any]
SECOND = timedelta(seconds=1)


def columns_of(trend: AnyTrend) -> Row:
    """Return what the table says of a trend, its id left out."""
    match trend.story:
        case TopicStory() as story:
            own = _topic_columns(story)
        case PostStory() as story:
            own = _post_columns(story, trend.age_when_seen)
        case VolumeStory() as story:
            own = _volume_columns(story)
        case SilenceStory() as story:
            own = _silence_columns(story)
    return {
        **own,
        "kind": trend.story.kind,
        "label": trend.label,
        "state": trend.state.value,
        "score": trend.score,
        "threshold": trend.threshold,
        "sources": _json(dict(trend.story.sources)),
        "examples": _json(trend.story.example_ids),
        "first_seen": to_text(trend.first_seen),
        "last_seen": to_text(trend.last_seen),
        "opened_at": to_text(trend.opened_at),
        "last_strong_at": to_text(trend.last_strong_at),
        "peak": to_text(trend.peak_at),
        "closed_at": None if trend.closed_at is None else to_text(trend.closed_at),
        "detected_at": None if trend.detected_at is None else to_text(trend.detected_at),
        "posts_now": trend.posts_now if trend.state is TrendState.OPEN else 0,
        "posts_peak": trend.posts_peak,
        "posts_total": trend.posts_total,
        "peak_at": to_text(trend.peak_at),
        "people": trend.story.authors,
        "interest": trend.interest,
    }


def _topic_columns(story: TopicStory) -> Row:
    return {
        "terms": _json(story.terms),
        "observed": story.observed,
        "expected": story.expected,
        "window_seconds": story.window // SECOND,
        "authors": story.authors,
        "evidence": _json([term._asdict() for term in story.evidence]),
    }


def _post_columns(story: PostStory, age: timedelta) -> Row:
    """Return a post in the same columns; what is expected of it is its one piece of evidence."""
    measured = ("engagement", "comments", "forecast", "error", "usual_posts", "enough")
    return {
        "terms": _json(()),
        "observed": float(story.engagement),
        "expected": story.usual,
        "window_seconds": age // SECOND,
        "authors": 1,
        "evidence": _json([{name: getattr(story, name) for name in measured}]),
    }


def _volume_columns(story: VolumeStory) -> Row:
    measured = ("series", "enough")
    return {
        "terms": _json(story.terms),
        "observed": float(story.observed),
        "expected": story.usual_peak,
        "window_seconds": story.window // SECOND,
        "authors": story.authors,
        "evidence": _json([{name: getattr(story, name) for name in measured}]),
    }


def _silence_columns(story: SilenceStory) -> Row:
    """Return a silence in the same columns: no posts, where so many are usual in so long a time."""
    measured = ("usual_gap", "usual_longest", "enough")
    return {
        "terms": _json(story.terms),
        "observed": 0.0,
        "expected": story.usual_posts,
        "window_seconds": story.gap // SECOND,
        "authors": 0,
        "evidence": _json(
            [{"series": story.series} | {f"{name}_seconds": getattr(story, name) / SECOND for name in measured}]
        ),
    }


def trend_of(row: Row, post_ids: tuple[int, ...]) -> AnyTrend:
    """Return the trend of a row; *post_ids* are the live posts a topic or a volume rests on."""
    match row["kind"]:
        case "post":
            return post_trend_of(row)
        case "volume":
            return volume_trend_of(row, post_ids)
        case "silence":
            return silence_trend_of(row)
    return topic_trend_of(row, post_ids)


def volume_trend_of(row: Row, post_ids: tuple[int, ...]) -> VolumeTrend:
    """Return the trend of a volume's row."""
    [measured] = json.loads(row["evidence"])
    story = VolumeStory(
        terms=tuple(json.loads(row["terms"])),
        observed=round(row["observed"]),
        usual_peak=row["expected"],
        window=row["window_seconds"] * SECOND,
        authors=row["authors"],
        sources=json.loads(row["sources"]),
        post_ids=post_ids,
        example_ids=tuple(json.loads(row["examples"])),
        **measured,
    )
    return Trend(**_common(row), story=story)


def silence_trend_of(row: Row) -> SilenceTrend:
    """Return the trend of a silence's row."""
    [measured] = json.loads(row["evidence"])
    story = SilenceStory(
        series=measured["series"],
        terms=tuple(json.loads(row["terms"])),
        gap=row["window_seconds"] * SECOND,
        usual_gap=measured["usual_gap_seconds"] * SECOND,
        usual_longest=measured["usual_longest_seconds"] * SECOND,
        enough=measured["enough_seconds"] * SECOND,
    )
    return Trend(**_common(row), story=story)


def topic_trend_of(row: Row, post_ids: tuple[int, ...]) -> TopicTrend:
    """Return the trend of a topic's row."""
    story = TopicStory(
        terms=tuple(json.loads(row["terms"])),
        observed=row["observed"],
        expected=row["expected"],
        window=row["window_seconds"] * SECOND,
        authors=row["authors"],
        sources=json.loads(row["sources"]),
        post_ids=post_ids,
        example_ids=tuple(json.loads(row["examples"])),
        evidence=tuple(TermEvidence(**item) for item in json.loads(row["evidence"])),
    )
    return Trend(**_common(row), story=story)


def post_trend_of(row: Row) -> PostTrend:
    """Return the trend of a single post's row, in which its `post_id` and `author` were looked up."""
    [measured] = json.loads(row["evidence"])
    [source] = json.loads(row["sources"])
    story = PostStory(post_id=row["post_id"], source=source, author=row["author"], usual=row["expected"], **measured)
    return Trend(**_common(row), story=story)


def _common(row: Row) -> Row:
    """Return what any trend has."""
    return {
        "id": row["id"],
        "label": row["label"],
        "state": TrendState(row["state"]),
        "score": row["score"],
        "threshold": row["threshold"],
        "first_seen": from_text(row["first_seen"]),
        "last_seen": from_text(row["last_seen"]),
        "opened_at": from_text(row["opened_at"]),
        "last_strong_at": from_text(row["last_strong_at"]),
        "peak_at": from_text(row["peak"]),
        "closed_at": None if row["closed_at"] is None else from_text(row["closed_at"]),
        "detected_at": None if row["detected_at"] is None else from_text(row["detected_at"]),
        "posts_now": row["posts_now"],
        "posts_peak": row["posts_peak"],
        "posts_total": row["posts_total"],
        "interest": row["interest"],
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
