"""A trend as plain values: what tables, JSON and screens show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from trendspark_cli.clock import from_epoch, to_text

if TYPE_CHECKING:
    from trendspark_cli.ranking.lifecycle import TrendRecord

TIMES = ("first_seen", "last_seen", "opened_at", "last_strong_at", "peak", "closed_at")
SHOWN_POSTS = 3


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
    return {**trend, "mark": fields.get("mark"), "posts": shown}


def why(fields: Mapping[str, Any]) -> str:
    """Return in one line why a trend is one: counts, authors, what was expected."""
    sources = ", ".join(f"{name} {count}" for name, count in fields["sources"].items())
    observed, expected = fields["observed"], fields["expected"]
    surprise = surprise_of(fields["evidence"][0] if fields["evidence"] else fields)
    return (
        f"{observed:.0f} posts by {fields['authors']} authors in {window_text(fields['window_seconds'])}, "
        f"{expected:.2f} expected, -log10 p {surprise:.1f}, score {fields['score']:.1f}; "
        f"first seen {fields['first_seen'][11:16]}Z; {sources}"
    )


def surprise_of(evidence: Mapping[str, Any]) -> float:
    """Return the -log10 p of a term's evidence; rows of old have it as their score."""
    surprise = evidence.get("surprise")
    return float(evidence["score"] if surprise is None else surprise)


def window_text(seconds: int) -> str:
    """Return a window as `15 min` or `4 h`."""
    return f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"
