"""The text of .prom files: what Prometheus' own client library writes of the same series, and reads of ours."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from trendspark_cli.base.metric_kinds import Counter, Gauge, Histogram, Labels, bucket_bounds
from trendspark_cli.reports.metric_text import metric_text


def _job(*, job: str) -> Labels:
    return {"job": job}


def _way(*, job: str, way: str) -> Labels:
    return {"job": job, "way": way}


HELP = 'Rows, "kept" \\ or\nnot.'
ROWS = Counter("rows_total", HELP, _way)
SIZE = Gauge("size_bytes", "Size.", _job)
TOOK = Histogram("took_seconds", "Took.", _job)


class Theirs:
    """The same series, handed to the library."""

    def __init__(self, *families: Family) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        """Return them."""
        return self._families


def their_text(*families: Family) -> str:
    """Return what the library writes of these."""
    registry = CollectorRegistry()
    registry.register(Theirs(*families))
    return generate_latest(registry).decode()


def read(text: str) -> list[tuple[object, ...]]:
    """Return what the library reads: families with their help, kind and samples."""
    return [(f.name, f.documentation, f.type, f.samples) for f in text_string_to_metric_families(text)]


@pytest.mark.parametrize("value", ["x", 'a "b"', "back\\slash", "two\nlines", "\\n", "", "ünïcode 🦀", "a,b={c}"])
def test_labels_read_as_they_were_meant(value: str) -> None:
    ours = metric_text([ROWS], {"rows_total": [({"way": value, "job": "ingest"}, 3.0)]}).decode()

    rows = CounterMetricFamily("rows_total", HELP, labels=("job", "way"))
    rows.add_metric(["ingest", value], 3.0)
    assert ours == their_text(rows)
    assert read(ours)[0][3][0].labels == {"way": value, "job": "ingest"}  # type: ignore[index]


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1 + 0.2, 1793534820.123456, 2.0**53, 1e300, 5e-324, -3.5])
def test_numbers_read_as_they_are_kept(value: float) -> None:
    ours = metric_text([SIZE], {"size_bytes": [({"job": "rank"}, value)]}).decode()

    size = GaugeMetricFamily("size_bytes", "Size.", labels=("job",))
    size.add_metric(["rank"], value)
    assert read(ours) == read(their_text(size))
    assert read(ours)[0][3][0].value == value  # type: ignore[index]


def test_durations_have_every_bucket_their_number_and_their_sum() -> None:
    buckets = [({"job": "rank", "le": "30"}, 2.0), ({"job": "rank", "le": "+Inf"}, 3.0)]
    series = {"took_seconds_bucket": buckets, "took_seconds_sum": [({"job": "rank"}, 71.25)]}

    ours = metric_text([TOOK], series).decode()

    took = HistogramMetricFamily("took_seconds", "Took.", labels=("job",))
    counts = {"30": 2.0, "+Inf": 3.0}
    took.add_metric(["rank"], buckets=[(le, counts.get(le, 0.0)) for le in bucket_bounds()], sum_value=71.25)
    assert ours == their_text(took)


def test_a_metric_without_series_is_left_out() -> None:
    assert metric_text([ROWS, SIZE], {"size_bytes": []}) == b""
