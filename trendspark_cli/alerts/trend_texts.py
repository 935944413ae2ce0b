"""What alerts of trends say. Every text that came from outside is escaped here; bodies are Telegram's HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from trendspark_cli.alerts.alert_texts import safe
from trendspark_cli.base.clock import duration_words, to_text
from trendspark_cli.base.console import shortened
from trendspark_cli.base.models import Alert
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, PostStory, TopicStory
from trendspark_cli.ranking.lifecycle.volume_stories import SilenceStory, VolumeStory
from trendspark_cli.reports.trend_words import post_counts, short_counts, why
from trendspark_cli.store.rows.posts import StoredPost

EXAMPLES = 2
EXAMPLE_LENGTH = 200  # characters of a post: enough to see what it is about
LABEL_LENGTH = 120


def opened_alert(trend: AnyTrend, posts: Sequence[StoredPost], bars: str = "") -> Alert:
    """Return the alert that a trend has begun: observed against expected, who, two examples, how to see more.

    *bars*: its last posts by quarter hours.
    """
    sign = "🔇" if isinstance(trend.story, SilenceStory) else "📈"
    lines = [f"{sign} <b>{safe(trend.label, LABEL_LENGTH)}</b>", _counts(trend)]
    lines += _curve_lines(bars)
    lines += [_example(post) for post in posts[:EXAMPLES]]
    lines.append(f"<code>trendspark trends explain {trend.id}</code>")
    return Alert(
        f"trend:{trend.id}:open",
        "trending_alert",
        trend_title(trend),
        "\n".join(lines),
        trend_id=trend.id,
        strength=trend.score,
    )


def grown_alert(trend: AnyTrend, answered_key: str, last_size: float, machine_label: str = "", bars: str = "") -> Alert:
    """Return the reply that a trend has doubled since the last alert, which went by *last_size*."""
    size, grown = trend.story.size, "📈 grown: twice as large as when last told, or more"
    if isinstance(trend.story, PostStory):
        grown = f"📈 grown: {size:,.0f} expected, {last_size:,.0f} when last told"
    if isinstance(trend.story, SilenceStory):
        grown = "🔇 still silent, for twice as long as when last told, or more"
    html = "\n".join([grown, _counts(trend), *_curve_lines(bars)])
    html += _machine_line(machine_label)
    return Alert(
        f"trend:{trend.id}:grown:{size:.0f}",
        "trending_alert",
        trend_title(trend),
        html,
        reply_to=answered_key,
        trend_id=trend.id,
        strength=trend.score,
    )


def closed_alert(trend: AnyTrend, edited_key: str, machine_label: str = "") -> Alert:
    """Return the edit that a trend is over."""
    lasted = trend.last_strong_at - trend.first_seen
    was = "there was" if isinstance(trend.story, SilenceStory) else "at its peak"
    html = (
        f"<b>{safe(trend.label, LABEL_LENGTH)}</b>{_machine_line(machine_label)}\n"
        f"over after {duration_words(lasted)}; {was} {_counts(trend)}\n"
        f"<code>trendspark trends explain {trend.id}</code>"
    )
    closed_at = None if trend.closed_at is None else to_text(trend.closed_at)
    return Alert(
        f"trend:{trend.id}:closed:{closed_at}",
        "trending_alert",
        trend_title(trend),
        html,
        action="edit",
        reply_to=edited_key,
        trend_id=trend.id,
    )


def picture_alert(alert: Alert) -> Alert:
    """Return the picture that follows an alert of a trend."""
    return alert._replace(
        dedupe_key=f"{alert.dedupe_key}:picture",
        title=f"picture of {alert.title}",
        html="",
        action="picture",
        reply_to=alert.dedupe_key,
    )


def trend_title(trend: AnyTrend) -> str:
    """Return a trend in one plain line."""
    return f"{shortened(trend.label, 80)} ({short_counts(trend)})"


def _curve_lines(bars: str) -> list[str]:
    return [f"<code>{bars}</code> by quarter hours"] if bars else []


def _machine_line(label: str) -> str:
    """Return a line with what a model called the trend, marked as such; nothing without a label."""
    return f"\n🤖 {safe(label, LABEL_LENGTH)} <i>(machine-written)</i>" if label else ""


def _counts(trend: AnyTrend) -> str:
    match trend.story:
        case PostStory() as story:
            return f"one post on {escape(story.source)}: {post_counts(story, trend.age_when_seen)}"
        case TopicStory() | VolumeStory() | SilenceStory():
            return escape(why(trend))


def _example(post: StoredPost) -> str:
    """Return a post as a line; its link is shown only when it is a web address."""
    return f"• {safe(post.text, EXAMPLE_LENGTH)} {post_link(post.source, post.url)}".rstrip()


def post_link(source: str, url: str | None) -> str:
    """Return the link to a post, named by its source; nothing when it has no web address."""
    if url is None or not url.startswith(("https://", "http://")):
        return ""
    return f'<a href="{escape(url[:500])}">{escape(source)}</a>'
