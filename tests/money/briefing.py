"""Open trends as `rank` leaves them, and what came of a brief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from tests.builders import post, topic_trend
from tests.ingest.operator import NOW, Operator
from trendspark_cli.base.clock import to_text
from trendspark_cli.store.sqlite.store import SqliteStore

TREND = topic_trend(NOW)
TEXTS = (
    "The bridge is closed after the storm.",
    "No trains over the bridge today.",
    "Ferry runs instead of the bridge.",
)


class HasStore(Protocol):
    """Whoever has a database to open."""

    def store(self) -> SqliteStore:
        """Open it."""


def open_trend(
    operator: HasStore, label: str = "bridge", texts: Sequence[str] = TEXTS, *, now: datetime = NOW, **values: Any
) -> int:
    """Store a trend with posts of these texts, the first three its examples; return its id."""
    store = operator.store()
    first = store.posts.settled_id() + 1
    ids = range(first, first + len(texts))
    posts = [
        post(
            str(number), text=text, url=f"https://x.com/i/status/{number}", created_at=to_text(now - timedelta(hours=1))
        )
        for number, text in zip(ids, texts, strict=True)
    ]
    told = topic_trend(now, terms=(label,), post_ids=tuple(ids), example_ids=tuple(ids)[:3])
    trend = replace(told, label=label, **values)
    with store.transaction():
        store.posts.save(posts, now)
        saved = store.trends.save(trend)
    store.close()
    return saved.stored_id


def grow(operator: Operator, trend_id: int, observed: float) -> None:
    """Have a trend hold so many posts."""
    store = operator.store()
    with store.transaction():
        [trend] = [trend for trend in store.trends.living(NOW) if trend.id == trend_id]
        store.trends.save(replace(trend, story=replace(trend.story, observed=observed)))
    store.close()


def message(operator: Operator) -> str:
    """The day's message, as it waits in the outbox."""
    [row] = operator.rows("SELECT body FROM notifications WHERE category = 'daily_ideas'")
    return str(row["body"])


def told(result: Any) -> Any:
    """What a run says besides its counts."""
    return result.extra


def spent_tokens(operator: Operator) -> int:
    """Tokens in our books."""
    return int(operator.rows("SELECT coalesce(sum(used), 0) AS n FROM spend WHERE service = 'openai'")[0]["n"])
