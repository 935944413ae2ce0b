"""What people say of trends: kept with who and when, and shown with the trend."""

from __future__ import annotations

from datetime import datetime

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.console import printable, short_time
from trendspark_cli.base.errors import UsageError
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.trends import TrendVerdict
from trendspark_cli.trends.interest import communities_of_trend

CONSEQUENCES = {
    "good": "of trends that are sure, those like it come sooner in lists, once five are marked",
    "noise": "of trends that are sure, those like it come later in lists, once five are marked",
}
LONGEST_NOTE = 500  # characters: it is shown with the trend


def keep_verdict(store: Store, trend_id: int, verdict: str, note: str, now: datetime, by: str) -> TrendVerdict:
    """Keep what *by* says of a trend, in the caller's transaction; raise UsageError for no such trend."""
    if verdict not in CONSEQUENCES:
        raise UsageError(f"{verdict!r}: expected {' or '.join(CONSEQUENCES)}")
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"a note of {len(note):,} characters: expected at most {LONGEST_NOTE}")
    trend = store.trends.get(trend_id)
    if trend is None:
        raise UsageError(f"trend {trend_id} does not exist", hint="see `trendspark trends list`")
    kept = TrendVerdict(
        trend_id=trend_id,
        mark=verdict,
        note=note or None,
        terms=trend.story.terms,
        score=trend.score,
        opened_at=to_text(trend.opened_at),
        marked_at=to_text(now),
        marked_by=by,
        communities=communities_of_trend(store, trend),
    )
    store.trends.keep_verdict(kept)
    return kept


def verdict_text(verdict: TrendVerdict) -> str:
    """Return a verdict in one line."""
    note = f": {printable(verdict.note)}" if verdict.note else ""
    return f"marked as {verdict.mark} by {printable(verdict.marked_by)} on {short_time(verdict.marked_at)}{note}"
