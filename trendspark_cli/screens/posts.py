"""What became of one post, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trendspark_cli.base.console import Output, short_time, shortened
from trendspark_cli.store.trend_fields import counted

INDENT = 3  # characters before what is said of a post


def show_reasons(found: Mapping[str, Any], output: Output) -> None:
    """Print what `posts why` found out."""
    if output.is_json:
        output.data(found)
        return
    output.prose(f"{found['source']}:{found['source_id']}  {shortened(found.get('text', ''), 80)}".rstrip())
    for line in _told(found) if found["seen"] else ():
        output.prose(line, indent=INDENT)
    for rule in found["held_back_by"]:
        output.prose(f"{rule['about']} held back by: {rule['rule']} ({rule['why']})", indent=INDENT)


def _told(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is known of a post that was seen, a sentence each."""
    yield f"seen: posted {short_time(found['created_at'])}, collected {short_time(found['collected_at'])}"
    yield f"matched: {_matched(found)}"
    if found["topic"] is not None:
        yield f"topic: {_topic(found['topic'])}"
    yield f"forecast: {_forecast(found['forecast'], found['source'])}"
    for trend in found["trends"]:
        told = ", ".join(f"alert {alert['id']} {alert['status']}" for alert in trend["alerts"]) or "no alert"
        yield f"in trend {trend['id']} ({trend['kind']}, {trend['state']}): {trend['label']}; {told}"


def _matched(found: Mapping[str, Any]) -> str:
    """Return which profile and query brought it, or its community."""
    pages = [f"{page['query']} (profile {page['profile']}, run {page['run_id']})" for page in found["matched"]]
    if found["community"]:
        pages.append(f"community {found['community']}")
    return "; ".join(pages) or "its page is no longer in the audit"


def _topic(topic: Mapping[str, Any]) -> str:
    """Return the topic of now that holds it."""
    counts = f"{topic['observed']:.0f} seen, {topic['expected']:.2f} expected"
    return f"{topic['label']}: score {topic['score']:.1f}, {topic['threshold']:.1f} is needed; {counts}"


def _forecast(forecast: Mapping[str, Any] | None, source: str) -> str:
    """Return what is expected of the post."""
    if forecast is None:
        return "none"
    enough = f"{forecast['enough']:,.0f} is enough" if forecast["enough"] else "what is enough is not known yet"
    expected = f"{forecast['forecast']:,.0f} expected, usual {forecast['usual']:,.0f}"
    return f"{expected}, {forecast['engagement']:,} so far; {enough}; {counted(source)}"
