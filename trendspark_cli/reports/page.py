"""The report as one page: all that is in it stands in it, nothing is asked for and nothing runs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from trendspark_cli.base.clock import day_text, local_time
from trendspark_cli.reports.plots import lane_of, midnights
from trendspark_cli.reports.told_trend import ToldTrend
from trendspark_cli.reports.trend_json import SHOWN_POSTS
from trendspark_cli.reports.trend_view import view_of

TEMPLATES = Path(__file__).parent / "templates"
WHOLE_TRENDS = 150  # of further ones the first example is shown: nobody reads so far, and the page stays small
MOST_LANES = 24  # of the timeline; it is to be seen at a glance


class StateTable(NamedTuple):
    """A table of how it runs. `note` stands above it; `nothing` in its place when it has no rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    nothing: str = ""


class State(NamedTuple):
    """How the installation does: what is wrong in one line (empty when nothing is), and its tables."""

    wrong: str
    tables: tuple[StateTable, ...]


@dataclass(frozen=True)
class Report:
    """What a report tells of. `has_more`: trends than are shown; `profile`: whose, "" for all."""

    since: datetime
    now: datetime
    trends: Sequence[ToldTrend]
    state: State
    version: str
    profile: str = ""
    has_more: bool = False
    silence: str = ""
    is_past: bool = False  # made of past posts: what would have trended, and nothing of how the installation does

    @property
    def title(self) -> str:
        """Return what page and feeds are called."""
        if self.is_past:
            return "What would have trended"
        return f"What is trending: {self.profile}" if self.profile else "What is trending"


@cache
def environment() -> Environment:
    """Return the templates; whatever is put into one is text unless it was made here."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_of(report: Report) -> str:
    """Return the page."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    views = [
        view_of(told, report.now, SHOWN_POSTS if place < WHOLE_TRENDS else 1)
        for place, told in enumerate(report.trends)
    ]
    lanes = [
        lane_of(told.trend, view.label, view.anchor, report.since, report.now)
        for told, view in list(zip(report.trends, views, strict=True))[:MOST_LANES]
    ]
    going_on = [view for view in views if view.is_open]
    return (
        environment()
        .get_template("index.html.jinja")
        .render(
            report=report,
            style=Markup(style),
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            going_on=going_on,
            over=[view for view in views if not view.is_open],
            lanes=sorted(lanes, key=lambda lane: (lane.begins, lane.label)),
            lanes_left_out=len(views) - len(lanes),
            marks=midnights(report.since, report.now),
            since=_span_end(report, report.since),
            now=_span_end(report, report.now),
            made=_day(report.now),
        )
    )


def _span_end(report: Report, moment: datetime) -> str:
    """Return an end of a report's time; one of the past is of any year."""
    return f"{local_time(moment):%Y-%m-%d}" if report.is_past else day_text(moment)


def _day(moment: datetime) -> str:
    day = local_time(moment)
    return f"{day:%A} {day.day} {day:%B %Y}"
