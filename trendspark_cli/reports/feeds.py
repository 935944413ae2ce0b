"""The trends of a report as feeds: Atom (RFC 4287) and JSON Feed 1.1.

An entry keeps its id while its trend grows, ends and begins again; `updated` moves with each of these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from xml.etree import ElementTree

from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.reports.lasting_ids import lasting_id
from trendspark_cli.reports.page import Report, environment
from trendspark_cli.reports.told_trend import ToldTrend
from trendspark_cli.reports.trend_json import trend_json
from trendspark_cli.reports.trend_view import TrendView, view_of

ATOM = "http://www.w3.org/2005/Atom"
JSON_FEED = "https://jsonfeed.org/version/1.1"
MOST_ENTRIES = 200  # those that changed last
FOR_MACHINES = (
    "kind", "state", "terms", "people", "posts_now", "posts_peak", "posts_total", "sources", "score", "first_seen",
    "detected_at", "peak_at", "closed_at",
)  # fmt: skip


class Entry(NamedTuple):
    """A trend in a feed."""

    told: ToldTrend
    view: TrendView
    published: datetime
    updated: datetime
    html: str

    @property
    def title(self) -> str:
        """Return its label, and that it is over when it is."""
        return self.view.label if self.view.is_open else f"{self.view.label} (over)"


def entries_of(report: Report) -> list[Entry]:
    """Return the trends of a report for feeds, the one that changed last first."""
    template = environment().get_template("entry.html.jinja")
    chosen = sorted(report.trends, key=lambda told: (updated_at(told), told.lasting_id), reverse=True)[:MOST_ENTRIES]
    entries = []
    for told in chosen:
        view = view_of(told, report.now)
        published = min(told.trend.told_at, updated_at(told))
        entries.append(Entry(told, view, published, updated_at(told), template.render(view=view).strip()))
    return entries


def updated_at(told: ToldTrend) -> datetime:
    """Return when there was last something new to say of a trend; it never goes back."""
    trend = told.trend
    moments = [trend.told_at, trend.last_strong_at, trend.peak_at, trend.closed_at or trend.told_at]
    if told.verdict is not None:
        moments.append(from_text(told.verdict.marked_at))
    if told.brief is not None and told.brief.summary:
        moments.append(from_text(told.brief.made_at))
    return max(moments)


def atom_of(report: Report, entries: Sequence[Entry], url: str) -> bytes:
    """Return the Atom feed; *url* is where the report lies, which tells it from that of another place."""
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    _add(feed, "title", report.title)
    _add(feed, "id", _feed_id(report, url))
    _add(feed, "updated", to_text(max((entry.updated for entry in entries), default=report.now)))
    _add(feed, "link", rel="self", href="trends.atom", type="application/atom+xml")
    _add(feed, "link", rel="alternate", href="index.html", type="text/html")
    _add(feed, "generator", "TrendSpark", version=report.version)
    _add(_add(feed, "author"), "name", "TrendSpark")
    for each in entries:
        entry = _add(feed, "entry")
        _add(entry, "title", each.title)
        _add(entry, "id", each.told.lasting_id)
        _add(entry, "published", to_text(each.published))
        _add(entry, "updated", to_text(each.updated))
        _add(entry, "link", rel="alternate", href=f"index.html#{each.view.anchor}", type="text/html")
        for source in sorted(each.told.trend.story.sources):
            _add(entry, "category", term=source)
        _add(entry, "summary", f"{each.view.sentence}; {each.view.state}")
        _add(entry, "content", each.html, type="html")
    ElementTree.indent(feed, "")
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def json_of(report: Report, entries: Sequence[Entry]) -> bytes:
    """Return the JSON feed; `_trendspark` of an item is for machines."""
    feed: dict[str, object] = {
        "version": JSON_FEED,
        "title": report.title,
        "authors": [{"name": "TrendSpark"}],
        "items": [_item(entry) for entry in entries],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode() + b"\n"


def _item(entry: Entry) -> dict[str, object]:
    whole: Mapping[str, object] = {**trend_json(entry.told.trend, ())}
    item: dict[str, object] = {
        "id": entry.told.lasting_id,
        "title": entry.title,
        "summary": f"{entry.view.sentence}; {entry.view.state}",
        "content_html": entry.html,
        "date_published": to_text(entry.published),
        "date_modified": to_text(entry.updated),
        "tags": sorted(entry.told.trend.story.sources),
        "_trendspark": {name: whole[name] for name in FOR_MACHINES},
    }
    if entry.told.trend.story.kind == "post" and entry.view.quotes and entry.view.quotes[0].link:
        item["external_url"] = entry.view.quotes[0].link
    return item


def _feed_id(report: Report, url: str) -> str:
    return lasting_id(f"feed\n{url}\n{report.profile}")


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = text
    return element
