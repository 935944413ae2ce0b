"""What became of one post, as people read it and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.console import Output, short_time, shortened
from trendspark_cli.kinds.sources import engagement_of as counted
from trendspark_cli.ranking.bursts.topics import Topic
from trendspark_cli.reports.trend_json import rounded
from trendspark_cli.store.rows.forecasts import PostForecast
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.trends.post_reasons import PostReasons, TrendOfPost, engagement_of

INDENT = 3  # characters before what is said of a post
SHOWN = ("source", "source_id", "author", "community", "url", "text", "created_at", "collected_at", "observed_at")


def show_reasons(found: PostReasons, output: Output) -> None:
    """Print what `posts why` found out."""
    if output.is_json:
        output.data(reasons_json(found))
        return
    text = found.post.text if found.post is not None else ""
    output.prose(f"{found.source}:{found.source_id}  {shortened(text, 80)}".rstrip())
    for line in _sentences(found, found.post) if found.post is not None else ():
        output.prose(line, indent=INDENT)
    for rule in found.held_back_by:
        output.prose(f"{rule.about} held back by: {rule.rule} ({rule.why})", indent=INDENT)


def reasons_json(found: PostReasons) -> dict[str, object]:
    """Return it as plain values."""
    post = found.post
    held_back_by = [rule._asdict() for rule in found.held_back_by]
    if post is None:
        place = {"source": found.source, "source_id": found.source_id}
        return {**place, "seen": False, "trends": [], "held_back_by": held_back_by}
    return {
        **{name: getattr(post, name) for name in SHOWN},
        "author": found.author_name or post.author,
        "author_id": post.author,
        "is_stand_in": post.is_stand_in,
        "seen": True,
        "matched": [page._asdict() for page in found.matched],
        "topic": None if found.topic is None else _topic_json(found.topic, found.threshold),
        "forecast": None if found.forecast is None else _forecast_json(found.forecast, post),
        "trends": [_trend_json(one) for one in found.trends],
        "held_back_by": held_back_by,
    }


def _topic_json(topic: Topic, threshold: float) -> dict[str, object]:
    return {
        "label": topic.label,
        "score": round(topic.score, 2),
        "threshold": threshold,
        "observed": topic.observed,
        "expected": round(topic.expected, 4),
        "terms": [term.term for term in topic.terms],
    }


def _forecast_json(forecast: PostForecast, post: StoredPost) -> dict[str, object]:
    numbers = {"forecast": forecast.forecast, "usual": forecast.usual, "enough": forecast.enough}
    return {**rounded(numbers), "looked_at": forecast.looked_at, "engagement": engagement_of(post)}


def _trend_json(found: TrendOfPost) -> dict[str, object]:
    trend = found.trend
    return {
        "id": trend.id,
        "label": trend.label,
        "kind": trend.story.kind,
        "state": trend.state.value,
        "score": round(trend.score, 4),
        "interest": round(trend.interest, 2),
        "interest_reasons": list(found.moved_by),
        "opened_at": to_text(trend.opened_at),
        "closed_at": None if trend.closed_at is None else to_text(trend.closed_at),
        "alerts": [alert._asdict() for alert in found.alerts],
    }


def _sentences(found: PostReasons, post: StoredPost) -> Iterator[str]:
    """Yield what is known of a post that was seen, a sentence each."""
    yield f"seen: posted {short_time(post.created_at)}, collected {short_time(post.collected_at)}"
    if post.author is not None:
        yield f"author: {found.author_name or post.author}"
    if post.is_stand_in:
        yield "known from reposts alone: its whole text and its counters come with the post itself"
    yield f"matched: {_matched(found, post)}"
    if found.topic is not None:
        yield f"topic: {_topic(found.topic, found.threshold)}"
    yield f"forecast: {_forecast(found.forecast, post)}"
    for one in found.trends:
        trend = one.trend
        alerts = ", ".join(f"alert {alert.id} {alert.status}" for alert in one.alerts) or "no alert"
        yield f"in trend {trend.id} ({trend.story.kind}, {trend.state.value}): {trend.label}; {alerts}"
        if one.moved_by:
            yield f"trend {trend.id} is listed {trend.interest:+.1f} by what matters to you: {'; '.join(one.moved_by)}"


def _matched(found: PostReasons, post: StoredPost) -> str:
    """Return which profile and query brought it, or its community."""
    pages = [f"{page.query} (profile {page.profile}, run {page.run_id})" for page in found.matched]
    if post.community:
        pages.append(f"community {post.community}")
    return "; ".join(pages) or "its page is no longer in the audit"


def _topic(topic: Topic, threshold: float) -> str:
    """Return the topic of now that holds it."""
    counts = f"{topic.observed:.0f} seen, {topic.expected:.2f} expected"
    return f"{topic.label}: score {topic.score:.1f}, {threshold:.1f} is needed; {counts}"


def _forecast(forecast: PostForecast | None, post: StoredPost) -> str:
    """Return what is expected of the post."""
    if forecast is None:
        return "none"
    enough = f"{forecast.enough:,.0f} is enough" if forecast.enough else "what is enough is not known yet"
    expected = f"{forecast.forecast:,.0f} expected, usual {forecast.usual:,.0f}"
    return f"{expected}, {engagement_of(post):,} so far; {enough}; {counted(post.source)}"
