"""What an alert is about, for channels that take more than its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from trendspark_cli.alerts.channel import About, Event
from trendspark_cli.kinds.message_forms import MessageForm
from trendspark_cli.store.rows.outbox import QueuedAlert

if TYPE_CHECKING:
    from trendspark_cli.store.protocol import Store

DIGESTS = ("late:", "digest:", "surplus:", "quiet:")  # what stands in the place of other alerts
_MANY_AT_ONCE = (*DIGESTS, "daily_ideas:")
_OF_TRENDS: Mapping[str, Event] = {"open": "opened", "grown": "grown", "closed": "closed"}
OTHER: Literal["ops"] = "ops"


def about_alert(store: Store, alert: QueuedAlert, form: MessageForm) -> About:
    """Return what stands beside an alert's text; the trend only where the channel takes trends."""
    event = event_of(alert)
    trend = _trend(store, alert) if form.takes_trends else None
    about = About(alert.id, event, alert.category, alert.title, alert.created_at, alert.parts_sent + 1, trend=trend)
    if not form.has_buttons or event not in ("opened", "closed"):
        return about
    trend_id = int(alert.dedupe_key.split(":")[1])
    verdict = store.trends.verdicts_of([trend_id]).get(trend_id)
    return about._replace(marked_trend=trend_id, mark=verdict.mark if verdict is not None else "")


def event_of(alert: QueuedAlert) -> Event:
    """Return what happened: to a trend, to the installation, or only in the outbox."""
    kind, *rest = alert.dedupe_key.split(":")
    if alert.category == "manual_test":
        return "test"
    if alert.dedupe_key.startswith(_MANY_AT_ONCE):
        return "digest"
    return _OF_TRENDS.get(rest[1], OTHER) if kind == "trend" and len(rest) > 1 else OTHER


def _trend(store: Store, alert: QueuedAlert) -> Mapping[str, object] | None:
    """Return the trend as `trends list --json` prints it, or None when the alert is about none that is there."""
    from trendspark_cli.reports.trend_json import author_of_each, trend_json

    row = store.notifications.get(alert.id)
    trend = store.trends.get(row.trend_id) if row is not None and row.trend_id is not None else None
    if trend is None:
        return None
    posts = store.posts.by_ids(trend.story.example_ids)
    verdict = store.trends.verdicts_of([trend.stored_id]).get(trend.stored_id)
    return {**trend_json(trend, posts, verdict, store.authors.names(author_of_each(posts)))}
