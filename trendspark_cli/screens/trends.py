"""Trends as people read them: a table, one trend whole, and why it is one."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import cast

from trendspark_cli.base.clock import duration_words, hour_text, to_text
from trendspark_cli.base.console import Output, short_time, shortened
from trendspark_cli.base.models import RunResult
from trendspark_cli.kinds.sources import engagement_of
from trendspark_cli.ranking.bursts.term_evidence import TermEvidence
from trendspark_cli.ranking.bursts.thresholds import SURE
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, PostStory, TopicStory
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory
from trendspark_cli.reports.trend_json import (
    TrendJson,
    author_of_each,
    evidence_json,
    shown_author,
    trend_json,
    why_for_people,
)
from trendspark_cli.reports.trend_words import silence_text, sources_text, usual_text, why, window_text
from trendspark_cli.screens.trend_history import counts_json, examples_of, plot_lines, short_curve
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.trends import TrendVerdict
from trendspark_cli.trends.verdicts import verdict_text
from trendspark_cli.trends.watchlists import is_watched

COURSE = "its last 4 h"  # four hours up to the last post of each
COLUMNS = ("id", "trend", "now", "peak", "total", "people", "usual", "sources", "detected")
LESS_NEEDED = ("sources", "usual", "total", "mark", COURSE, "state", "people", "detected")
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
SHOWN_LINKS = 3  # those that most posts share
SHOWN_SCORE = 0.05  # a difference of less is none on the screen


def show_ranked(result: RunResult, output: Output, *, explain: bool, is_dry: bool) -> None:
    """Print the open trends after a run: on a terminal, and without one only what was asked for."""
    trends = cast(Sequence[TrendJson], result.extra.get("trends", ()))
    if not (output.is_terminal or explain or is_dry) or output.is_quiet or result.exit_code:
        return
    silence = result.extra.get("silence")
    if told := result.extra.get("history"):
        output.line(str(told))
    if not trends:
        output.prose(f"nothing is trending: {silence}" if silence else "nothing is trending")
        return
    output.table(
        COLUMNS,
        [_printed_row(trend) for trend in trends],
        title="Open trends",
        less_needed=LESS_NEEDED,
        texts=("trend",),
    )
    if explain:
        for trend in trends:
            output.prose(f"{trend['label']}: {why_for_people(trend)}")


def list_trends(
    store: Store,
    output: Output,
    now: datetime,
    trends: Sequence[AnyTrend],
    *,
    state: str | None = None,
    watchlist: Collection[str] = (),
    is_choice: bool = False,
) -> None:
    """Print trends; those about a term of *watchlist* are marked; and why nothing can be new.

    *state*: the only one they have, which need not be told. *is_choice*: others are there, perhaps.
    """
    if output.is_json:
        output.data(trends_json(store, trends, watchlist))
        return
    verdicts = store.trends.verdicts_of([trend.stored_id for trend in trends])
    watched = _watched(trends, watchlist)
    silence = silence_text(store.posts.newest_created(now), now, store.ranking.sources())
    if not trends and is_choice and store.trends.listing(1):
        output.prose("no trend is like that; `trendspark trends list` names all")
    elif not trends:
        output.prose(f"no trends: {silence}" if silence else "no trends")
    else:
        more = [] if state else ["state"]
        more += ["mark"] if verdicts else []
        listed = [
            _listed(store, trend, verdicts.get(trend.stored_id), more, is_watched=trend.id in watched)
            for trend in trends
        ]
        output.table((*COLUMNS[:2], COURSE, *COLUMNS[2:], *more), listed, less_needed=LESS_NEEDED, texts=("trend",))
        if silence and output.is_terminal:
            output.prose(silence)


def trends_json(
    store: Store, trends: Sequence[AnyTrend], watchlist: Collection[str] = ()
) -> dict[str, list[dict[str, object]]]:
    """Return trends as `trends list --json` prints them."""
    verdicts = store.trends.verdicts_of([trend.stored_id for trend in trends])
    watched = _watched(trends, watchlist)
    return {
        "trends": [
            {**_json(store, trend, verdicts.get(trend.stored_id)), "watched": trend.id in watched} for trend in trends
        ]
    }


def _watched(trends: Sequence[AnyTrend], watchlist: Collection[str]) -> set[int]:
    """Return the ids of those that are about a term of a watchlist."""
    return {trend.stored_id for trend in trends if is_watched(trend, watchlist)}


def _json(store: Store, trend: AnyTrend, verdict: TrendVerdict | None) -> TrendJson:
    posts = examples_of(store, trend)
    return trend_json(trend, posts, verdict, store.authors.names(author_of_each(posts)))


def show_trend(store: Store, output: Output, trend: AnyTrend) -> None:
    """Print one trend with its examples."""
    verdict = store.trends.verdicts_of([trend.stored_id]).get(trend.stored_id)
    brief = store.briefs.of_trend(trend.stored_id)
    written = brief if brief is not None and brief.summary else None
    counts = store.trend_history.counts(trend.stored_id)
    if output.is_json:
        said = {"label": written.label, "summary": written.summary, "written_by": written.model} if written else None
        output.data({**_json(store, trend, verdict), "brief": said, "counts": counts_json(counts)})
        return
    output.prose(f"{trend.id}  {trend.label}  ({trend.state.value})")
    output.prose(why(trend), indent=INDENT)
    if trend.story.terms:
        output.prose(f"terms: {', '.join(trend.story.terms)}", indent=INDENT)
    if verdict is not None:
        output.prose(verdict_text(verdict), indent=INDENT)
    if written is not None:
        output.prose(f"{written.label}: {written.summary} (machine-written by {written.model})", indent=INDENT)
    for line in plot_lines(counts):
        output.line(" " * INDENT + line)
    posts = examples_of(store, trend)
    names = store.authors.names(author_of_each(posts))
    for post in posts:
        author = shown_author(post, names)
        place = f"[{post.source}] {author}:" if author else f"[{post.source}]"
        output.prose(f"{place} {shortened(post.text, 100)}  {post.url or ''}".rstrip(), indent=INDENT)


def explain_trend(store: Store, output: Output, trend: AnyTrend, reason: str, moved_by: Sequence[str] = ()) -> None:
    """Print each term's evidence: what was seen, what was usual, and what would have been enough.

    *reason*: where the threshold comes from; *moved_by*: why it stands elsewhere than its score says.
    """
    if output.is_json:
        output.data(explained_json(store, trend, reason, moved_by))
        return
    show_trend(store, output, trend)
    for link in store.posts.links_of_trend(trend.stored_id, SHOWN_LINKS):
        output.prose(f"{link.posts} posts lead to {link.url}", indent=INDENT)
    peak = f"threshold {trend.threshold:g} ({reason}); peak"
    match trend.story:
        case PostStory() as story:
            output.prose(f"score {trend.score:.1f}, {peak} at {short_time(to_text(trend.peak_at))}", indent=INDENT)
            _explain_post(story, output)
        case VolumeStory() as story:
            output.prose(f"score {trend.score:.1f}, {peak} at {short_time(to_text(trend.peak_at))}", indent=INDENT)
            output.table(("what", "how much"), _volume_rows(story))
        case SilenceStory() as story:
            threshold = f"threshold {trend.threshold:g} ({reason})"
            output.prose(f"score {trend.score:.1f}, {threshold}", indent=INDENT)
            output.table(("what", "how long"), _silence_rows(story))
        case TopicStory() as story:
            began = short_time(to_text(trend.peak_at - QUARTER))
            voices = f"{story.observed:.0f} voices, {story.expected:.2f} expected"
            output.prose(f"score {trend.score:.1f}: {voices} in {window_text(story.window)}", indent=INDENT)
            output.prose(f"{peak} between {began} and {hour_text(trend.peak_at)}", indent=INDENT)
            rows = [_evidence_row(term) for term in story.evidence]
            if rows:
                output.table(EVIDENCE_COLUMNS, rows, less_needed=EVIDENCE_LESS_NEEDED, texts=("term",))
            for note in (*EVIDENCE_NOTES, *_further_terms(story, trend.score), *_order(trend, moved_by)):
                output.prose(note, indent=INDENT)


def _order(trend: AnyTrend, moved_by: Sequence[str]) -> list[str]:
    """Return where a trend stands by what matters, and why."""
    if abs(trend.interest) < SHOWN_SCORE:
        return []
    return [
        f"listed as {trend.order:.1f}, {trend.interest:+.1f} by what matters to you: {'; '.join(moved_by)}".rstrip(": ")
    ]


def explained_json(store: Store, trend: AnyTrend, reason: str, moved_by: Sequence[str] = ()) -> dict[str, object]:
    """Return why a trend is one as `trends explain --json` prints it."""
    verdict = store.trends.verdicts_of([trend.stored_id]).get(trend.stored_id)
    threshold = {"threshold": trend.threshold, "threshold_reason": reason}
    links = [link._asdict() for link in store.posts.links_of_trend(trend.stored_id, SHOWN_LINKS)]
    counts = counts_json(store.trend_history.counts(trend.stored_id))
    shown = {**_json(store, trend, verdict), **threshold, "links": links, "counts": counts}
    return {**shown, "interest_reasons": list(moved_by), "evidence": evidence_json(trend)}


def _further_terms(story: TopicStory, score: float) -> list[str]:
    """Return what a topic of several terms is worth beyond its strongest one."""
    strongest = max((term.score for term in story.evidence), default=0.0)
    more = score - strongest
    if more <= -SHOWN_SCORE:
        what = "half of its posts are of one community, or none of its words is a name"
        return [f"score {score:.1f}: of what lies above {SURE:g}, half, since {what}."]
    if not strongest or more < SHOWN_SCORE:
        return []
    return [f"score {score:.1f}: {strongest:.1f}, and {more:.1f} for the authors that further terms bring."]


def _explain_post(story: PostStory, output: Output) -> None:
    """Print what a post's forecast rests on."""
    sure = (story.forecast + 1) / math.exp(story.error) - 1
    rows = [
        ("expected after 48 hours", f"{story.forecast:,.0f}"),
        ("at least, five times of six", f"{max(sure, story.engagement):,.0f}"),
        ("usual for its author" if story.usual_posts else "usual here", f"{story.usual:,.0f}"),
        ("settled posts of its author", f"{story.usual_posts:.0f}"),
        ("expected that would have been enough", f"{story.enough:,.0f}"),
        ("engagement so far", f"{story.engagement:,.0f}"),
        ("comments so far", f"{story.comments:,.0f}"),
    ]
    output.table(("what", "how much"), rows)
    output.prose(f"engagement: {engagement_of(story.source)}.", indent=INDENT)


def _volume_rows(story: VolumeStory) -> list[tuple[str, str]]:
    return [
        ("posts in the busiest hour", f"{story.observed:,}"),
        ("busiest hour of a usual day", usual_text(story.usual_peak)),
        ("posts that would have been enough", f"{story.enough:,.0f}"),
    ]


def _silence_rows(story: SilenceStory) -> list[tuple[str, str]]:
    return [
        ("no post for", duration_words(story.gap)),
        ("usual gap between two posts", duration_words(story.usual_gap)),
        ("longest gap of a usual day", duration_words(story.usual_longest)),
        ("gap that would have been enough", duration_words(story.enough)),
    ]


def _row(trend: AnyTrend) -> list[object]:
    """Return a trend as a row of COLUMNS."""
    return _printed_row(trend_json(trend, ()))


def _printed_row(trend: TrendJson) -> list[object]:
    """Return a trend as it is printed as a row of COLUMNS; of a single post what it got, and what is usual."""
    counts: list[object] = [trend["posts_now"] or "", trend["posts_peak"], trend["posts_total"], trend["people"]]
    usual = usual_text(trend["expected"])
    if trend["kind"] == "post":
        counts, usual = [f"♥ {trend['observed']:,.0f}", "", "", 1], f"♥ {trend['expected']:,.0f}"
    return [
        trend["id"] if trend["id"] is not None else "new",
        _named(trend),
        *counts,
        usual,
        sources_text(trend["sources"]),
        short_time(trend["detected_at"]),
    ]


def _named(trend: TrendJson) -> str:
    """Return the label of a trend; of one that has the name of something watched, with what it is about."""
    told = {"volume": " (volume)", "silence": " (silent)"}.get(trend["kind"], "")
    return shortened(trend["label"], 48 - len(told)) + told


def _listed(
    store: Store, trend: AnyTrend, verdict: TrendVerdict | None, more: Sequence[str], *, is_watched: bool
) -> list[object]:
    row = _row(trend)
    last = {"state": trend.state.value, "mark": verdict.mark if verdict is not None else ""}
    label = f"{WATCHED} {row[1]}" if is_watched else row[1]
    curve = short_curve(store, trend)
    return [row[0], label, curve if curve.strip() else "", *row[2:], *(last[name] for name in more)]


def _evidence_row(term: TermEvidence) -> Sequence[object]:
    lift = ""
    if term.lift and term.lift_seconds is not None:
        lift = f"{term.lift:.1f} in {window_text(timedelta(seconds=term.lift_seconds))}"
    return (
        term.term,
        f"{term.score:.1f}",
        f"{term.surprisal:.1f}",
        f"{term.observed:.1f}",
        f"{term.expected:.2f}",
        window_text(timedelta(seconds=term.window_seconds)),
        term.posts,
        f"{term.baseline:.1f}",
        f"{term.dispersion:.1f}",
        f"{term.hour_factor:.1f}",
        term.enough,
        lift,
        f"{term.breadth:.2f}" if term.breadth else "",
    )
