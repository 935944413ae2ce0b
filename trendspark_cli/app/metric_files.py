"""Write the .prom files node_exporter reads: one per job and one shared, complete or not at all."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendspark_cli import __version__
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.durable_files import leftovers, make_folder, replacing
from trendspark_cli.base.errors import OutputError
from trendspark_cli.base.folder_markers import claim
from trendspark_cli.base.full_disks import in_words
from trendspark_cli.base.locks import waiting_lock
from trendspark_cli.base.metric_kinds import Metric, Reading, bucket_bounds
from trendspark_cli.base.metrics import (
    ALERTS_OLDEST_PENDING,
    ARCHIVE_OBJECTS_MISSING,
    BACKLOGS,
    BUDGET_USED,
    BUILD_INFO,
    DB_FREE,
    DB_SIZE,
    DISK_FREE,
    JOB_EXPECTED_INTERVAL,
    JOB_PAUSED,
    METRICS,
    MOST_SOURCES,
    OTHER_SOURCE,
    QUEUE_BACKLOG,
    STREAM_ENABLED,
    TRENDS_OPEN,
    TRENDS_OPEN_BY_SOURCE,
)
from trendspark_cli.base.models import Ceiling
from trendspark_cli.base.retention import Retention
from trendspark_cli.kinds.jobs import JOBS
from trendspark_cli.kinds.sources import SOURCES
from trendspark_cli.running.pausing import is_paused
from trendspark_cli.spending.budget import used_part
from trendspark_cli.store.protocol import Store

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

Series = dict[str, list[tuple[dict[str, str], float]]]
OUR_FILES = "trendspark_*.prom"
MOST_COUNTED = 100_000  # rows of a table: the backlog is looked at each minute


class MetricFiles:
    """The .prom files of one installation. All values come from the database."""

    def __init__(
        self,
        folder: Path,
        home: Path,
        lock_file: Path,
        ceilings: Mapping[str, Sequence[Ceiling]],
        retention: Mapping[str, Retention] | None = None,
        *,
        is_streaming: bool = False,
        host: str = "",
        interval_seconds: Callable[[str], int] = lambda job_id: 0,
    ) -> None:
        self._folder = folder
        self._home = home  # of the installation, which has the folder to itself
        self._lock_file = lock_file
        self._ceilings = ceilings  # by service
        self._interval_seconds = interval_seconds  # between two runs of a job; 0 when nothing starts it
        self._retention = retention or {}  # of tables that are archived; none when there is no archive
        self._is_streaming = is_streaming
        self._host = host  # that exports what is of all hosts, when it was chosen

    def write(self, store: Store, job_ids: Iterable[str], now: datetime) -> list[Path]:
        """Write the files of these jobs and the shared one; values are read under the lock that orders writers.

        Of many hosts one has the shared file. Files of jobs that ran on this one before are renewed, too, so that no
        host tells of a time that is over.

        Raises OutputError when the folder cannot be written, ConfigError when it is another installation's.
        """
        from prometheus_client import CollectorRegistry, generate_latest

        written = []
        try:
            make_folder(self._folder, 0o755)  # whatever the umask: another user's exporter reads it
            claim(self._folder, self._home)
            with waiting_lock(self._lock_file):
                totals = store.totals.all()
                first_host = store.upkeep.first_host()
                if first_host is not None:
                    job_ids = [*job_ids, *(job_id for job_id in JOBS if self._path(job_id).exists())]
                contents = {
                    job_id: job_series(totals, job_id, is_paused(store, job_id), self._interval_seconds(job_id))
                    for job_id in job_ids
                }
                if "stream" in contents:
                    contents["stream"] |= own_series(totals, "stream")
                if (self._host or first_host) in (None, "", socket.gethostname()):
                    contents["shared"] = shared_series(totals, store, self._ceilings, now, self._retention)
                    contents["shared"] |= series_of([STREAM_ENABLED.at(float(self._is_streaming))])
                else:
                    self._path("shared").unlink(missing_ok=True)
                for name, series in contents.items():
                    registry = CollectorRegistry()
                    registry.register(_Collector(series, ("shared",) if name == "shared" else ("job", "stream")))
                    path = self._path(name)
                    replace_file(path, generate_latest(registry))
                    written.append(path)
                self._remove_leftovers()
        except OSError as error:
            raise OutputError(
                f"metrics cannot be written to {str(self._folder)!r}: {in_words(error)}",
                hint="make TEXTFILE_DIR a folder this user may write",
            ) from error
        return written

    def _path(self, name: str) -> Path:
        return self._folder / f"trendspark_{name.replace('-', '_')}.prom"

    def _remove_leftovers(self) -> None:
        """Remove what killed writers left behind, version 0.1 too; the lock is held, so nobody is at it."""
        ours = (path for path in leftovers(self._folder) if path.match(f".{OUR_FILES}.*"))
        for path in (*ours, *self._folder.glob(f"{OUR_FILES}.tmp")):
            with suppress(OSError):
                path.unlink()


def job_series(totals: Series, job_id: str, paused: bool, interval_seconds: int) -> Series:
    """Return the series of one job's file."""
    series: Series = {}
    for metric in METRICS:
        if metric.file != "job":
            continue
        if metric.kind == "histogram":
            for suffix in ("_bucket", "_sum"):
                series[metric.name + suffix] = _of_job(totals.get(metric.name + suffix, []), job_id)
        else:
            found = {
                tuple(sorted(labels.items())): value for labels, value in _of_job(totals.get(metric.name, []), job_id)
            }
            for zero in metric.zeros():
                found.setdefault(tuple(sorted({"job": job_id, **zero}.items())), 0.0)
            series[metric.name] = [(dict(labels), value) for labels, value in sorted(found.items())]
    series |= series_of([JOB_PAUSED.at(float(paused), job=job_id)])
    if interval_seconds:
        series |= series_of([JOB_EXPECTED_INTERVAL.at(float(interval_seconds), job=job_id)])
    return series


def series_of(readings: Iterable[Reading]) -> Series:
    """Return readings by the name of their metric."""
    series: Series = {}
    for reading in readings:
        series.setdefault(reading.name, []).append((dict(reading.labels), float(reading.value)))
    return series


def own_series(totals: Series, file: str) -> Series:
    """Return the series without a job label that belong into one file."""
    series: Series = {}
    for metric in METRICS:
        if metric.file == file:
            found = {tuple(sorted(labels.items())): value for labels, value in totals.get(metric.name, [])}
            for zero in metric.zeros():
                found.setdefault(tuple(sorted(zero.items())), 0.0)
            series[metric.name] = [(dict(labels), value) for labels, value in sorted(found.items())]
    return series


def shared_series(
    totals: Series,
    store: Store,
    ceilings: Mapping[str, Sequence[Ceiling]],
    now: datetime,
    retention: Mapping[str, Retention],
) -> Series:
    """Return the series that belong to no single job."""
    series = own_series(totals, "shared")
    backlog = store.notifications.backlog()
    waiting = (
        backlog.get("pending", 0) + backlog.get("sending", 0),
        backlog.get("dead", 0),
        store.gaps.count_open(),
        _archive_backlog(store, retention, now),
    )
    oldest = store.notifications.oldest_pending()
    age = (now - oldest).total_seconds() if oldest is not None else 0.0
    spent = {service: store.spend.spent_now(service, to_text(now)[:10]) for service in ceilings}
    readings = [
        *(QUEUE_BACKLOG.at(count, type=name) for name, count in zip(BACKLOGS, waiting, strict=True)),
        ALERTS_OLDEST_PENDING.at(max(0.0, age)),
        *(
            BUDGET_USED.at(used_part(one, spent[service][one.period]), service=service, period=one.period)
            for service in ceilings
            for one in ceilings[service]
            if one.limit
        ),
        TRENDS_OPEN.at(store.trends.count_open()),
        *(TRENDS_OPEN_BY_SOURCE.at(count, source=name) for name, count in _open_by_source(store).items()),
        ARCHIVE_OBJECTS_MISSING.at(store.archive_faults.count_missing()),
        DB_SIZE.at(store.size_bytes()),
        DB_FREE.at(store.free_bytes()),
        DISK_FREE.at(store.upkeep.disk_free_bytes()),
        BUILD_INFO.at(1.0, version=__version__),
    ]
    return series | series_of(readings)


def _open_by_source(store: Store) -> dict[str, int]:
    """Return how many trends are open in each source; files may name any, so those beyond the most are one."""
    found = store.trends.open_by_source()
    names = list(dict.fromkeys((*SOURCES, *found)))
    counts = {name: found.get(name, 0) for name in names[:MOST_SOURCES]}
    if others := names[MOST_SOURCES:]:
        counts[OTHER_SOURCE] = sum(found[name] for name in others)
    return counts


def replace_file(path: Path, content: bytes) -> None:
    """Put *content* at *path* so that a reader sees the old or the new file, whole; readable by everyone."""
    with replacing(path, 0o644) as stream:  # under a name that does not end in .prom, which the exporter would read
        stream.write(content)


def _archive_backlog(store: Store, retention: Mapping[str, Retention], now: datetime) -> int:
    """Return how many rows a daily run should have taken by now; days leave whole, so a day is no delay."""
    day = timedelta(days=1)
    return sum(
        max(0, store.archives.count_old(table, kept.cutoff(now - day), MOST_COUNTED) - store.archives.count_held(table))
        for table, kept in retention.items()
    )


def _of_job(rows: list[tuple[dict[str, str], float]], job_id: str) -> list[tuple[dict[str, str], float]]:
    return [(labels, value) for labels, value in rows if labels.get("job") == job_id]


class _Collector:
    """Hands stored values to prometheus_client, which knows the text format."""

    def __init__(self, series: Series, files: tuple[str, ...]) -> None:
        self._series = series
        self._files = files

    def collect(self) -> Iterable[Family]:
        """Yield one family per metric of this file that has series."""
        for metric in METRICS:
            if metric.file in self._files:
                family = self._histogram(metric) if metric.kind == "histogram" else self._plain(metric)
                if family.samples:
                    yield family

    def _plain(self, metric: Metric[Any]) -> Family:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        make = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
        family = make(metric.name, metric.help, labels=metric.labels)
        for labels, value in self._series.get(metric.name, []):
            family.add_metric([labels[name] for name in metric.labels], value)
        return family

    def _histogram(self, metric: Metric[Any]) -> Family:
        from prometheus_client.core import HistogramMetricFamily

        family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, total in self._series[f"{metric.name}_sum"]:
            counts = {
                lb["le"]: value for lb, value in self._series[f"{metric.name}_bucket"] if lb["job"] == labels["job"]
            }
            buckets = [(le, counts.get(le, 0.0)) for le in bucket_bounds()]
            family.add_metric([labels[name] for name in metric.labels], buckets=buckets, sum_value=total)
        return family
