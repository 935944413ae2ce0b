"""Write a dashboard as Grafana imports and provisions it (schema 38: Grafana 10 and later)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from monitoring.panels import Dashboard, Panel

SCHEMA_VERSION = 38
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
HEIGHTS = {"stat": 4, "timeseries": 8, "table": 8}
COLUMNS = 24
COLOURS = ("green", "yellow", "red")
WINDOWS = ("5m", "15m", "1h", "6h", "1d")
USUAL_WINDOW = "1h"

Json = dict[str, Any]


def dashboard_file(dashboard: Dashboard) -> str:
    """Return the JSON of a dashboard."""
    content = {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["trendspark"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,  # one cross-hair over all panels
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "title": "TrendSpark",
                "type": "dashboards",
                "tags": ["trendspark"],
                "asDropdown": True,
                "includeVars": True,
                "keepTime": True,
            }
        ],
        "annotations": {"list": [_firing_alerts()]},
        "templating": {"list": list(_variables())},
        "panels": list(_placed(dashboard)),
    }
    return json.dumps(content, indent=2) + "\n"


def _placed(dashboard: Dashboard) -> Iterator[Json]:
    """Yield each section's title row and panels, from left to right and from top to bottom."""
    ids, top = count(1), 0
    for title, panels in dashboard.sections.items():
        yield {
            "id": next(ids),
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
        }
        left, top, line = 0, top + 1, 0
        for panel in panels:
            if left + panel.width > COLUMNS:
                left, top, line = 0, top + line, 0
            place = {"x": left, "y": top, "w": panel.width, "h": HEIGHTS[panel.kind]}
            yield {"id": next(ids), "gridPos": place, **_panel(panel)}
            left, line = left + panel.width, max(line, HEIGHTS[panel.kind])
        top += line


def _panel(panel: Panel) -> Json:
    is_table = panel.kind == "table"
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": DATASOURCE,
                "expr": expr,
                "legendFormat": legend or "__auto",
                "format": "table" if is_table else "time_series",
                "instant": is_table,
                "range": not is_table,
            }
            for number, (expr, legend) in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
        **({"transformations": _as_one_table(panel)} if is_table else {}),
    }


def _defaults(panel: Panel) -> Json:
    steps: list[Json] = [{"color": COLOURS[0], "value": None}]
    steps += [
        {"color": colour, "value": value} for colour, value in zip(COLOURS[1:], panel.steps, strict=bool(panel.steps))
    ]
    defaults: Json = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "stat" and panel.unit == "short":
        defaults["decimals"] = 0  # increases are extrapolated: 3.004 messages
    if panel.kind == "timeseries":
        defaults |= {
            "min": 0,
            "color": {"mode": "palette-classic"},
            "custom": {
                "drawStyle": "line",
                "lineWidth": 1,
                "fillOpacity": 30 if panel.is_stacked else 5,
                "showPoints": "never",
                "stacking": {"mode": "normal" if panel.is_stacked else "none", "group": "A"},
                "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"},
            },
        }
    return defaults


def _options(panel: Panel) -> Json:
    if panel.kind == "timeseries":
        return {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    if panel.kind == "table":
        return {"showHeader": True, "sortBy": [{"displayName": "job", "desc": False}]}
    is_named = bool(panel.queries[0][1])
    return {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none" if is_named else "area",
        "textMode": "name" if is_named else "value",  # a named one tells by its legend
        "orientation": "auto",
        "justifyMode": "auto",
    }


def _as_one_table(panel: Panel) -> list[Json]:
    """Join the answers by their job, and name the columns."""
    letters = [chr(ord("A") + number) for number in range(len(panel.queries))]
    names = {f"Value #{letter}": legend for letter, (_, legend) in zip(letters, panel.queries, strict=True)}
    hidden = {"Time": True, **{f"Time {number}": True for number in range(1, len(letters) + 1)}}
    return [
        {"id": "joinByField", "options": {"byField": "job", "mode": "outer"}},
        {"id": "organize", "options": {"excludeByName": hidden, "renameByName": names, "indexByName": {}}},
    ]


def _variables() -> Iterator[Json]:
    yield {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "hide": 0,
        "refresh": 1,
        "current": {},
    }
    yield {
        "name": "instance",
        "label": "host",
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": "label_values(trendspark_build_info, instance)", "refId": "instance"},
        "definition": "label_values(trendspark_build_info, instance)",
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "refresh": 2,
        "sort": 1,
        "hide": 0,
    }
    yield {
        "name": "window",
        "label": "window",
        "type": "interval",
        "query": ",".join(WINDOWS),
        "options": [{"text": text, "value": text, "selected": text == USUAL_WINDOW} for text in WINDOWS],
        "current": {"text": USUAL_WINDOW, "value": USUAL_WINDOW, "selected": True},
        "auto": False,
        "hide": 0,
        "refresh": 2,
    }


def _firing_alerts() -> Json:
    return {
        "name": "Alerts",
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{alertname=~"TrendSpark.+", alertstate="firing", severity!="none"}',
        "titleFormat": "{{alertname}}",
        "tagKeys": "job,severity",
        "step": "60s",
    }
