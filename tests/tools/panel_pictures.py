"""Draw dashboards as pages of SVG from Prometheus' answers, to be looked at: Grafana's layout, units and legends."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode

from monitoring.dashboard_files import HEIGHTS
from monitoring.panels import Dashboard, Panel

from tests.tools.monitoring import Prometheus
from tests.tools.processes import get

STEP_SECONDS = 300
CELL_WIDTH, CELL_HEIGHT = 50, 30  # pixels of a cell of Grafana's grid of 24
COLOURS = ("#73bf69", "#f2cc0c", "#5794f2", "#ff780a", "#e02f44", "#b877d9", "#37872d", "#8ab8ff", "#fade2a", "#c4162a")
STATES = ("#73bf69", "#f2cc0c", "#e02f44")


@dataclass(frozen=True)
class Line:
    """A series of a panel: legend and (time, number) pairs."""

    legend: str
    points: Sequence[tuple[float, float]]


def page(board: Dashboard, prometheus: Prometheus, start: float, end: float, window: str = "1h") -> str:
    """Return a dashboard as HTML, with data from *start* to *end* in Unix seconds."""
    parts = [f"<h1>{escape(board.title)}</h1>"]
    for title, panels in board.sections.items():
        parts.append(f"<h2>{escape(title)}</h2><div class=row>")
        parts += [_panel(panel, prometheus, start, end, window) for panel in panels]
        parts.append("</div>")
    style = (
        "body{background:#111217;color:#ccccdc;font:13px sans-serif;width:1210px}.row{display:flex;flex-wrap:wrap}"
        ".panel{background:#181b1f;border:1px solid #2c3235;box-sizing:border-box;overflow:hidden}"
        "h3{font-size:13px;margin:4px 8px}.key{font-size:11px;margin:0 8px}"
        ".none{color:#e02f44;font-size:24px;margin:20px}"
        ".stat{font-size:34px;text-align:center;margin-top:6px}td,th{padding:1px 14px;text-align:right}"
    )
    return f"<!doctype html><meta charset=utf-8><style>{style}</style>{''.join(parts)}"


def empty_panels(board: Dashboard, prometheus: Prometheus, start: float, end: float, window: str = "1h") -> list[str]:
    """Return the queries that have no number in all that time."""
    return [
        f"{panel.title}: {expr}"
        for panels in board.sections.values()
        for panel in panels
        for expr, _ in panel.queries
        if not _lines(prometheus, expr, "", start, end, window)
    ]


def _lines(prometheus: Prometheus, expr: str, legend: str, start: float, end: float, window: str) -> list[Line]:
    query = expr.replace("$instance", ".*").replace("$window", window)
    asked = urlencode({"query": query, "start": start, "end": end, "step": STEP_SECONDS})
    answer: dict[str, Any] = json.loads(get(f"{prometheus.url}/api/v1/query_range?{asked}"))
    found = []
    for series in answer["data"]["result"]:
        points = [(at, float(value)) for at, value in series["values"] if not math.isnan(float(value))]
        name = legend
        for label, value in series["metric"].items():
            name = name.replace(f"{{{{{label}}}}}", value)
        if points:
            found.append(Line(name, points))
    return found


def _panel(panel: Panel, prometheus: Prometheus, start: float, end: float, window: str) -> str:
    lines = [line for expr, legend in panel.queries for line in _lines(prometheus, expr, legend, start, end, window)]
    width, height = panel.width * CELL_WIDTH, HEIGHTS[panel.kind] * CELL_HEIGHT
    if not lines:
        inside = "<div class=none>No data</div>"
    elif panel.kind == "stat":
        inside = _stat(panel, lines[0])
    elif panel.kind == "table":
        inside = _table(panel, prometheus, start, end, window)
    else:
        inside = _chart(panel, lines, start, end, width - 10, height - 60)
    head = f'<div class=panel style="width:{width}px;height:{height}px" title="{escape(panel.description)}">'
    return f"{head}<h3>{escape(panel.title)}</h3>{inside}</div>"


def _stat(panel: Panel, line: Line) -> str:
    value = line.points[-1][1]
    state = STATES[sum(value >= step for step in panel.steps)]
    number = round(value) if panel.unit == "short" else value
    return f'<div class=stat style="color:{state}">{escape(line.legend or _written(number, panel.unit))}</div>'


def _table(panel: Panel, prometheus: Prometheus, start: float, end: float, window: str) -> str:
    columns = [
        {line.legend: line.points[-1][1] for line in _lines(prometheus, expr, "{{job}}", start, end, window)}
        for expr, _ in panel.queries
    ]
    head = "".join(f"<th>{escape(name)}" for name in ("job", *(legend for _, legend in panel.queries)))
    rows = "".join(
        f"<tr><td>{escape(job)}" + "".join(f"<td>{column.get(job, math.nan):g}" for column in columns)
        for job in sorted({job for column in columns for job in column})
    )
    return f"<table><tr>{head}{rows}</table>"


def _chart(panel: Panel, lines: list[Line], start: float, end: float, width: int, height: int) -> str:
    drawn = _stacked(lines) if panel.is_stacked else [(line, dict(line.points)) for line in lines]
    top = max((value for _, points in drawn for value in points.values()), default=0) or 1
    left = 60
    parts = []
    for part in range(5):
        y = height - 12 - (height - 20) * part / 4
        parts.append(f'<path d="M{left} {y}H{width}" stroke="#2c3235"/>')
        parts.append(f'<text x=2 y={y + 4} fill="#8e8e9e" font-size=10>{_written(top * part / 4, panel.unit)}</text>')
    for step in panel.steps:
        if step <= top:
            y = height - 12 - (height - 20) * step / top
            parts.append(f'<path d="M{left} {y}H{width}" stroke="#e02f44" stroke-dasharray="4"/>')
    for number, (_, points) in enumerate(drawn):
        across, up = (width - left) / (end - start), (height - 20) / top
        path = " ".join(
            f"{left + (at - start) * across:.1f},{height - 12 - value * up:.1f}" for at, value in sorted(points.items())
        )
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<polyline points="{path}" fill=none stroke="{colour}" stroke-width=1.5 />')
    keys = "".join(
        f'<span style="color:{COLOURS[number % len(COLOURS)]}">▬ {escape(line.legend or "(no legend)")} </span>'
        for number, line in enumerate(lines)
    )
    return f"<svg width={width} height={height}>{''.join(parts)}</svg><div class=key>{keys}</div>"


def _stacked(lines: list[Line]) -> list[tuple[Line, dict[float, float]]]:
    below: dict[float, float] = {}
    drawn = []
    for line in lines:
        points = {at: below.get(at, 0.0) + value for at, value in line.points}
        below |= points
        drawn.append((line, points))
    return drawn


def _written(value: float, unit: str) -> str:
    """Write a number as Grafana does, more or less."""
    if unit == "percentunit":
        return f"{value:.0%}" if value >= 0.1 or value == 0 else f"{value:.2%}"
    if unit == "currencyUSD":
        return f"${value:.4g}"
    if unit == "s":
        for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
            if value >= size:
                return f"{value / size:.3g} {name}"
        return f"{value * 1000:.3g} ms"
    if unit == "bytes":
        for size, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
            if value >= size:
                return f"{value / size:.3g} {name}"
        return f"{value:.0f} B"
    if unit == "cps":
        return f"{value:.3g} c/s"
    return f"{value:.0f}" if value >= 100 or value == round(value) else f"{value:.3g}"
