"""`posts why`: what became of one post, and which rule kept it from being a trend or an alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from trendspark_cli.base.clock import from_text
from trendspark_cli.ranking.baseline.ticks import LONGEST_WINDOW_SECONDS, TICK_SECONDS, TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.bursts.topics import find_topics
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.lifecycle.topic_lifecycle import LifecycleRules
from trendspark_cli.ranking.posts.forecast import LEAST_MATURED
from trendspark_cli.ranking.posts.post_trends import LEAST_ENGAGEMENT, NEWS_SECONDS, STILL_GROWS, label_of
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.trend_fields import rounded
from trendspark_cli.trends.post_places import place_of

_WATCHED = timedelta(hours=48)
_LISTED = 500  # topics looked through for the post
_ALERT_RULES = {
    "muted": ("muted", "no channel is configured, or ENABLE_REALTIME_ALERTS is false"),
    "expired": ("too late", "it was older than ALERT_RECENCY_MINUTES before it could be sent, or was dropped by hand"),
    "digested": ("daily maximum", "it was told in a digest, beyond ALERT_MAX_PER_DAY or with others that waited"),
    "dead": ("not delivered", "the channel refused it; see `trendspark alerts list --status dead`"),
}


@dataclass(frozen=True)
class Held:
    """A rule that kept the post back, and how, in words. `about`: itself, its topic, its own forecast, or an alert."""

    rule: str
    why: str
    about: str = "post"


@dataclass(frozen=True)
class Asked:
    """The installation as `posts why` sees it."""

    store: Store
    rules: LifecycleRules
    recency: timedelta
    now: datetime


def reasons(asked: Asked, place: str) -> dict[str, Any]:
    """Return what is known of a post; raise UsageError when *place* names none."""
    source, post_id = place_of(place)
    found = asked.store.posts.find(source, post_id)
    if found is None:
        held = [asdict(_unseen(asked, source, post_id))]
        return {"source": source, "source_id": post_id, "seen": False, "trends": [], "held_back_by": held}
    key = found["id"]
    trends = [_trend(asked, trend_id) for trend_id in asked.store.trends.of_post(key)]
    is_post_trend = any(trend["kind"] == "post" for trend in trends)
    is_topic = any(trend["kind"] == "topic" for trend in trends)
    topic, topic_rule = (None, None) if is_topic else _topic(asked, found)
    forecast, forecast_rule = _forecast(asked, found, is_post_trend)
    of_rules = (("topic", topic_rule), ("forecast", forecast_rule))
    held_back = [replace(rule, about=kind) for kind, rule in of_rules if rule is not None]
    for trend in trends:
        held_back += [
            Held(*_ALERT_RULES[alert["status"]], about="alert")
            for alert in trend["alerts"]
            if alert["status"] in _ALERT_RULES
        ]
    shown = ("source", "source_id", "author", "community", "url", "text", "created_at", "collected_at", "observed_at")
    return {
        **{name: found[name] for name in shown},
        "seen": True,
        "matched": asked.store.audit.pages_with(source, found["created_at"], found["collected_at"]),
        "topic": topic,
        "forecast": None if forecast is None else rounded(forecast),
        "trends": trends,
        "held_back_by": [asdict(rule) for rule in dict.fromkeys(held_back)],
    }


def _unseen(asked: Asked, source: str, post_id: str) -> Held:
    """Return why a post is not in the database."""
    if asked.store.tombstones.buried(source, [(post_id, None)]):
        return Held("forgotten", "it was removed by `posts forget`, and does not come back")
    gaps = [gap for gap in asked.store.gaps.recent(200) if gap["source"] == source and gap["state"] != "filled"]
    missing = f"; {len(gaps)} ranges are known not to have been read: see `trendspark gaps list`" if gaps else ""
    return Held("not seen", f"no query, subreddit or file brought it, or it has left for the archive{missing}")


def _trend(asked: Asked, trend_id: int) -> dict[str, Any]:
    """Return a trend the post is in, and what became of its alerts."""
    fields = asked.store.trends.get(trend_id) or {}
    alerts = asked.store.notifications.of_trend(trend_id)
    names = ("id", "label", "kind", "state", "score", "opened_at", "closed_at")
    return {**rounded({name: fields.get(name) for name in names}), "alerts": alerts}


def _topic(asked: Asked, post: Mapping[str, Any]) -> tuple[dict[str, Any] | None, Held | None]:
    """Return the strongest topic of now that holds a post of no trend, and the rule that keeps it back."""
    created = int(from_text(post["created_at"]).timestamp())
    late = from_text(post["collected_at"]).timestamp() - created
    states = asked.store.ranking.sources()
    state = states.get(post["source"])
    if post["id"] > asked.store.ranking.progress().seen_post_id:
        return None, Held("not ranked yet", "`rank` has not run since it was collected")
    if state is None or tick_of(int(asked.now.timestamp())) - state.first_tick < TICKS_PER_DAY:
        return None, Held("warm-up", f"less than 24 hours of {post['source']} are known")
    if created > asked.now.timestamp() + LONGEST_WINDOW_SECONDS:
        return None, Held("clock ahead", "it is dated in the future")
    if late > LONGEST_WINDOW_SECONDS:
        return None, Held("too old", f"it was {late / 3600:.0f} hours old when it was collected: only history")
    since = int(asked.now.timestamp()) - LONGEST_WINDOW_SECONDS
    if created < since:
        return None, Held("no trend", "its words were not unusual enough in the eight hours they were looked at")
    return _topic_now(asked, post["id"], since)


def _topic_now(asked: Asked, key: int, since: int) -> tuple[dict[str, Any] | None, Held]:
    """Look for the post among the topics of the eight hours until now, however weak."""
    window = Window(asked.store.posts.texts)
    window.add_segments(asked.store.ranking.segments(since))
    end = (tick_of(int(asked.now.timestamp())) + 1) * TICK_SECONDS
    threshold = asked.rules.threshold
    topics = find_topics(
        window, end, asked.store.ranking, asked.store.ranking.sources(), threshold=threshold, floor=0.5, limit=_LISTED
    )
    found = next((topic for topic in topics if key in topic.post_ids), None)
    if found is None:
        return None, Held("below threshold", "none of its words is used more than is usual")
    answer = {"label": found.label, "score": round(found.score, 2), "threshold": threshold, "observed": found.observed}
    answer |= {"expected": round(found.expected, 4), "terms": [term.term for term in found.terms]}
    if found.score < threshold:
        why = f"its topic {found.label!r} scores {found.score:.1f}; {threshold:.1f} is needed"
        return answer, Held("below threshold", why)
    return answer, Held("not news", "its topic is a trend that goes on without it, or `rank` has not run since")


def _forecast(asked: Asked, post: Mapping[str, Any], is_trend: bool) -> tuple[dict[str, Any] | None, Held | None]:
    """Return what is expected of the post, and the rule that keeps it from being a trend of its own."""
    if post["likes"] is None:
        return None, Held("no counters", "nothing is known of its engagement")
    forecast = asked.store.forecasts.of_post(post["id"])
    if forecast is None:
        return None, _unforecast(asked, post)
    answer = {**forecast._asdict(), "engagement": sum(post[name] or 0 for name in ("likes", "reposts", "quotes"))}
    del answer["post_id"]
    return answer, None if is_trend else _rule_of_forecast(asked, post, answer)


def _unforecast(asked: Asked, post: Mapping[str, Any]) -> Held:
    """Return why nothing was expected of a post."""
    memory = asked.store.forecasts.sources().get(post["source"])
    matured = memory.forecaster.matured if memory is not None else 0.0
    if matured < LEAST_MATURED:
        return Held("warm-up", f"{matured:.0f} of {LEAST_MATURED} posts of {post['source']} have settled")
    if asked.now - from_text(post["created_at"]) > _WATCHED:
        return Held("too old", "its engagement is no longer watched, two days after it was posted")
    return Held("not forecast yet", "its counters were not new when `rank` last looked")


def _rule_of_forecast(asked: Asked, post: Mapping[str, Any], answer: Mapping[str, Any]) -> Held:
    """Return the first rule that the forecast fails."""
    expected, enough, engagement = answer["forecast"], answer["enough"], answer["engagement"]
    age = from_text(answer["looked_at"]) - from_text(post["created_at"])
    if enough <= 0:
        return Held("warm-up", "how far forecasts usually go is not known yet")
    if engagement < LEAST_ENGAGEMENT:
        return Held("below the least engagement", f"it has {engagement}; {LEAST_ENGAGEMENT} are needed")
    if expected < enough:
        return Held("below threshold", f"{expected:,.0f} expected; {enough:,.0f} would have been enough")
    if age.total_seconds() > NEWS_SECONDS:
        return Held("too old", "it was more than a day old when it was last looked at")
    if expected < STILL_GROWS * engagement:
        return Held("no longer growing", f"{expected:,.0f} expected, and it has {engagement:,.0f}")
    cooldown = asked.now - timedelta(seconds=asked.rules.cooldown_seconds)
    for trend in asked.store.trends.living_posts(cooldown):
        if trend.author is not None and (trend.source, trend.author) == (post["source"], post["author"]):
            return Held("cooldown", f"trend {trend.id} is by the same author, within ALERT_COOLDOWN_HOURS")
        if trend.label.casefold() == label_of(post["text"]).casefold():
            return Held("cooldown", f"trend {trend.id} says the same, within ALERT_COOLDOWN_HOURS")
    why = "`rank` did not look within ALERT_RECENCY_MINUTES of its counters, or opened three others at once"
    return Held("not news", why)
