"""What alerts say. Every text that came from outside is escaped here; bodies are Telegram's HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from typing import Literal

from trendspark_cli.base.clock import duration_words, to_text
from trendspark_cli.base.console import shortened
from trendspark_cli.base.models import Alert, AlertCategory, Ceiling
from trendspark_cli.ranking.lifecycle.trends import AnyTrend, PostStory, TopicStory
from trendspark_cli.reports.trend_words import post_counts, sources_text, window_text
from trendspark_cli.store.rows.posts import StoredPost

EXAMPLES = 2
EXAMPLE_LENGTH = 200  # characters of a post: enough to see what it is about
LABEL_LENGTH = 120


def opened_alert(trend: AnyTrend, posts: Sequence[StoredPost]) -> Alert:
    """Return the alert that a trend has begun: observed against expected, who, two examples, how to see more."""
    lines = [f"📈 <b>{_safe(trend.label, LABEL_LENGTH)}</b>", _counts(trend)]
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


def grown_alert(trend: AnyTrend, answered_key: str, last_size: float, machine_label: str = "") -> Alert:
    """Return the reply that a trend has doubled since the last alert said *last_size* posts, or expected so much."""
    size, unit = trend.story.size, "expected" if isinstance(trend.story, PostStory) else "posts"
    html = f"📈 grown: {size:.0f} {unit}, {last_size:.0f} when last told\n{_counts(trend)}"
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
    html = (
        f"<b>{_safe(trend.label, LABEL_LENGTH)}</b>{_machine_line(machine_label)}\n"
        f"over after {duration_words(lasted)}; at its peak {_counts(trend)}\n"
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


def failing_alert(key: str, job_id: str, failures: int, run_id: int | None, message: str) -> Alert:
    """Return the alert that a job fails again and again."""
    html = (
        f"🔴 <b>{job_id} failed {failures} times in a row</b>\nLast (run {run_id}): {_safe(message, 300)}\n"
        f"<code>trendspark jobs history --job {job_id}</code>"
    )
    return Alert(key, "job_alert", f"{job_id} failed {failures} times in a row", html)


def api_alert(key: str, service: str, endpoint: str, failures: int, status: int | None, seconds: int) -> Alert:
    """Return the alert that a service's answers fail."""
    answer = f"{status}" if status is not None else "no answer"
    title = f"{service} fails: {failures} errors in {seconds} s"
    html = (
        f"🔴 <b>{_safe(title, 100)}</b>\nendpoint {_safe(endpoint, 60)}, last: {answer}\n<code>trendspark audit</code>"
    )
    return Alert(key, "api_alert", title, html)


def dead_letters_alert(key: str, count: int, reason: str) -> Alert:
    """Return the alert that some alerts could not be delivered."""
    title = f"{count} alert{'s' if count > 1 else ''} could not be delivered"
    html = f"🔴 <b>{title}</b>\nLast reason: {_safe(reason, 300)}\n<code>trendspark alerts list --status dead</code>"
    return Alert(key, "job_alert", title, html)


def budget_alert(service: str, period: str, percent: int, used: str, limit: str, ceiling: Ceiling) -> Alert:
    """Return the alert that a ceiling is nearly (80 %) or wholly (100 %) used; *period* is `day` or `month` and which.

    Its key is the ceiling, its period and the percentage, so each is told once.
    """
    what = f"share of profile {ceiling.profile}" if ceiling.profile else "ceiling"
    if percent >= 100:
        sign, title = "🛑", f"{service}: the {what} for the {period} is reached"
        then = f"nothing more is bought before the next {ceiling.period} (UTC), unless you raise {ceiling.setting}"
    else:
        sign, title = "🟠", f"{service}: {percent} % of the {what} for the {period} is used"
        then = (
            f"at {limit} nothing more is bought until the next {ceiling.period} (UTC); it is set by {ceiling.setting}"
        )
    html = f"{sign} <b>{_safe(title, 200)}</b>\n{_safe(used, 60)} of {_safe(limit, 60)}; {then}"
    html += "\n<code>trendspark budget</code>"
    whose = f":{ceiling.profile}" if ceiling.profile else ""
    return Alert(f"budget:{service}:{period}:{percent}{whose}", "budget_alert", title, html)


def account_alert(key: str, service: str, message: str, hint: str) -> Alert:
    """Return the alert that the account with a service has no credit or quota left."""
    title = f"{service}: the account gives nothing more"
    html = f"🛑 <b>{_safe(title, 100)}</b>\n{_safe(message, 300)}\n{_safe(hint, 300)}"
    return Alert(key, "budget_alert", title, html)


def recovered_alert(
    key: str, category: Literal["job_alert", "api_alert"], what: str, lasted: timedelta, failures: int
) -> Alert:
    """Return the message that something works again."""
    title = f"{what}: resolved after {duration_words(lasted)}, {failures} failures"
    return Alert(f"{key}:resolved", category, title, f"🟢 {_safe(title, 200)}")


def digest_alert(key: str, heading: str, titles: Sequence[str]) -> Alert:
    """Return one message in place of many."""
    lines = [f"<b>{_safe(heading, 200)}</b>", *(f"• {_safe(title, 160)}" for title in titles)]
    return Alert(key, "trending_alert", heading, "\n".join(lines))


def late_alert(key: str, titles: Sequence[str]) -> Alert:
    """Return one line in place of trend alerts that came too late to be news."""
    heading = f"{len(titles)} trend alert{'s' if len(titles) > 1 else ''} could not be sent in time"
    told = "; ".join(titles)
    return Alert(key, "trending_alert", f"late: {told}", f"🕓 {heading}: {_safe(told, 600)}")


def manual_alert(key: str, category: AlertCategory, text: str) -> Alert:
    """Return a message sent by hand."""
    return Alert(key, category, shortened(text, 80), escape(text))


def trend_title(trend: AnyTrend) -> str:
    """Return a trend in one plain line."""
    label = shortened(trend.label, 80)
    match trend.story:
        case PostStory() as story:
            return f"{label} ({story.forecast:,.0f} expected, {story.usual:,.0f} usual)"
        case TopicStory() as story:
            return f"{label} ({story.observed:.0f} posts, {story.expected:.2f} expected)"


def _machine_line(label: str) -> str:
    """Return a line with what a model called the trend, marked as such; nothing without a label."""
    return f"\n🤖 {_safe(label, LABEL_LENGTH)} <i>(machine-written)</i>" if label else ""


def _counts(trend: AnyTrend) -> str:
    match trend.story:
        case PostStory() as story:
            return f"one post on {escape(story.source)}: {post_counts(story, trend.age_when_seen)}"
        case TopicStory() as story:
            return (
                f"{story.observed:.0f} posts by {story.authors} authors in {window_text(story.window)}, "
                f"{story.expected:.2f} expected; {escape(sources_text(story.sources))}; "
                f"first seen {trend.first_seen:%H:%M}Z"
            )


def _example(post: StoredPost) -> str:
    """Return a post as a line; its link is shown only when it is a web address."""
    return f"• {_safe(post.text, EXAMPLE_LENGTH)} {post_link(post.source, post.url)}".rstrip()


def post_link(source: str, url: str | None) -> str:
    """Return the link to a post, named by its source; nothing when it has no web address."""
    if url is None or not url.startswith(("https://", "http://")):
        return ""
    return f'<a href="{escape(url[:500])}">{escape(source)}</a>'


def _safe(text: str, length: int) -> str:
    """Return foreign text on one line, shortened, without control characters, escaped."""
    return escape(shortened(str(text), length), quote=False)
