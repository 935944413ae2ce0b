"""Write a dashboard as Grafana imports and provisions it, by the builders of Grafana's own schema."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from grafana_foundation_sdk.builders import common as forms
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitoring.panels import Dashboard, Panel

SCHEMA_VERSION = 38  # Grafana 10 and later
DATASOURCE = dashboard.DataSourceRef("prometheus", "${datasource}")
HEIGHTS = {"stat": 4, "timeseries": 8, "table": 8}
COLUMNS = 24
COLOURS = ("green", "yellow", "red")
WINDOWS = ("5m", "15m", "1h", "6h", "1d")
USUAL_WINDOW = "1h"

AnyPanel = stat.Panel | table.Panel | timeseries.Panel


def dashboard_file(board: Dashboard) -> str:
    """Return the JSON of a dashboard."""
    link = build.DashboardLink("TrendSpark").type(dashboard.DashboardLinkType.DASHBOARDS).tags(["trendspark"])
    made = (
        build.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["trendspark"])
        .version(1)
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)  # one over all panels
        .refresh("1m")
        .time("now-24h", "now")
        .timezone("browser")
        .link(link.as_dropdown(True).include_vars(True).keep_time(True))
        .annotation(_FiringAlerts())
        .variables(_variables())
        .build()
    )
    made.schema_version = SCHEMA_VERSION
    made.panels = list(_placed(board))
    return JSONEncoder(sort_keys=True, indent=2).encode(made) + "\n"


def _placed(board: Dashboard) -> Iterator[dashboard.Panel | dashboard.RowPanel]:
    """Yield each section's title row and panels, from left to right and from top to bottom."""
    ids, top = count(1), 0
    for title, panels in board.sections.items():
        yield build.Row(title).id(next(ids)).grid_pos(dashboard.GridPos(1, COLUMNS, 0, top)).build()
        left, top, line = 0, top + 1, 0
        for panel in panels:
            if left + panel.width > COLUMNS:
                left, top, line = 0, top + line, 0
            place = dashboard.GridPos(HEIGHTS[panel.kind], panel.width, left, top)
            yield _panel(panel).id(next(ids)).grid_pos(place).build()
            left, line = left + panel.width, max(line, HEIGHTS[panel.kind])
        top += line


def _panel(panel: Panel) -> AnyPanel:
    steps = [dashboard.Threshold(None, COLOURS[0])]
    steps += [
        dashboard.Threshold(value, colour) for colour, value in zip(COLOURS[1:], panel.steps, strict=bool(panel.steps))
    ]
    made = {"stat": _stat, "table": _table, "timeseries": _timeseries}[panel.kind](panel)
    return (
        made.title(panel.title)
        .description(panel.description)
        .datasource(DATASOURCE)
        .unit(panel.unit)
        .thresholds(build.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps))
        .targets([_query(panel, number) for number in range(len(panel.queries))])
    )


def _query(panel: Panel, number: int) -> prometheus.Dataquery:
    expr, legend = panel.queries[number]
    made = prometheus.Dataquery().expr(expr).legend_format(legend or "__auto").ref_id(_letter(number))
    made = made.datasource(DATASOURCE)
    if panel.kind == "table":
        return made.format(PromQueryFormat.TABLE).instant()
    return made.format(PromQueryFormat.TIME_SERIES).range()


def _timeseries(panel: Panel) -> AnyPanel:
    stacking = common.StackingMode.NORMAL if panel.is_stacked else common.StackingMode.NONE
    limits = common.GraphTresholdsStyleMode.DASHED if panel.steps else common.GraphTresholdsStyleMode.OFF
    return (
        timeseries.Panel()
        .min(0)
        .color_scheme(build.FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC))
        .draw_style(common.GraphDrawStyle.LINE)
        .line_width(1)
        .fill_opacity(30 if panel.is_stacked else 5)
        .show_points(common.VisibilityMode.NEVER)
        .stacking(forms.StackingConfig().mode(stacking).group("A"))
        .thresholds_style(forms.GraphThresholdsStyleConfig().mode(limits))
        .legend(
            forms.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(forms.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
    )


def _stat(panel: Panel) -> AnyPanel:
    is_named = bool(panel.queries[0][1])
    made = (
        stat.Panel()
        .reduce_options(forms.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.NONE if is_named else common.BigValueGraphMode.AREA)
        # a named one tells by its legend
        .text_mode(common.BigValueTextMode.NAME if is_named else common.BigValueTextMode.VALUE)
        .orientation(common.VizOrientation.AUTO)
        .justify_mode(common.BigValueJustifyMode.AUTO)
    )
    return made.decimals(0) if panel.unit == "short" else made  # increases are extrapolated: 3.004 messages


def _table(panel: Panel) -> AnyPanel:
    """Join the answers by their job, and name the columns."""
    letters = [_letter(number) for number in range(len(panel.queries))]
    names = {f"Value #{letter}": legend for letter, (_, legend) in zip(letters, panel.queries, strict=True)}
    hidden = {"Time": True, **{f"Time {number}": True for number in range(1, len(letters) + 1)}}
    joined = {"byField": "job", "mode": "outer"}
    columns = {"excludeByName": hidden, "renameByName": names, "indexByName": {}}
    return (
        table.Panel()
        .show_header(True)
        .sort_by([forms.TableSortByFieldState().display_name("job").desc(False)])
        .with_transformation(dashboard.DataTransformerConfig("joinByField", options=joined))
        .with_transformation(dashboard.DataTransformerConfig("organize", options=columns))
    )


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _variables() -> list[Builder[dashboard.VariableModel]]:
    hosts = "label_values(trendspark_build_info, instance)"
    options = [dashboard.VariableOption(text == USUAL_WINDOW, text, text) for text in WINDOWS]
    return [
        build.DatasourceVariable("datasource").label("Prometheus").type("prometheus"),
        build.QueryVariable("instance")
        .label("host")
        .datasource(DATASOURCE)
        .query({"query": hosts, "refId": "instance"})
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(dashboard.VariableOption(True, ["All"], ["$__all"]))
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC),
        build.IntervalVariable("window")
        .label("window")
        .values(",".join(WINDOWS))
        .options(options)
        .current(dashboard.VariableOption(True, USUAL_WINDOW, USUAL_WINDOW))
        .auto(False),
    ]


class _FiringAlerts(Builder[dashboard.AnnotationQuery]):
    """Our alerts that fire, with what only Prometheus knows of annotations: the schema has no names for that."""

    def build(self) -> dashboard.AnnotationQuery:
        """Return the query."""
        expr = 'ALERTS{alertname=~"TrendSpark.+", alertstate="firing", severity!="none"}'
        return _Annotation(name="Alerts", datasource=DATASOURCE, icon_color="red", expr=expr)


class _Annotation(dashboard.AnnotationQuery):
    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        more: dict[str, Any] = {"titleFormat": "{{alertname}}", "tagKeys": "job,severity", "step": "60s"}
        return {**super().to_json(), **more}
