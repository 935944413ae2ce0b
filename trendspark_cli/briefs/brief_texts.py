"""The daily brief as a message and on a screen: what a model wrote is marked, links come from the posts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from trendspark_cli.alerts.alert_texts import post_link, trend_title
from trendspark_cli.base.console import Output, shortened
from trendspark_cli.base.models import Alert, RunResult
from trendspark_cli.briefs.brief_tasks import SUMMARY_LENGTH

QUOTE_LENGTH = 160  # characters of a post in extracted text
MOST_LINKS = 3
MARK = "machine-written"


def extracted(fields: Mapping[str, Any], posts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a brief without a model: the trend's own label, and the words of its first two posts."""
    quotes = [f"“{shortened(post['text'], QUOTE_LENGTH)}”" for post in posts[:2]]
    return {"label": fields["label"], "summary": " ".join(quotes) or trend_title(fields), "posts": list(posts[:2])}


def daily_alert(
    key: str, day: str, briefs: Sequence[Mapping[str, Any]], ideas: Sequence[Mapping[str, Any]], notes: Sequence[str]
) -> Alert:
    """Return the one message of a day. *notes* say what is missing and why."""
    heading = f"Daily brief {day}: {len(briefs)} trend{'s' if len(briefs) != 1 else ''}"
    lines = [f"<b>{escape(heading)}</b>", *(f"<i>{_safe(note, 300)}</i>" for note in notes)]
    for brief in briefs:
        lines += ["", *_brief_lines(brief)]
    if ideas:
        lines += ["", f"<b>Ideas</b> <i>({MARK}: check before use)</i>"]
        lines += [
            f"{n}. <b>{_safe(idea['title'], 120)}</b>: {_safe(idea['pitch'], 400)}" for n, idea in _numbered(ideas)
        ]
    return Alert(key, "daily_ideas", heading, "\n".join(lines))


def show_brief(result: RunResult, output: Output) -> None:
    """Print a brief for a person: on a terminal, and in a dry run what it would cost."""
    extra: Mapping[str, Any] = result.extra
    if result.is_dry:
        for estimate in extra.get("estimates", ()):
            output.table(tuple(estimate), [tuple(estimate.values())])
        return
    if not output.is_terminal or output.is_quiet:
        return
    for note in extra.get("notes", ()):
        output.line(shortened(note, 300))
    for brief in extra.get("briefs", ()):
        output.line("")
        output.line(f"{brief['trend_id']}  {shortened(brief['label'], 100)}  ({_author(brief)})")
        output.line(f"   {shortened(brief['summary'], SUMMARY_LENGTH)}")
        for post in brief["posts"][:MOST_LINKS]:
            output.line(f"   [{post['source']}] {shortened(post['url'] or post['source_id'], 200)}")
    for number, idea in _numbered(extra.get("ideas", ())):
        output.line(f"{number}. {shortened(idea['title'], 120)}: {shortened(idea['pitch'], 400)}  ({MARK})")


def _brief_lines(brief: Mapping[str, Any]) -> list[str]:
    links = [link for post in brief["posts"][:MOST_LINKS] if (link := post_link(post))]
    return [
        f"<b>{_safe(brief['label'], 120)}</b> <i>({_author(brief)})</i>",
        _safe(brief["summary"], SUMMARY_LENGTH),
        f"{_safe(brief['counts'], 200)} {' '.join(links)}".rstrip(),
    ]


def _author(brief: Mapping[str, Any]) -> str:
    return MARK if brief["written_by"] else "from the posts"


def _numbered(ideas: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(ideas, 1))


def _safe(text: str, length: int) -> str:
    return escape(shortened(str(text), length), quote=False)
