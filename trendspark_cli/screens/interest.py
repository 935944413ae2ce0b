"""What matters, as people read it: what names would move before they are kept, and what was marked."""

from __future__ import annotations

from collections.abc import Sequence

from trendspark_cli.base.console import Output, printable, short_time, shortened
from trendspark_cli.reports.trend_words import counted
from trendspark_cli.store.rows.trends import TrendVerdict
from trendspark_cli.trends.interest import KNOWN_FOR, SHOWN_POINTS, Move, OperatorInterest, moves

MOST_SHOWN = 10  # of each direction
COLUMNS = ("id", "trend", "score", "from", "to", "why")
WEEKS = KNOWN_FOR.days // 7


def show_moves(interest: OperatorInterest, names: Sequence[str], output: Output) -> None:
    """Print which trends of the last weeks these names would move up, and which down; nothing is kept."""
    found, unknown = moves(interest, names)
    up = sorted(
        (one for one in found if one.after - one.before >= SHOWN_POINTS), key=lambda one: one.before - one.after
    )
    down = sorted(
        (one for one in found if one.before - one.after >= SHOWN_POINTS), key=lambda one: one.after - one.before
    )
    if output.is_json:
        output.data(
            {
                "interest": list(names),
                "unknown": unknown,
                "is_learned": interest.vectors is not None,
                "trends": len(found),
                "up": list(map(_json, up)),
                "down": list(map(_json, down)),
            }
        )
        return
    for name in unknown:
        output.prose(f"{printable(name)!r} is in too few of your posts to be known: it moves nothing")
    if why := _why_nothing(interest, len(found)):
        output.prose(why)
        return
    moved = f"{len(up)} would come sooner, {len(down)} later"
    output.prose(f"of {counted(len(found), 'trend')} of the last {WEEKS} weeks {moved}; none opens or closes by it")
    _show(up, output, "Sooner")
    _show(down, output, "Later")


def show_marks(marks: Sequence[TrendVerdict], count: int, output: Output) -> None:
    """Print marks, in this order; *count*: how many there are in all."""
    if output.is_json:
        output.data({"marks": [mark._asdict() for mark in marks]})
        return
    if not marks:
        output.line("no marks")
        return
    rows = [
        (
            mark.trend_id or "",
            mark.mark,
            shortened(", ".join(mark.terms), 48),
            short_time(mark.marked_at),
            printable(mark.marked_by),
            shortened(mark.note or "", 40),
        )
        for mark in marks
    ]
    columns = ("trend", "mark", "terms", "marked", "by", "note")
    output.table(columns, rows, less_needed=("note", "by"), texts=("terms", "note"))
    if count > len(marks):
        output.line(f"the newest {len(marks)} of {count}; -n shows more")


def _why_nothing(interest: OperatorInterest, trends: int) -> str:
    """Return why no name moves anything yet; empty when some can."""
    from trendspark_cli.ranking.interest.judging import LEAST_KNOWN
    from trendspark_cli.ranking.interest.vectors import LEAST_PLACES, LEAST_WORDS

    if interest.vectors is None:
        needed = f"{LEAST_PLACES} communities or authors of more than {LEAST_WORDS} words"
        return f"nothing is learned of your posts yet: that takes {needed}; `rank` looks once a day"
    if trends < LEAST_KNOWN:
        return (
            f"there are {counted(trends, 'trend')} of the last {WEEKS} weeks; names order trends from {LEAST_KNOWN} on"
        )
    return ""


def _show(found: Sequence[Move], output: Output, title: str) -> None:
    if not found:
        return
    rows = [
        (
            one.topic.trend_id,
            shortened(one.topic.label, 48),
            f"{one.topic.score:.1f}",
            f"{one.before:.1f}",
            f"{one.after:.1f}",
            one.words,
        )
        for one in found[:MOST_SHOWN]
    ]
    if not output.is_terminal:
        output.line(f"{title}:")
    output.table(COLUMNS, rows, title=title, less_needed=("score", "why"), texts=("trend", "why"))
    if len(found) > len(rows):
        output.line(f"the first {len(rows)} of {len(found)}; --json has them all")


def _json(one: Move) -> dict[str, object]:
    return {
        "id": one.topic.trend_id,
        "label": one.topic.label,
        "state": "open" if one.topic.is_open else "closed",
        "score": round(one.topic.score, 2),
        "before": round(one.before, 2),
        "after": round(one.after, 2),
        "why": one.words,
    }
