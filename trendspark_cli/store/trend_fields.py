"""A trend as plain values: what tables, JSON and screens show."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from trendspark_cli.base.clock import from_epoch, to_text

if TYPE_CHECKING:
    from trendspark_cli.ranking.lifecycle.topic_lifecycle import TrendRecord
    from trendspark_cli.ranking.posts.post_trends import PostTrend

TIMES = ("first_seen", "last_seen", "opened_at", "last_strong_at", "peak", "closed_at")
SHOWN_POSTS = 3
ENGAGEMENT = {"x": "likes, reposts and quotes", "reddit": "points"}  # what a source counts in favour of a post


def trend_fields(trend: TrendRecord) -> dict[str, Any]:
    """Return a trend as a dict of plain values, times as stored text; its posts are left out."""
    fields = asdict(trend)
    fields["peak"] = fields.pop("peak_at")
    fields["examples"] = list(fields.pop("example_ids"))
    fields["terms"] = list(fields["terms"])
    fields["state"] = trend.state.value
    fields["kind"] = "topic"
    del fields["post_ids"]
    for name in TIMES:
        fields[name] = None if fields[name] is None else to_text(from_epoch(fields[name]))
    return fields


def post_trend_fields(trend: PostTrend) -> dict[str, Any]:
    """Return a trend that is a single post in the same shape; what is expected of it is its one piece of evidence."""
    measured = ("engagement", "comments", "forecast", "error", "usual_posts", "enough")
    times = {name: getattr(trend, name) for name in ("last_seen", "opened_at", "last_strong_at", "closed_at")}
    times |= {"first_seen": trend.created_at, "peak": trend.peak_at}
    return {
        "id": trend.id,
        "kind": "post",
        "label": trend.label,
        "terms": [],
        "state": trend.state.value,
        "score": trend.score,
        "observed": float(trend.engagement),
        "expected": trend.usual,
        "window_seconds": max(0, trend.last_seen - trend.created_at),
        "authors": 1,
        "sources": {trend.source: 1},
        "examples": [trend.post_id],
        "evidence": [{name: getattr(trend, name) for name in measured}],
        **{name: None if at is None else to_text(from_epoch(at)) for name, at in times.items()},
    }


def is_single_post(fields: Mapping[str, Any]) -> bool:
    """Tell whether a trend is one post going viral."""
    return bool(fields["kind"] == "post")


def forecast_of(fields: Mapping[str, Any]) -> float:
    """Return the engagement a single post is expected to end with."""
    return float(fields["evidence"][0]["forecast"])


def size_of(fields: Mapping[str, Any]) -> float:
    """Return what alerts tell of a trend's size: its posts, or the engagement a single post is expected to reach."""
    return forecast_of(fields) if is_single_post(fields) else float(fields["observed"])


def counted(source: str) -> str:
    """Return what the numbers of a single post are, on its source."""
    return f"{ENGAGEMENT.get(source, 'engagement')} on {source}"


def post_counts(fields: Mapping[str, Any]) -> str:
    """Return what is expected of a single post, and what is usual."""
    evidence = fields["evidence"][0]
    whose = "this author's usual is" if evidence["usual_posts"] >= 1 else "usual here is"
    return (
        f"{evidence['forecast']:,.0f} expected, {whose} {fields['expected']:,.0f}; "
        f"{evidence['engagement']:,.0f} so far, {window_text(max(60, fields['window_seconds']))} after it was posted"
    )


def trend_json(fields: Mapping[str, Any], posts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the shape every command prints a trend in."""
    names = (
        "id",
        "label",
        "terms",
        "kind",
        "state",
        "score",
        "observed",
        "expected",
        "authors",
        "sources",
        "first_seen",
        "last_seen",
        "window_seconds",
        "opened_at",
        "closed_at",
    )
    shown = [{name: post[name] for name in ("source", "source_id", "url", "text")} for post in posts[:SHOWN_POSTS]]
    trend = {name: fields[name] for name in names}
    trend |= {"score": round(trend["score"], 2), "expected": round(trend["expected"], 4)}
    if is_single_post(fields):
        trend["forecast"] = round(forecast_of(fields), 1)
    return {**trend, "mark": fields.get("mark"), "posts": shown, "why": why(fields)}


def rounded(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same with its fractions as people and scripts can use them."""
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in numbers.items()}


def is_watched(fields: Mapping[str, Any], watchlist: Collection[str]) -> bool:
    """Tell whether a trend's label or one of its terms holds a watched term, as whole words."""
    texts = [f" {_words(text)} " for text in (fields["label"], *fields["terms"])]
    terms = [words for term in watchlist if (words := _words(term))]
    return any(f" {term} " in text for term in terms for text in texts)


def why(fields: Mapping[str, Any]) -> str:
    """Return in one line why a trend is one: counts, authors, what was expected."""
    if is_single_post(fields):
        enough = f"{fields['evidence'][0]['enough']:,.0f} would have been enough, score {fields['score']:.1f}"
        return f"{post_counts(fields)}; {enough}; {', '.join(map(counted, fields['sources']))}"
    sources = ", ".join(f"{name} {count}" for name, count in fields["sources"].items())
    observed, expected = fields["observed"], fields["expected"]
    surprise = surprise_of(fields["evidence"][0] if fields["evidence"] else fields)
    return (
        f"{observed:.0f} posts by {fields['authors']} authors in {window_text(fields['window_seconds'])}, "
        f"{expected:.2f} expected, -log10 p {surprise:.1f}, score {fields['score']:.1f}; "
        f"first seen {fields['first_seen'][11:16]}Z; {sources}"
    )


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def surprise_of(evidence: Mapping[str, Any]) -> float:
    """Return the -log10 p of a term's evidence; rows of old have it as their score."""
    surprise = evidence.get("surprise")
    return float(evidence["score"] if surprise is None else surprise)


def window_text(seconds: int) -> str:
    """Return a window as `15 min` or `4 h`."""
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"
