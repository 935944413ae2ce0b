"""Metrics in Prometheus' text format, version 0.0.4: what node_exporter reads from files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trendspark_cli.base.metric_kinds import Metric, bucket_bounds

Samples = Sequence[tuple[Mapping[str, str], float]]  # of one series each: its labels and its value

_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_LABELS = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def metric_text(metrics: Iterable[Metric[Any]], series: Mapping[str, Samples]) -> bytes:
    """Return the series of these metrics as a file has them; a metric without any is left out."""
    lines: list[str] = []
    for metric in metrics:
        samples = list(_histogram(metric, series) if metric.kind == "histogram" else _plain(metric, series))
        if samples:
            lines += [f"# HELP {metric.name} {metric.help.translate(_IN_HELP)}", f"# TYPE {metric.name} {metric.kind}"]
            lines += samples
    return "".join(f"{line}\n" for line in lines).encode()


def _plain(metric: Metric[Any], series: Mapping[str, Samples]) -> Iterator[str]:
    for labels, value in series.get(metric.name, ()):
        yield _sample(metric.name, labels, value)


def _histogram(metric: Metric[Any], series: Mapping[str, Samples]) -> Iterator[str]:
    """Yield each bucket, one that never rose as 0, then how many there were and their sum."""
    for labels, total in series[f"{metric.name}_sum"]:
        counts = {own["le"]: value for own, value in series[f"{metric.name}_bucket"] if own["job"] == labels["job"]}
        for bound in bucket_bounds():
            yield _sample(f"{metric.name}_bucket", {**labels, "le": bound}, counts.get(bound, 0.0))
        yield _sample(f"{metric.name}_count", labels, counts.get("+Inf", 0.0))
        yield _sample(f"{metric.name}_sum", labels, total)


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    told = ",".join(f'{label}="{text.translate(_IN_LABELS)}"' for label, text in sorted(labels.items()))
    return f"{name}{{{told}}} {float(value)!r}" if told else f"{name} {float(value)!r}"
