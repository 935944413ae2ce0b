"""Trends as people read them: a table, one trend whole, and why it is one."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.base.console import Output, short_time, shortened, sparkline
from trendspark_cli.base.models import RunResult
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.trend_fields import (
    counted,
    forecast_of,
    is_single_post,
    is_watched,
    rounded,
    surprise_of,
    trend_json,
    why,
    window_text,
)
from trendspark_cli.trends.verdicts import verdict_text

COLUMNS = ("id", "trend", "posts", "expected", "authors", "sources", "score", "first seen")
LESS_NEEDED = ("state", "authors", "expected", "sources")
WATCHED = "★"  # before the label of a trend about a term of the watchlist
INDENT = 3  # characters before what is said of a trend
QUARTER = timedelta(minutes=15)
EVIDENCE_COLUMNS = (
    "term",
    "score",
    "-log10 p",
    "seen",
    "expected",
    "in",
    "posts",
    "usual posts",
    "unevenness",
    "hour factor",
    "enough",
    "lift",
    "breadth",
)
EVIDENCE_LESS_NEEDED = ("unevenness", "hour factor", "breadth", "posts", "in", "usual posts", "lift", "-log10 p")
EVIDENCE_NOTES = (
    "seen: voices; distinct texts and authors count, copies hardly. enough: the voices that would have been a trend.",
    "-log10 p: 6 is one chance in a million. usual posts: those of the history, of which half is gone after 4 days.",
    "lift: voices for each one expected, where that is most, and less for few communities (breadth).",
)
SHOWN_SCORE = 0.05  # a difference of less is none on the screen
SPARK_SLOTS, SPARK_SLOT_SECONDS = 16, 900  # the last four hours by quarters


def show_ranked(result: RunResult, output: Output, *, explain: bool, is_dry: bool) -> None:
    """Print the open trends after a run: on a terminal, and without one only what was asked for."""
    trends: list[dict[str, Any]] = list(result.extra.get("trends", []))  # type: ignore[call-overload]
    if not (output.is_terminal or explain or is_dry) or output.is_quiet or result.exit_code:
        return
    if not trends:
        output.line("nothing is trending")
        return
    output.table(COLUMNS, [_row(trend) for trend in trends], title="Open trends", less_needed=LESS_NEEDED)
    if explain:
        for trend in trends:
            output.prose(f"{trend['label']}: {trend['why']}")


def list_trends(
    store: Store, output: Output, *, limit: int, state: str | None, watchlist: Collection[str] = ()
) -> None:
    """Print trends, open ones first; those about a term of *watchlist* are marked."""
    rows = store.trends.listing(limit, state)
    watched = [is_watched(row, watchlist) for row in rows]
    if output.is_json:
        shown = [trend_json(row, store.posts.by_ids(row["examples"])) for row in rows]
        output.data({"trends": [{**row, "watched": is_one} for row, is_one in zip(shown, watched, strict=True)]})
    elif not rows:
        output.line("no trends")
    else:
        more = [] if state else ["state"]
        more += ["mark"] if any(row["mark"] for row in rows) else []
        listed = [_listed(store, *row, more) for row in zip(rows, watched, strict=True)]
        output.table((*COLUMNS[:2], "last 4 h", *COLUMNS[2:], *more), listed, less_needed=LESS_NEEDED)


def show_trend(store: Store, output: Output, fields: Mapping[str, Any]) -> None:
    """Print one trend with its examples."""
    posts = store.posts.by_ids(fields["examples"])
    brief = store.briefs.of_trend(fields["id"])
    written = brief if brief is not None and brief.summary else None
    if output.is_json:
        told = {"label": written.label, "summary": written.summary, "written_by": written.model} if written else None
        output.data({**trend_json(fields, posts), "brief": told})
        return
    output.prose(f"{fields['id']}  {fields['label']}  ({fields['state']})")
    output.prose(why(fields), indent=INDENT)
    if fields["terms"]:
        output.prose(f"terms: {', '.join(fields['terms'])}", indent=INDENT)
    if fields["mark"]:
        output.prose(verdict_text(fields["mark"]), indent=INDENT)
    if written is not None:
        output.prose(f"{written.label}: {written.summary} (machine-written by {written.model})", indent=INDENT)
    for post in posts:
        output.prose(f"[{post['source']}] {shortened(post['text'], 100)}  {post['url'] or ''}".rstrip(), indent=INDENT)


def explain_trend(store: Store, output: Output, fields: Mapping[str, Any], reason: str) -> None:
    """Print each term's evidence: what was seen, what was usual, and what would have been enough.

    *reason*: where the threshold comes from.
    """
    threshold = fields["threshold"]
    if output.is_json:
        posts = store.posts.by_ids(fields["examples"])
        evidence = [rounded(item) for item in fields["evidence"]]
        told = {"threshold": threshold, "threshold_reason": reason, "evidence": evidence}
        output.data({**trend_json(fields, posts), **told})
        return
    show_trend(store, output, fields)
    if is_single_post(fields):
        output.prose(f"threshold {threshold:g} ({reason}); peak at {short_time(fields['peak'])}", indent=INDENT)
        _explain_post(output, fields)
        return
    peak = from_text(fields["peak"])
    began = short_time(to_text(peak - QUARTER)).removesuffix("Z")
    output.prose(f"threshold {threshold:g} ({reason}); peak between {began} and {peak:%H:%M}Z", indent=INDENT)
    rows = [_evidence_row(item) for item in fields["evidence"]]
    output.table(EVIDENCE_COLUMNS, rows, less_needed=EVIDENCE_LESS_NEEDED)
    for note in (*EVIDENCE_NOTES, *_further_terms(fields)):
        output.prose(note, indent=INDENT)


def _further_terms(fields: Mapping[str, Any]) -> list[str]:
    """Return what a topic told in several words is worth beyond its strongest one."""
    strongest = max((float(item["score"]) for item in fields["evidence"]), default=0.0)
    more = fields["score"] - strongest
    if not strongest or more < SHOWN_SCORE:
        return []
    return [f"score {fields['score']:.1f}: {strongest:.1f}, and {more:.1f} for the authors that further terms bring."]


def _explain_post(output: Output, fields: Mapping[str, Any]) -> None:
    """Print what a post's forecast rests on."""
    evidence = fields["evidence"][0]
    sure = (evidence["forecast"] + 1) / math.exp(evidence["error"]) - 1
    rows = [
        ("expected after 48 hours", f"{evidence['forecast']:,.0f}"),
        ("at least, five times of six", f"{max(sure, evidence['engagement']):,.0f}"),
        ("usual for its author" if evidence["usual_posts"] else "usual here", f"{fields['expected']:,.0f}"),
        ("settled posts of its author", f"{evidence['usual_posts']:.0f}"),
        ("expected that would have been enough", f"{evidence['enough']:,.0f}"),
        ("engagement so far", f"{evidence['engagement']:,.0f}"),
        ("comments so far", f"{evidence['comments']:,.0f}"),
    ]
    output.table(("what", "how much"), rows)
    output.prose(f"engagement: {', '.join(map(counted, fields['sources']))}.", indent=INDENT)


def _row(trend: Mapping[str, Any]) -> list[object]:
    sources = ", ".join(f"{name} {count}" for name, count in trend["sources"].items())
    return [
        trend["id"] if trend["id"] is not None else "new",
        shortened(trend["label"], 48),
        *_seen_and_expected(trend),
        trend["authors"],
        sources,
        f"{trend['score']:.1f}",
        short_time(trend["first_seen"]),
    ]


def _seen_and_expected(trend: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a trend has, and what was expected: posts of a topic, engagement of a single post."""
    if is_single_post(trend):
        forecast = trend["forecast"] if "forecast" in trend else forecast_of(trend)
        return f"♥ {trend['observed']:,.0f}", f"{forecast:,.0f}, usual {trend['expected']:,.0f}"
    return f"{trend['observed']:.0f}", f"{trend['expected']:.2f}"


def _listed(store: Store, fields: Mapping[str, Any], watched: bool, more: Sequence[str]) -> list[object]:
    row, mark = _row(fields), fields["mark"]
    last = {"state": fields["state"], "mark": mark["mark"] if mark else ""}
    label = f"{WATCHED} {row[1]}" if watched else row[1]
    return [row[0], label, spark_of(store, fields), *row[2:], *(last[name] for name in more)]


def spark_of(store: Store, fields: Mapping[str, Any]) -> str:
    """Return a trend's posts over the four hours before it was last seen."""
    end = int(from_text(fields["last_seen"]).timestamp()) // SPARK_SLOT_SECONDS + 1
    since = (end - SPARK_SLOTS) * SPARK_SLOT_SECONDS
    return sparkline(store.posts.mentions_per_slot(fields["id"], since, SPARK_SLOT_SECONDS, SPARK_SLOTS))


def _evidence_row(item: Mapping[str, Any]) -> Sequence[object]:
    return (
        item["term"],
        f"{item['score']:.1f}",
        f"{surprise_of(item):.1f}",
        f"{item['observed']:.1f}",
        f"{item['expected']:.2f}",
        window_text(item["window_seconds"]),
        item["posts"],
        f"{item['baseline']:.1f}",
        f"{item['dispersion']:.1f}",
        f"{item['hour_factor']:.1f}",
        item["enough"],
        f"{item['lift']:.1f} in {window_text(item['lift_seconds'])}" if item.get("lift") else "",
        f"{item['breadth']:.2f}" if item.get("breadth") else "",
    )
