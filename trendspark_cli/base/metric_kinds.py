"""What a metric is: a name, its labels, and the only way to say by how much it rises or where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from inspect import signature
from math import inf
from typing import Any, ClassVar, Generic, Literal, NamedTuple, ParamSpec

DURATION_BUCKETS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)  # seconds

Labels = Mapping[str, str]
Kind = Literal["counter", "gauge", "histogram"]
File = Literal["job", "shared", "stream"]
P = ParamSpec("P")


def no_labels() -> Labels:
    """Return the labels of a metric that is a single series."""
    return {}


class Metric(Generic[P]):
    """One metric name. `labelled` takes its labels by keyword and returns them: its signature is checked by mypy.

    `zeros` returns label sets shown as 0 before anything happened, so that rate() sees the first.
    """

    kind: ClassVar[Kind]

    def __init__(
        self,
        name: str,
        help: str,
        labelled: Callable[P, Labels],
        *,
        file: File = "shared",
        zeros: Callable[[], Iterable[Labels]] = tuple,
    ) -> None:
        self.name = name
        self.help = help
        self.labelled = labelled
        self.file: File = file
        self.zeros = zeros

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the names of its labels."""
        return _label_names(self.labelled)

    def _series(self, *args: P.args, **kwargs: P.kwargs) -> Labels:
        try:
            return self.labelled(*args, **kwargs)
        except TypeError as error:
            expected = ", ".join(self.labels) or "none"
            raise ValueError(f"labels of {self.name}: {error}; expected {expected}") from error


class Increase(NamedTuple):
    """By how much one series of a metric rises: `Counter.by` and `Histogram.of` make them."""

    metric: Metric[Any]
    labels: Labels
    value: float
    suffix: Literal["", "_bucket", "_sum"] = ""  # of the series of a histogram

    @property
    def name(self) -> str:
        """Return the name of the series."""
        return self.metric.name + self.suffix


class Reading(NamedTuple):
    """Where one series of a metric stands: `Gauge.at` makes them."""

    metric: Metric[Any]
    labels: Labels
    value: float

    @property
    def name(self) -> str:
        """Return the name of the series."""
        return self.metric.name


class Counter(Metric[P]):
    """A number that only rises. It is kept in the database."""

    kind = "counter"

    def by(self, amount: float, /, *args: P.args, **kwargs: P.kwargs) -> Increase:
        """Return a rise of the series with these labels. Raises ValueError for labels that are not its own."""
        return Increase(self, self._series(*args, **kwargs), amount)


class Gauge(Metric[P]):
    """A number that is what it is now."""

    kind = "gauge"

    def at(self, value: float, /, *args: P.args, **kwargs: P.kwargs) -> Reading:
        """Return where the series with these labels stands. Raises ValueError for labels that are not its own."""
        return Reading(self, self._series(*args, **kwargs), value)


class Histogram(Metric[P]):
    """Durations in buckets. Each bucket holds what is at most as long as its bound, as Prometheus wants it."""

    kind = "histogram"

    def of(self, seconds: float, /, *args: P.args, **kwargs: P.kwargs) -> list[Increase]:
        """Return what one observation adds. Raises ValueError for labels that are not its own."""
        labels = self._series(*args, **kwargs)
        bounds = zip(bucket_bounds(), (*DURATION_BUCKETS, inf), strict=True)
        buckets = [Increase(self, {**labels, "le": text}, 1, "_bucket") for text, bound in bounds if seconds <= bound]
        return [*buckets, Increase(self, labels, seconds, "_sum")]


def bucket_bounds() -> list[str]:
    """Return the upper bounds of a duration histogram as label values."""
    return [f"{bound:g}" for bound in DURATION_BUCKETS] + ["+Inf"]


@cache
def _label_names(labelled: Callable[..., Labels]) -> tuple[str, ...]:
    return tuple(signature(labelled).parameters)
