"""Metrics are constants: what is not in the table of metrics cannot be counted, and mypy says so beforehand.

Each `type: ignore` below is itself checked: mypy reports one that it does not need.
"""

from __future__ import annotations

import pytest

from trendspark_cli.base.metrics import COSTS, JOB_DURATION, JOB_RUNS, METRICS, READS, STREAM_LAG, X_READS
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.store.sqlite.store import SqliteStore


def test_a_label_the_metric_does_not_have_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match=r"trendspark_x_reads_total.*'endpiont'.*expected endpoint"):
        X_READS.by(1, endpiont="search_recent")  # type: ignore[call-arg]


def test_a_label_that_is_left_out_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match=r"trendspark_job_runs_total.*'status'.*expected job, status"):
        JOB_RUNS.by(1, job="rank")  # type: ignore[call-arg]


def test_a_metric_without_labels_takes_none() -> None:
    with pytest.raises(ValueError, match=r"trendspark_stream_lag_seconds.*expected none"):
        STREAM_LAG.at(1.0, job="stream")  # type: ignore[call-arg]


def test_a_name_alone_is_never_stored(store: SqliteStore) -> None:
    with pytest.raises(AttributeError):
        store.totals.add([("trendspark_x_raeds_total", {}, 1)])  # type: ignore[list-item]

    assert store.totals.all() == {}


def test_a_gauge_cannot_be_raised_nor_a_counter_be_set() -> None:
    assert not hasattr(STREAM_LAG, "by")
    assert not hasattr(X_READS, "at")


def test_a_run_counts_in_every_bucket_it_fits_into() -> None:
    rises = JOB_DURATION.of(45.0, job="rank")

    assert [rise.labels["le"] for rise in rises if rise.suffix == "_bucket"] == ["60", "120", "300", "600", "+Inf"]
    assert [(rise.name, rise.labels, rise.value) for rise in rises if rise.suffix == "_sum"] == [
        ("trendspark_job_duration_seconds_sum", {"job": "rank"}, 45.0)
    ]


def test_no_two_metrics_share_a_name() -> None:
    names = [metric.name for metric in METRICS]

    assert sorted(set(names)) == sorted(names)


def test_the_metrics_a_source_names_are_metrics_of_reads_and_their_cost() -> None:
    kinds = [kind for kind in SOURCES.values() if kind.reads_metric]

    assert {kind.reads_metric for kind in kinds} == set(READS)
    assert {kind.cost_metric for kind in kinds} == set(COSTS)
