"""The daily brief as a message and on a screen: what a model wrote is marked, links come from the posts alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import cast

from trendspark_cli.alerts.trend_texts import post_link, trend_title
from trendspark_cli.base.console import Output, shortened, show_rows
from trendspark_cli.base.models import Alert, RunResult
from trendspark_cli.briefs.brief import Brief, BriefRun, Idea
from trendspark_cli.briefs.brief_tasks import SUMMARY_LENGTH
from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.reports.trend_words import why
from trendspark_cli.store.rows.posts import StoredPost

QUOTE_LENGTH = 160  # characters of a post in extracted text
MOST_LINKS = 3
MARK = "machine-written"


def extracted(trend: AnyTrend, posts: Sequence[StoredPost]) -> Brief:
    """Return a brief without a model: the trend's own label, and the words of its first two posts."""
    quotes = [f"“{shortened(post.text, QUOTE_LENGTH)}”" for post in posts[:2]]
    summary = " ".join(quotes) or trend_title(trend)
    return Brief(trend_id=trend.stored_id, label=trend.label, summary=summary, posts=posts[:2], counts=why(trend))


def daily_alert(key: str, day: str, briefs: Sequence[Brief], ideas: Sequence[Idea], notes: Sequence[str]) -> Alert:
    """Return the one message of a day. *notes* say what is missing and why."""
    heading = f"Daily brief {day}: {len(briefs)} trend{'s' if len(briefs) != 1 else ''}"
    lines = [f"<b>{escape(heading)}</b>", *(f"<i>{_safe(note, 300)}</i>" for note in notes)]
    for brief in briefs:
        lines += ["", *_brief_lines(brief)]
    if ideas:
        lines += ["", f"<b>Ideas</b> <i>({MARK}: check before use)</i>"]
        lines += [
            f"{number}. <b>{_safe(idea.title, 120)}</b>: {_safe(idea.pitch, 400)}"
            for number, idea in enumerate(ideas, 1)
        ]
    return Alert(key, "daily_ideas", heading, "\n".join(lines))


def show_brief(result: RunResult, output: Output) -> None:
    """Print a brief for a person: on a terminal, and in a dry run what it would cost."""
    printed = cast(BriefRun, result.extra)
    if result.is_dry:
        show_rows(result, output, "estimates")
        return
    if not output.is_terminal or output.is_quiet:
        return
    for note in printed.get("notes", ()):
        output.line(shortened(note, 300))
    for brief in printed.get("briefs", ()):
        output.line("")
        output.line(f"{brief['trend_id']}  {shortened(brief['label'], 100)}  ({_author(brief['written_by'])})")
        output.prose(shortened(brief["summary"], SUMMARY_LENGTH), indent=3)
        for post in brief["posts"][:MOST_LINKS]:
            output.line(f"   [{post['source']}] {shortened(post['url'] or post['source_id'], 200)}")
    for number, idea in enumerate(printed.get("ideas", ()), 1):
        output.line(f"{number}. {shortened(idea['title'], 120)}: {shortened(idea['pitch'], 400)}  ({MARK})")


def _brief_lines(brief: Brief) -> list[str]:
    links = [link for post in brief.posts[:MOST_LINKS] if (link := post_link(post.source, post.url))]
    return [
        f"<b>{_safe(brief.label, 120)}</b> <i>({_author(brief.written_by)})</i>",
        _safe(brief.summary, SUMMARY_LENGTH),
        f"{_safe(brief.counts, 200)} {' '.join(links)}".rstrip(),
    ]


def _author(written_by: str) -> str:
    return MARK if written_by else "from the posts"


def _safe(text: str, length: int) -> str:
    return escape(shortened(str(text), length), quote=False)
