"""Every metric: a constant with its help, its labels and the file it is in. docs/metrics.md is made from them.

`store.totals.add([X_READS.by(page.reads, endpoint=page.endpoint)])`: another name or label is a type error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from trendspark_cli.base.metric_kinds import Counter, Gauge, Histogram, Labels, Metric, no_labels

REJECTION_REASONS = (
    "not_json",
    "not_a_post",
    "missing_field",
    "bad_id",
    "bad_time",
    "bad_counter",
    "unknown_source",
    "too_large",
    "conflict",
    "placeholder",
    "forgotten",
    "not_storable",
)
MOST_SOURCES, OTHER_SOURCE = 32, "other"  # values of the label `source`: files may name any, and a series is for ever
JOB_STATUSES = ("success", "partial", "error", "timeout", "interrupted", "skipped", "abandoned")
CODE_CLASSES = ("2xx", "3xx", "4xx", "5xx", "transport")
ALERT_STATUSES = ("sent", "failed", "uncertain", "crashed", "dead", "digested", "expired", "muted")
BACKLOGS = ("alerts_pending", "alerts_dead", "gaps_open", "archive_rows")
WRITING_KINDS = ("trend_label", "daily_ideas")
WRITING_STATUSES = ("ok", "refused", "broken", "incomplete", "timeout", "rate_limited", "quota", "error")
STREAM_ENDS = ("closed", "disconnect", "silence", "broken", "too_long", "behind", "network", "http", "rate_limit")
CLOCK_KINDS = (
    "back_off",
    "billed",
    "call",
    "count",
    "cursor",
    "gap",
    "incident",
    "hold",
    "lease",
    "attempt",
    "memory",
    "notice",
    "pause",
    "reservation",
    "schedule",
    "send",
    "spend",
    "streak",
    "trend",
)
ARCHIVED = ("posts", "ingest_audit", "notifications", "job_runs")


def _each(label: str, values: Iterable[str]) -> Iterable[Labels]:
    return [{label: value} for value in values]


def _once() -> Iterable[Labels]:
    return [{}]


# The tables of kinds are read when a file is written, not by every command that names a metric.
def _sources() -> tuple[str, ...]:
    from trendspark_cli.kinds.sources import SOURCES

    return tuple(SOURCES)


def _services() -> tuple[str, ...]:
    from trendspark_cli.kinds.services import SERVICES

    return tuple(SERVICES)


def _channels() -> tuple[str, ...]:
    from trendspark_cli.kinds.channels import CHANNELS

    return tuple(CHANNELS)


def _job(*, job: str) -> Labels:
    return {"job": job}


def _job_and_status(*, job: str, status: str) -> Labels:
    return {"job": job, "status": status}


def _source(*, source: str) -> Labels:
    return {"source": source}


def _source_and_reason(*, source: str, reason: str) -> Labels:
    return {"source": source, "reason": reason}


def _endpoint(*, endpoint: str) -> Labels:
    return {"endpoint": endpoint}


def _kind(*, kind: str) -> Labels:
    return {"kind": kind}


def _kind_and_status(*, kind: str, status: str) -> Labels:
    return {"kind": kind, "status": status}


def _kind_and_direction(*, kind: str, direction: Literal["input", "output"]) -> Labels:
    return {"kind": kind, "direction": direction}


def _service(*, service: str) -> Labels:
    return {"service": service}


def _service_and_period(*, service: str, period: str) -> Labels:
    return {"service": service, "period": period}


def _service_and_code_class(*, service: str, code_class: str) -> Labels:
    return {"service": service, "code_class": code_class}


def _delivery(*, channel: str, category: str, status: str) -> Labels:
    return {"channel": channel, "category": category, "status": status}


def _type(*, type: str) -> Labels:
    return {"type": type}


def _table(*, table: str) -> Labels:
    return {"table": table}


def _reason(*, reason: str) -> Labels:
    return {"reason": reason}


def _version(*, version: str) -> Labels:
    return {"version": version}


JOB_RUNS = Counter(
    "trendspark_job_runs_total",
    "Runs of the job by how they ended.",
    _job_and_status,
    file="job",
    zeros=lambda: _each("status", JOB_STATUSES),
)
JOB_DURATION = Histogram("trendspark_job_duration_seconds", "How long runs took, skipped ones aside.", _job, file="job")
JOB_LAST_RUN = Gauge(
    "trendspark_job_last_run_timestamp_seconds", "Unix time at which the job last ended a run.", _job, file="job"
)
JOB_LAST_SUCCESS = Gauge(
    "trendspark_job_last_success_timestamp_seconds",
    "Unix time at which the job last finished with exit code 0.",
    _job,
    file="job",
)
JOB_LAST_EXIT_CODE = Gauge("trendspark_job_last_exit_code", "Exit code of the job's last run.", _job, file="job")
JOB_PAUSED = Gauge("trendspark_job_paused", "1 while the job is paused.", _job, file="job")
JOB_EXPECTED_INTERVAL = Gauge(
    "trendspark_job_expected_interval_seconds", "Time between two scheduled runs.", _job, file="job"
)
JOB_LATENESS = Gauge(
    "trendspark_job_lateness_seconds",
    "How long after its scheduled time the last run without a terminal began.",
    _job,
    file="job",
)
INGEST_ITEMS = Counter(
    "trendspark_ingest_items_total", "New posts stored.", _source, zeros=lambda: _each("source", _sources())
)
INGEST_CYCLES = Counter(
    "trendspark_ingest_cycles_total", "Ingest runs that reached their sources.", no_labels, zeros=_once
)
INGEST_REJECTED = Counter(
    "trendspark_ingest_rejected_total",
    "Items that were not stored, by reason.",
    _source_and_reason,
    zeros=lambda: ({"source": s, "reason": r} for s in (*_sources(), "file") for r in REJECTION_REASONS),
)
X_READS = Counter(
    "trendspark_x_reads_total",
    "Posts read from X, and requests for counts, as billed.",
    _endpoint,
    zeros=lambda: ({"endpoint": "search_recent"}, {"endpoint": "counts_recent"}),
)
X_COST_USD = Counter(
    "trendspark_x_cost_usd_total", "What those reads cost at X_PRICE_PER_READ_USD.", no_labels, zeros=_once
)
OPENAI_REQUESTS = Counter(
    "trendspark_openai_requests_total",
    "Calls of a language model by what came of them.",
    _kind_and_status,
    zeros=lambda: ({"kind": kind, "status": status} for kind in WRITING_KINDS for status in WRITING_STATUSES),
)
OPENAI_TOKENS = Counter(
    "trendspark_openai_tokens_total",
    "Tokens used, as the service told them; at most what was allowed where it did not.",
    _kind_and_direction,
    zeros=lambda: ({"kind": kind, "direction": way} for kind in WRITING_KINDS for way in ("input", "output")),
)
OPENAI_COST_USD = Counter(
    "trendspark_openai_cost_usd_total",
    "What those tokens cost at OPENAI_PRICE_INPUT_USD and OPENAI_PRICE_OUTPUT_USD.",
    _kind,
    zeros=lambda: _each("kind", WRITING_KINDS),
)
BUDGET_USED = Gauge("trendspark_budget_used_ratio", "Part of a ceiling that is used or reserved.", _service_and_period)
API_REQUESTS = Counter(
    "trendspark_api_requests_total",
    "Requests to remote services by kind of answer.",
    _service_and_code_class,
    zeros=lambda: ({"service": s, "code_class": c} for s in _services() for c in CODE_CLASSES),
)
API_RATE_LIMIT_REMAINING = Gauge(
    "trendspark_api_rate_limit_remaining", "Requests left, as the service last said.", _service
)
RANK_POSTS = Counter("trendspark_rank_posts_total", "Posts the ranker has looked at.", no_labels, zeros=_once)
TRENDS_OPEN = Gauge("trendspark_trends_open", "Trends that are going on.", no_labels)
TRENDS_OPEN_BY_SOURCE = Gauge(
    "trendspark_trends_open_by_source",
    "Trends that are going on and have posts of a source; one of several sources counts in each.",
    _source,
)
ALERT_DELIVERY = Counter(
    "trendspark_alert_delivery_total",
    "Alerts by what became of them; failed, uncertain and crashed ones were tried again.",
    _delivery,
    zeros=lambda: (
        {"channel": channel, "category": c, "status": s}
        for channel in _channels()
        for c in ("trending_alert", "daily_ideas", "job_alert", "api_alert", "budget_alert")
        for s in ALERT_STATUSES
    ),
)
QUEUE_BACKLOG = Gauge(
    "trendspark_queue_backlog",
    "Things that wait; archive_rows are rows past retention, counted up to 100,000 of each table.",
    _type,
)
ALERTS_OLDEST_PENDING = Gauge(
    "trendspark_alerts_oldest_pending_seconds", "Age of the oldest alert that waits to be sent.", no_labels
)
ARCHIVE_ROWS = Counter(
    "trendspark_archive_rows_total",
    "Rows deleted here after their copy in the archive was read back.",
    _table,
    zeros=lambda: _each("table", ARCHIVED),
)
ARCHIVE_BYTES = Counter(
    "trendspark_archive_bytes_total",
    "Bytes of files that were written to the archive and read back.",
    _table,
    zeros=lambda: _each("table", ARCHIVED),
)
ARCHIVE_OBJECTS_MISSING = Gauge(
    "trendspark_archive_objects_missing", "Archive objects that were found missing or changed.", no_labels
)
STREAM_ENABLED = Gauge("trendspark_stream_enabled", "1 when X_STREAM_ENABLED is true.", no_labels)
STREAM_CONNECTED = Gauge(
    "trendspark_stream_connected", "1 while the stream is open, X's or Bluesky's.", no_labels, file="stream"
)
STREAM_LAST_DATA = Gauge(
    "trendspark_stream_last_data_timestamp_seconds",
    "Unix time at which the stream last sent anything, keep-alives included.",
    no_labels,
    file="stream",
)
STREAM_RECONNECTS = Counter(
    "trendspark_stream_reconnects_total",
    "Connections of the stream that ended or failed.",
    _reason,
    file="stream",
    zeros=lambda: _each("reason", STREAM_ENDS),
)
STREAM_LAG = Gauge(
    "trendspark_stream_lag_seconds", "Age of the stream's newest post when stored.", no_labels, file="stream"
)
CLOCK_HEALED = Counter(
    "trendspark_clock_healed_total",
    "Stored times that only a wrong clock can have made, taken back.",
    _kind,
    zeros=lambda: _each("kind", CLOCK_KINDS),
)
DB_SIZE = Gauge("trendspark_db_size_bytes", "Size of the database, free pages included.", no_labels)
DB_FREE = Gauge("trendspark_db_free_bytes", "Free pages inside the database.", no_labels)
DISK_FREE = Gauge("trendspark_disk_free_bytes", "Room left on the disk of the database.", no_labels)
BUILD_INFO = Gauge("trendspark_build_info", "Always 1; the label is the version.", _version)
READS = {metric.name: metric for metric in (X_READS,)}  # what `reads_metric` of a source may name
COSTS = {metric.name: metric for metric in (X_COST_USD,)}  # and `cost_metric`
METRICS: tuple[Metric[Any], ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
