"""What became of one post, as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trendspark_cli.console import Output, printable, short_time, shortened


def show_reasons(found: Mapping[str, Any], output: Output) -> None:
    """Print what `posts why` found out."""
    if output.is_json:
        output.data(found)
        return
    output.line(f"{found['source']}:{printable(found['source_id'])}  {shortened(found.get('text', ''), 80)}".rstrip())
    if found["seen"]:
        output.line(f"   seen: posted {short_time(found['created_at'])}, collected {short_time(found['collected_at'])}")
        output.line(f"   matched: {_matched(found)}")
        if found["topic"] is not None:
            output.line(f"   topic: {_topic(found['topic'])}")
        output.line(f"   forecast: {_forecast(found['forecast'])}")
        for trend in found["trends"]:
            told = ", ".join(f"alert {alert['id']} {alert['status']}" for alert in trend["alerts"]) or "no alert"
            label = printable(trend["label"])
            output.line(f"   in trend {trend['id']} ({trend['kind']}, {trend['state']}): {label}; {told}")
    for rule in found["held_back_by"]:
        output.line(f"   {rule['about']} held back by: {rule['rule']}: {printable(rule['why'])}")


def _matched(found: Mapping[str, Any]) -> str:
    """Return which profile and query brought it, or its community."""
    pages = [f"{page['query']} (profile {page['profile']}, run {page['run_id']})" for page in found["matched"]]
    if found["community"]:
        pages.append(f"community {found['community']}")
    return printable("; ".join(pages)) or "its page is no longer in the audit"


def _topic(topic: Mapping[str, Any]) -> str:
    """Return the topic of now that holds it."""
    counts = f"{topic['observed']:.0f} seen, {topic['expected']:.2f} expected"
    return f"{printable(topic['label'])}: score {topic['score']:.1f}, {topic['threshold']:.1f} is needed; {counts}"


def _forecast(forecast: Mapping[str, Any] | None) -> str:
    """Return what is expected of it."""
    if forecast is None:
        return "none"
    enough = f"{forecast['enough']:,.0f} is enough" if forecast["enough"] else "what is enough is not known yet"
    expected = f"{forecast['forecast']:,.0f} expected, usual {forecast['usual']:,.0f}"
    return f"{expected}, {forecast['engagement']:,} so far; {enough}"
