"""The alert rules and dashboards we ship: good to Prometheus, complete, and each leads to its runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from monitoring.dashboard_files import WINDOWS
from monitoring.panels import DASHBOARDS, HOST
from monitoring.rule_cases import CASES
from monitoring.rule_files import rules_file
from monitoring.rules import RULES

from tests.docs.project import PROJECT
from trendspark_cli.base.metrics import METRICS

SHIPPED = PROJECT / "textfile_collector"
FILES = sorted((SHIPPED / "grafana" / "dashboards").glob("*.json"))
QUERIES = [expr for board in DASHBOARDS for panels in board.sections.values() for p in panels for expr, _ in p.queries]
ALWAYS_FIRING = {"TrendSparkWatchdog"}
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is missing")


def promtool(*arguments: str, folder: Path = SHIPPED) -> None:
    found = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@needs_promtool
def test_each_rule_fires_on_its_cases_and_says_so_in_words() -> None:
    promtool("test", "rules", "alerts_test.yml")


@needs_promtool
@pytest.mark.parametrize("faster", [1, 300])
def test_promtool_accepts_the_rules_also_sped_up(tmp_path: Path, faster: int) -> None:
    (tmp_path / "alerts.yml").write_text(rules_file(faster))

    promtool("check", "rules", "alerts.yml", folder=tmp_path)


@needs_promtool
def test_promtool_accepts_every_query_of_every_panel(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{n}", "expr": query.replace("$window", "5m")} for n, query in enumerate(QUERIES)]
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))

    promtool("check", "rules", "panels.yml", folder=tmp_path)


def test_each_rule_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    fires = {case.rule for case in CASES if case.firing}
    is_quiet = {case.rule for case in CASES if not case.firing}

    assert fires == set(RULES)
    assert is_quiet == set(RULES) - ALWAYS_FIRING


def test_every_metric_is_used_by_a_rule_or_a_panel() -> None:
    text = "\n".join([*QUERIES, *(rule.expr for rule in RULES.values())])

    used = set(re.findall(r"trendspark_\w+", text))

    assert {metric.name for metric in METRICS} - {re.sub(r"_(bucket|sum|count)$", "", name) for name in used} == set()


def test_rules_and_panels_use_only_metrics_that_exist() -> None:
    text = "\n".join([*QUERIES, *(rule.expr for rule in RULES.values())])
    names = {metric.name for metric in METRICS}
    names |= {f"{m.name}_{end}" for m in METRICS if m.kind == "histogram" for end in ("bucket", "sum", "count")}

    assert {name for name in re.findall(r"\btrendspark_\w+", text) if not name.endswith("_")} - names == {
        "trendspark_shared"  # a file
    }


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_leads_to_a_step_of_a_runbook(rule: Any) -> None:
    page, _, anchor = rule.runbook.partition("#")
    headings = re.findall(r"^#+ (.+)$", (PROJECT / "docs" / "runbooks" / page).read_text(), re.MULTILINE)

    assert anchor in {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_says_what_is_wrong_and_how_bad_it_is(rule: Any) -> None:
    assert rule.severity in ("critical", "warning", "info") or rule.name in ALWAYS_FIRING
    assert rule.summary
    assert rule.description.endswith(".")


def test_the_two_queries_of_the_runbook_are_on_the_dashboards() -> None:
    plain = {query.replace(f"{{{HOST}}}", "").replace("$window", WINDOWS[0]).replace(" ", "") for query in QUERIES}

    assert WINDOWS[0] == "5m"
    assert plain >= {
        "rate(trendspark_ingest_items_total[5m])",
        "histogram_quantile(0.95,sumby(le,job)(rate(trendspark_job_duration_seconds_bucket[5m])))",
    }


def test_there_are_the_four_dashboards() -> None:
    titles = [json.loads(path.read_text())["title"].removeprefix("TrendSpark / ") for path in FILES]

    assert sorted(titles) == ["Alert delivery", "Ingest overview", "Job duration", "OpenAI usage"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dashboard_is_one_grafana_can_draw(path: Path) -> None:
    board = json.loads(path.read_text())
    panels = board["panels"]
    names = [variable["name"] for variable in board["templating"]["list"]]

    assert board["uid"] == path.stem
    assert names == ["datasource", "instance", "window"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert not overlapping([panel["gridPos"] for panel in panels])
    for panel in panels:
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert all(target["expr"] for target in panel["targets"])
            assert panel["description"].endswith(".")


def overlapping(places: list[dict[str, int]]) -> list[tuple[int, int]]:
    """Cells of the grid that two panels share, or that are outside it."""
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    return [cell for cell in cells if cell[0] >= 24] + sorted({cell for cell in cells if cells.count(cell) > 1})


def test_every_panel_says_what_it_shows_once() -> None:
    titles = [(board.title, panel.title) for board in DASHBOARDS for ps in board.sections.values() for panel in ps]

    assert len(set(titles)) == len(titles)
