"""The runbook's two queries and every panel, asked of a real Prometheus with each of the configurations we ship."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial

import pytest
from monitoring.panels import DASHBOARDS, Dashboard

from tests.exporter.conftest import Station
from tests.money.briefing import open_trend
from tests.tools.monitoring import SCRAPE_CONFIGS, SHIPPED, Prometheus, Series, programs_missing, prometheus
from tests.tools.processes import NotInTimeError, wait_for
from trendspark_cli.base.clock import utc_now

pytestmark = pytest.mark.skipif(programs_missing() is not None, reason=programs_missing() or "")

NEW_ITEMS = "rate(trendspark_ingest_items_total[5m])"
SLOWEST_RUNS = "histogram_quantile(0.95, sum by (le,job)(rate(trendspark_job_duration_seconds_bucket[5m])))"
ANSWER_SECONDS = 30.0  # a few scrapes


@pytest.fixture(scope="module")
def both(station: Station) -> Iterator[dict[str, Prometheus]]:
    """A Prometheus for each shipped configuration; both saw counters before and after more runs."""
    with ExitStack() as stack:
        running = {
            config: stack.enter_context(prometheus(config, station.exporter, station.work)) for config in SCRAPE_CONFIGS
        }
        for config, here in running.items():
            wait_for(
                f"a first scrape by {config}", partial(here.query, "trendspark_build_info"), seconds=ANSWER_SECONDS
            )
        station.publish(20)
        for command in ("ingest", "rank"):
            station.trendspark(command)
        open_trend(station, now=utc_now())  # for the model: those of the demo are over
        for command in ("brief", "alert-test", "archive"):
            station.trendspark(command)
        yield running


@pytest.fixture(params=SCRAPE_CONFIGS)
def scraped(request: pytest.FixtureRequest, both: dict[str, Prometheus]) -> Prometheus:
    """The Prometheus of one shipped configuration."""
    return both[request.param]


def data(here: Prometheus, query: str) -> list[tuple[Series, float]]:
    """What a query answers once it answers with numbers above zero."""

    def look() -> list[tuple[Series, float]]:
        return [(labels, number) for labels, number in here.query(query) if not math.isnan(number) and number > 0]

    return wait_for(f"data for {query}", look, seconds=ANSWER_SECONDS)


def test_new_items_per_second_have_data_by_source(scraped: Prometheus) -> None:
    found = data(scraped, NEW_ITEMS)

    assert [labels["source"] for labels, _ in found] == ["x"]


def test_the_slowest_runs_have_data_by_our_jobs(scraped: Prometheus) -> None:
    def look() -> dict[str, float]:
        found = {labels["job"]: seconds for labels, seconds in data(scraped, SLOWEST_RUNS)}
        return found if found.keys() >= {"ingest", "rank"} else {}

    found = wait_for("both jobs", look, seconds=ANSWER_SECONDS)

    assert all(0 < seconds <= 600 for seconds in found.values())


@pytest.mark.parametrize("board", DASHBOARDS, ids=lambda board: board.uid)
def test_no_panel_is_empty(scraped: Prometheus, board: Dashboard) -> None:
    queries = {
        (panel.title, expr): expr.replace("$instance", ".*").replace("$window", "5m")
        for panels in board.sections.values()
        for panel in panels
        for expr, _ in panel.queries
    }

    def empty() -> list[tuple[str, str]]:
        return [key for key, query in queries.items() if not has_numbers(scraped.query(query))]

    with suppress(NotInTimeError):
        wait_for("data", lambda: not empty(), seconds=ANSWER_SECONDS)
    assert empty() == []


def has_numbers(answer: list[tuple[Series, float]]) -> bool:
    return any(not math.isnan(number) for _, number in answer)


def test_every_series_of_a_job_keeps_its_label(scraped: Prometheus) -> None:
    jobs = {labels["job"] for labels, _ in scraped.query("trendspark_job_runs_total")}

    assert jobs >= {"ingest", "rank", "ingest_rank"}
    assert "node" not in jobs
    assert scraped.query('{__name__=~"trendspark_.+",exported_job!=""}') == []


def test_series_without_a_job_of_their_own_have_the_scrape_jobs(scraped: Prometheus) -> None:
    [(labels, _)] = scraped.query("trendspark_build_info")

    assert labels["job"] == "node"


def test_the_runbook_finds_what_it_says_it_finds(station: Station, scraped: Prometheus) -> None:
    page = (SHIPPED.parent / "docs/runbooks/prometheus-grafana.md").read_text()
    lines = re.findall(r"^\$ (.*localhost:(?:9090|9100).*)$", page, re.MULTILINE)
    lines = [line for line in lines if shutil.which(line.split()[0]) and "ALERTS" not in line]  # no rules are loaded
    ours = {"localhost:9090": scraped.url.removeprefix("http://"), "localhost:9100": station.exporter}

    said = [_answer_of(line, ours) for line in lines]

    assert len(said) >= 3
    assert not [text for text in said if not text or "no Prometheus" in text or "does not serve" in text]
    assert re.search(r'job="ingest"\} => [\d.]+ @', said[1])


def _answer_of(line: str, ours: dict[str, str]) -> str:
    for shipped, here in ours.items():
        line = line.replace(shipped, here)
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30, check=True).stdout
