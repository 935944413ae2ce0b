"""What alerts of operations and money say. Every text from outside is escaped here; bodies are Telegram's HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from typing import Literal

from trendspark_cli.base.clock import duration_words
from trendspark_cli.base.console import shortened
from trendspark_cli.base.models import Alert, AlertCategory, Ceiling


def failing_alert(key: str, job_id: str, failures: int, run_id: int | None, message: str) -> Alert:
    """Return the alert that a job fails again and again."""
    html = (
        f"🔴 <b>{job_id} failed {failures} times in a row</b>\nLast (run {run_id}): {safe(message, 300)}\n"
        f"<code>trendspark jobs history --job {job_id}</code>"
    )
    return Alert(key, "job_alert", f"{job_id} failed {failures} times in a row", html)


def api_alert(key: str, service: str, endpoint: str, failures: int, status: int | None, seconds: int) -> Alert:
    """Return the alert that a service's answers fail."""
    answer = f"{status}" if status is not None else "no answer"
    title = f"{service} fails: {failures} errors in {seconds} s"
    html = f"🔴 <b>{safe(title, 100)}</b>\nendpoint {safe(endpoint, 60)}, last: {answer}\n<code>trendspark audit</code>"
    return Alert(key, "api_alert", title, html)


def dead_letters_alert(key: str, count: int, reason: str) -> Alert:
    """Return the alert that some alerts could not be delivered."""
    title = f"{count} alert{'s' if count > 1 else ''} could not be delivered"
    html = f"🔴 <b>{title}</b>\nLast reason: {safe(reason, 300)}\n<code>trendspark alerts list --status dead</code>"
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
    html = f"{sign} <b>{safe(title, 200)}</b>\n{safe(used, 60)} of {safe(limit, 60)}; {then}"
    html += "\n<code>trendspark budget</code>"
    whose = f":{ceiling.profile}" if ceiling.profile else ""
    return Alert(f"budget:{service}:{period}:{percent}{whose}", "budget_alert", title, html)


def account_alert(key: str, service: str, message: str, hint: str) -> Alert:
    """Return the alert that the account with a service has no credit or quota left."""
    title = f"{service}: the account gives nothing more"
    html = f"🛑 <b>{safe(title, 100)}</b>\n{safe(message, 300)}\n{safe(hint, 300)}"
    return Alert(key, "budget_alert", title, html)


def recovered_alert(
    key: str, category: Literal["job_alert", "api_alert"], what: str, lasted: timedelta, failures: int
) -> Alert:
    """Return the message that something works again."""
    title = f"{what}: resolved after {duration_words(lasted)}, {failures} failures"
    return Alert(f"{key}:resolved", category, title, f"🟢 {safe(title, 200)}")


def digest_alert(key: str, heading: str, titles: Sequence[str]) -> Alert:
    """Return one message in place of many."""
    lines = [f"<b>{safe(heading, 200)}</b>", *(f"• {safe(title, 160)}" for title in titles)]
    return Alert(key, "trending_alert", heading, "\n".join(lines))


def night_alert(key: str, titles: Sequence[str]) -> Alert:
    """Return one message in place of what was not said in the quiet hours."""
    title = f"{len(titles)} trend{'s' if len(titles) > 1 else ''} in the quiet hours"
    lines = [f"🌙 <b>{title}</b>", *(f"• {safe(title, 160)}" for title in titles)]
    return Alert(key, "trending_alert", f"{title}: {'; '.join(titles)}", "\n".join(lines))


def late_alert(key: str, titles: Sequence[str]) -> Alert:
    """Return one line in place of trend alerts that came too late to be news."""
    heading = f"{len(titles)} trend alert{'s' if len(titles) > 1 else ''} could not be sent in time"
    told = "; ".join(titles)
    return Alert(key, "trending_alert", f"late: {told}", f"🕓 {heading}: {safe(told, 600)}")


def manual_alert(key: str, category: AlertCategory, text: str) -> Alert:
    """Return a message sent by hand."""
    return Alert(key, category, shortened(text, 80), escape(text))


def safe(text: str, length: int) -> str:
    """Return foreign text on one line, shortened, without control characters, escaped."""
    return escape(shortened(str(text), length), quote=False)
