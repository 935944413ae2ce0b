"""The .prom files: whole, readable by the exporter, and with counters that never fall."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from contextlib import closing
from datetime import UTC
from itertools import pairwise

import pytest

from tests.builders import mode, post
from tests.installation import Installation
from tests.runner.conftest import Start
from trendspark_cli.base.errors import UpstreamError
from trendspark_cli.base.metrics import INGEST_ITEMS
from trendspark_cli.crontabs.timetable import example_timetable
from trendspark_cli.running.job_context import JobContext

HISTOGRAM = "trendspark_job_duration_seconds"


def nothing(job: JobContext) -> None:
    """Do nothing, well."""


def texts(workplace: Installation) -> dict[str, str]:
    """Return every .prom file."""
    return {path.name: path.read_text() for path in sorted(workplace.metrics_folder.glob("*.prom"))}


def counters(workplace: Installation) -> dict[str, float]:
    """Return every series that may only grow."""
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", "".join(texts(workplace).values()), re.MULTILINE))
    found = {}
    for series, value in workplace.series().items():
        name = series.partition("{")[0]
        base = re.sub(r"_(bucket|count|sum)$", "", name)
        if kinds.get(name) == "counter" or kinds.get(base) == "histogram":
            found[series] = value
    return found


def test_counters_never_fall_and_never_vanish(workplace: Installation, start: Start) -> None:
    def work(job: JobContext) -> None:
        number = len(workplace.values("SELECT id FROM job_runs"))
        job.write(lambda: job.store.posts.save([post(str(number))], job.now))
        job.write(lambda: job.store.totals.add([INGEST_ITEMS.by(1, source="x")]))
        if number % 3 == 0:
            raise UpstreamError("x", "it is down")

    seen: list[dict[str, float]] = []
    for number in range(20):
        workplace.run("rank" if number % 4 == 0 else "ingest", work)
        seen.append(counters(workplace))
        if number == 7:
            process = start("uncommitted")
            process.kill()
            process.wait()
        if number == 12:
            with closing(workplace.store()) as store:
                store.upkeep.rebuild()

    fallen = [
        (run, series, value, after.get(series))
        for run, (before, after) in enumerate(pairwise(seen))
        for series, value in before.items()
        if after.get(series, -1) < value
    ]
    assert fallen == []
    assert seen[-1]['trendspark_ingest_items_total{source="x"}'] == 20


def test_every_job_has_one_file_and_the_rest_is_in_the_shared_one(workplace: Installation) -> None:
    workplace.run("ingest", nothing)
    workplace.run("alert-test", nothing)

    names = list(texts(workplace))

    assert names == ["trendspark_alert_test.prom", "trendspark_ingest.prom", "trendspark_shared.prom"]


def test_files_can_be_read_by_another_user_whatever_the_umask(workplace: Installation) -> None:
    before = os.umask(0o077)
    workplace.run("ingest", nothing)
    os.umask(before)

    modes = {path.name: mode(path) for path in workplace.metrics_folder.iterdir()}

    assert modes == dict.fromkeys(["trendspark_ingest.prom", "trendspark_shared.prom"], 0o644)
    assert mode(workplace.metrics_folder) == 0o755


def test_a_folder_that_was_there_keeps_its_mode(workplace: Installation) -> None:
    workplace.metrics_folder.mkdir(mode=0o750)

    workplace.run("ingest", nothing)

    assert mode(workplace.metrics_folder) == 0o750


def test_no_series_is_in_two_files_and_none_has_a_timestamp(workplace: Installation) -> None:
    workplace.run("ingest", nothing)
    workplace.run("rank", nothing)

    assert len(workplace.series()) > 50  # the reader refuses both


def test_each_name_has_one_help_text_over_all_files(workplace: Installation) -> None:
    workplace.run("ingest", nothing)
    workplace.run("rank", nothing)
    found = re.findall(r"^# (?:HELP|TYPE) \S+ .+$", "".join(texts(workplace).values()), re.MULTILINE)
    distinct = Counter(" ".join(line.split()[1:3]) for line in set(found))

    assert {line for line, count in distinct.items() if count > 1} == set()
    for text in texts(workplace).values():
        heads = re.findall(r"^# HELP (\S+)", text, re.MULTILINE)
        assert len(heads) == len(set(heads))


def test_the_histogram_is_cumulative_and_ends_at_its_count(workplace: Installation) -> None:
    for _ in range(3):
        workplace.run("ingest", nothing)

    series = workplace.series()
    buckets = [value for name, value in series.items() if name.startswith(f"{HISTOGRAM}_bucket")]
    assert len(buckets) == 11
    assert buckets == sorted(buckets)
    assert buckets[-1] == series[f'{HISTOGRAM}_count{{job="ingest"}}'] == 3


def test_a_failed_job_still_writes_its_file(workplace: Installation) -> None:
    def failing(job: JobContext) -> None:
        raise UpstreamError("x", "it is down")

    workplace.run("ingest", failing)

    series = workplace.series()
    assert series['trendspark_job_last_exit_code{job="ingest"}'] == 69
    assert series['trendspark_job_runs_total{job="ingest",status="error"}'] == 1
    assert 'trendspark_job_last_success_timestamp_seconds{job="ingest"}' not in series


def test_every_outcome_is_zero_before_it_first_happens(workplace: Installation) -> None:
    workplace.run("ingest", nothing)

    series = workplace.series()
    outcomes = {n: v for n, v in series.items() if n.startswith("trendspark_job_runs_total")}
    assert len(outcomes) == 7
    assert sum(outcomes.values()) == 1


def test_a_reader_never_sees_half_a_file(workplace: Installation) -> None:
    workplace.run("ingest", nothing)
    path = workplace.metrics_folder / "trendspark_ingest.prom"
    with path.open() as before:
        inode = path.stat().st_ino
        workplace.run("ingest", nothing)

        assert before.read().endswith("\n")
        assert path.stat().st_ino != inode


def test_what_a_killed_writer_left_is_not_taken_for_metrics(workplace: Installation) -> None:
    workplace.metrics_folder.mkdir()
    (workplace.metrics_folder / "trendspark_ingest.prom.tmp").write_text("half a li")

    workplace.run("ingest", nothing)

    names = {path.name for path in workplace.metrics_folder.iterdir()}
    assert names == {"trendspark_ingest.prom", "trendspark_shared.prom"}


def test_all_files_can_be_written_again_from_the_database(workplace: Installation) -> None:
    workplace.run("ingest", nothing)
    before = counters(workplace)
    shutil.rmtree(workplace.metrics_folder)

    workplace.command("metrics")

    assert {name: counters(workplace).get(name) for name in before} == before


def test_a_job_that_rests_at_night_is_not_expected_before_the_morning() -> None:
    assert example_timetable(UTC).interval_seconds("brief") == 10 * 3600


@pytest.mark.only_sqlite
def test_the_room_on_the_disk_is_told(workplace: Installation) -> None:
    workplace.run("ingest", nothing)

    free = workplace.series()["trendspark_disk_free_bytes"]

    assert free == pytest.approx(shutil.disk_usage(workplace.home).free, rel=0.1)


@pytest.mark.parametrize(("setting", "shown"), [("true", 1), ("false", 0)])
def test_whether_a_stream_is_wanted_is_told(workplace: Installation, setting: str, shown: int) -> None:
    workplace.environment["X_STREAM_ENABLED"] = setting
    workplace.run("ingest", nothing)

    assert workplace.series()["trendspark_stream_enabled"] == shown


def test_promtool_finds_nothing_to_complain_about(workplace: Installation) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    workplace.run("ingest", nothing)
    for text in texts(workplace).values():
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)

        assert (done.returncode, done.stdout + done.stderr) == (0, "")
