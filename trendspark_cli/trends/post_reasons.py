"""`posts why`: what became of one post, and which rule kept it from being a trend or an alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from trendspark_cli.base.clock import from_text
from trendspark_cli.ranking.baseline.ticks import LONGEST_WINDOW_SECONDS, TICK_SECONDS, TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.bursts.topics import Topic, find_topics
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import AnyTrend
from trendspark_cli.ranking.posts.forecast import LEAST_MATURED
from trendspark_cli.ranking.posts.post_trends import LEAST_ENGAGEMENT, NEWS_SECONDS, STILL_GROWS, label_of
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.collecting import PageRun
from trendspark_cli.store.rows.forecasts import PostForecast
from trendspark_cli.store.rows.outbox import AlertOutcome
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.trends.history_rebuilding import rebuilding
from trendspark_cli.trends.interest import OperatorInterest
from trendspark_cli.trends.post_places import place_of

_WATCHED = timedelta(hours=48)
_LISTED = 500  # topics looked through for the post
_ALERT_RULES = {
    "muted": ("muted", "no channel is configured, or ENABLE_REALTIME_ALERTS is false"),
    "expired": ("too late", "it was older than ALERT_RECENCY_MINUTES before it could be sent, or was dropped by hand"),
    "digested": ("daily maximum", "it was told in a digest, beyond ALERT_MAX_PER_DAY or with others that waited"),
    "dead": ("not delivered", "the channel refused it; see `trendspark alerts list --status dead`"),
}


class Held(NamedTuple):
    """A rule that kept the post back, and how, in words. `about`: itself, its topic, its own forecast, or an alert."""

    rule: str
    why: str
    about: str = "post"


class Asked(NamedTuple):
    """The installation as `posts why` sees it."""

    store: Store
    rules: LifecycleRules
    recency: timedelta
    now: datetime


class TrendOfPost(NamedTuple):
    """A trend the post is in, what became of its alerts, and why it stands elsewhere than its score says."""

    trend: AnyTrend
    alerts: Sequence[AlertOutcome]
    moved_by: Sequence[str] = ()


class PostReasons(NamedTuple):
    """What is known of a post. `post` is None where it is not in the database, and then only rules are known.

    `matched`: the pages that may have brought it; `topic`: the strongest one of now that holds it, of no trend yet.
    """

    source: str
    source_id: str
    post: StoredPost | None = None
    matched: Sequence[PageRun] = ()
    topic: Topic | None = None
    threshold: float = 0.0  # a topic needs so much
    forecast: PostForecast | None = None
    trends: Sequence[TrendOfPost] = ()
    held_back_by: Sequence[Held] = ()
    author_name: str | None = None


def reasons(asked: Asked, place: str) -> PostReasons:
    """Return what is known of a post; raise UsageError when *place* names none."""
    source, source_id = place_of(place)
    post = asked.store.posts.find(source, source_id)
    if post is None:
        return PostReasons(source, source_id, held_back_by=(_unseen(asked, source, source_id),))
    trends = _trends(asked, post)
    kinds = {one.trend.story.kind for one in trends}
    topic, topic_rule = (None, None) if "topic" in kinds else _topic(asked, post)
    forecast = None if post.likes is None else asked.store.forecasts.of_post(post.id)
    forecast_rule = _rule_of_forecast(asked, post, forecast, is_trend="post" in kinds)
    of_rules = (("topic", topic_rule), ("forecast", forecast_rule))
    held_back = [rule._replace(about=kind) for kind, rule in of_rules if rule is not None]
    statuses = [alert.status for one in trends for alert in one.alerts]
    held_back += [Held(*_ALERT_RULES[status], about="alert") for status in statuses if status in _ALERT_RULES]
    names = asked.store.authors.names([(source, post.author)] if post.author is not None else [])
    return PostReasons(
        post.source,
        post.source_id,
        post,
        matched=asked.store.audit.pages_with(source, post.created_at, post.collected_at),
        topic=topic,
        threshold=asked.rules.threshold,
        forecast=forecast,
        trends=trends,
        held_back_by=tuple(dict.fromkeys(held_back)),
        author_name=names.get((source, post.author or "")),
    )


def engagement_of(post: StoredPost) -> int:
    """Return what a post has so far of what is forecast."""
    return sum(count or 0 for count in (post.likes, post.reposts, post.quotes))


def _unseen(asked: Asked, source: str, post_id: str) -> Held:
    """Return why a post is not in the database."""
    if asked.store.tombstones.buried(source, [(post_id, None)]):
        return Held("forgotten", "it was removed by `posts forget`, and does not come back")
    gaps = [gap for gap in asked.store.gaps.recent(200) if gap.source == source and gap.state != "filled"]
    missing = f"; {len(gaps)} ranges are known not to have been read: see `trendspark gaps list`" if gaps else ""
    return Held("not seen", f"no query, subreddit or file brought it, or it has left for the archive{missing}")


def _trends(asked: Asked, post: StoredPost) -> list[TrendOfPost]:
    """Return the trends the post is in."""
    store = asked.store
    found = [store.trends.get(trend_id) for trend_id in store.trends.of_post(post.id)]
    interest = OperatorInterest(store, asked.rules.interest, asked.now, asked.rules.marks)
    return [
        TrendOfPost(one, store.notifications.of_trend(one.stored_id), interest.reasons(one))
        for one in found
        if one is not None
    ]


def _topic(asked: Asked, post: StoredPost) -> tuple[Topic | None, Held | None]:
    """Return the strongest topic of now that holds a post of no trend, and the rule that keeps it back."""
    created = int(from_text(post.created_at).timestamp())
    late = from_text(post.collected_at).timestamp() - created
    if (built := rebuilding(asked.store, asked.now)) is not None:
        return None, Held("history is built anew", built.words)
    states = asked.store.ranking.sources()
    state = states.get(post.source)
    if post.id > asked.store.ranking.progress().seen_post_id:
        return None, Held("not ranked yet", "`rank` has not run since it was collected")
    if state is None or tick_of(int(asked.now.timestamp())) - state.first_tick < TICKS_PER_DAY:
        return None, Held("warm-up", f"less than 24 hours of {post.source} are known")
    if created > asked.now.timestamp() + LONGEST_WINDOW_SECONDS:
        return None, Held("clock ahead", "it is dated in the future")
    if late > LONGEST_WINDOW_SECONDS:
        return None, Held("too old", f"it was {late / 3600:.0f} hours old when it was collected: only history")
    since = int(asked.now.timestamp()) - LONGEST_WINDOW_SECONDS
    if created < since:
        return None, Held("no trend", "its words were not unusual enough in the eight hours they were looked at")
    return _topic_now(asked, post.id, since)


def _topic_now(asked: Asked, post_id: int, since: int) -> tuple[Topic | None, Held]:
    """Look for the post among the topics of the eight hours until now, however weak."""
    window = Window(asked.store.posts.texts)
    window.add_segments(asked.store.ranking.segments(since))
    end = (tick_of(int(asked.now.timestamp())) + 1) * TICK_SECONDS
    threshold, sources = asked.rules.threshold, asked.store.ranking.sources()
    topics = find_topics(window, end, asked.store.term_history, sources, threshold=threshold, floor=0.5, limit=_LISTED)
    found = next((topic for topic in topics if post_id in topic.post_ids), None)
    if found is None:
        return None, Held("below threshold", "none of its words is used more than is usual")
    if found.score < threshold:
        why = f"its topic {found.label!r} scores {found.score:.1f}; {threshold:.1f} is needed"
        return found, Held("below threshold", why)
    if not found.says_what:
        return found, Held("not news", f"its topic {found.label!r} only says when, or how posts are filed")
    return found, Held("not news", "its topic is a trend that goes on without it, or `rank` has not run since")


def _rule_of_forecast(asked: Asked, post: StoredPost, forecast: PostForecast | None, *, is_trend: bool) -> Held | None:
    """Return the rule that keeps the post from being a trend of its own."""
    if post.likes is None:
        return Held("no counters", "nothing is known of its engagement")
    if forecast is None:
        return _unforecast(asked, post)
    return None if is_trend else _failed_rule(asked, post, forecast)


def _unforecast(asked: Asked, post: StoredPost) -> Held:
    """Return why nothing was expected of a post."""
    memory = asked.store.forecasts.sources().get(post.source)
    matured = memory.forecaster.matured if memory is not None else 0.0
    if matured < LEAST_MATURED:
        return Held("warm-up", f"{matured:.0f} of {LEAST_MATURED} posts of {post.source} have settled")
    if asked.now - from_text(post.created_at) > _WATCHED:
        return Held("too old", "its engagement is no longer watched, two days after it was posted")
    return Held("not forecast yet", "its counters were not new when `rank` last looked")


def _failed_rule(asked: Asked, post: StoredPost, forecast: PostForecast) -> Held:
    """Return the first rule that the forecast fails."""
    expected, enough, engagement = forecast.forecast, forecast.enough, engagement_of(post)
    age = from_text(forecast.looked_at) - from_text(post.created_at)
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
    for trend in asked.store.trends.living_posts(asked.now - asked.rules.cooldown):
        story = trend.story
        if story.author is not None and (story.source, story.author) == (post.source, post.author):
            return Held("cooldown", f"trend {trend.id} is by the same author, within ALERT_COOLDOWN_HOURS")
        if trend.label.casefold() == label_of(post.text).casefold():
            return Held("cooldown", f"trend {trend.id} says the same, within ALERT_COOLDOWN_HOURS")
    why = "`rank` did not look within ALERT_RECENCY_MINUTES of its counters, or opened three others at once"
    return Held("not news", why)
