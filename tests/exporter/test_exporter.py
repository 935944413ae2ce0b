"""Real node_exporter on real files: every metric of ours arrives, whatever the umask was."""

from __future__ import annotations

import re

import pytest

from tests.builders import mode
from tests.exporter.conftest import Station
from tests.installation import read_series
from tests.tools.monitoring import SCRAPE_CONFIGS, SHIPPED, programs_missing, promtool, served
from trendspark_cli.base.metrics import METRICS

pytestmark = pytest.mark.skipif(programs_missing() is not None, reason=programs_missing() or "")


def by_labels(series: dict[str, float]) -> dict[tuple[str, ...], float]:
    """Series by name and labels, whatever order the labels are written in."""
    found = {}
    for text, value in series.items():
        name, _, labels = text.partition("{")
        found[(name, *sorted(re.findall(r'\w+="[^"]*"', labels)))] = value
    return found


def test_node_exporter_serves_every_series_of_the_files_and_finds_no_error(station: Station) -> None:
    files = by_labels(read_series(station.textfile_folder))

    answer = by_labels(served(station.exporter))

    assert answer[("node_textfile_scrape_error",)] == 0
    assert {name: answer.get(name) for name in files} == files


def test_every_metric_we_document_is_served_once_its_job_has_run(station: Station) -> None:
    names = {key.partition("{")[0].removesuffix("_bucket") for key in served(station.exporter)}

    assert {metric.name for metric in METRICS} - names == set()


def test_each_job_has_its_file_and_a_strict_umask_hides_none_of_them(station: Station) -> None:
    found = {path.name: mode(path) for path in station.textfile_folder.iterdir()}

    assert found.keys() >= {f"trendspark_{name}.prom" for name in ("ingest", "ingest_rank", "rank", "shared")}
    assert set(found.values()) == {0o644}
    assert mode(station.textfile_folder) == 0o755


def test_promtool_finds_nothing_to_say_about_our_files(station: Station) -> None:
    files = sorted(station.textfile_folder.glob("*.prom"))

    complaints = {path.name: promtool("check", "metrics", stdin=path) for path in files}

    assert complaints == dict.fromkeys(complaints, "")


@pytest.mark.parametrize("config", SCRAPE_CONFIGS)
def test_promtool_accepts_the_shipped_scrape_configurations(config: str) -> None:
    assert promtool("check", "config", str(SHIPPED / config)) == ""


def test_a_broken_file_of_somebody_else_is_noticed_by_this_very_setup(station: Station) -> None:
    broken = station.textfile_folder / "broken.prom"
    broken.write_text("this is no metric\n")
    try:
        error = served(station.exporter)["node_textfile_scrape_error"]
    finally:
        broken.unlink()

    assert error == 1
