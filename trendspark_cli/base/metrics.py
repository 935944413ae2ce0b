"""Every metric, in one table: name, kind, help, labels, which file it is in. docs/metrics.md is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from trendspark_cli.kinds.channels import CHANNELS
from trendspark_cli.kinds.services import SERVICES
from trendspark_cli.kinds.sources import SOURCES

DURATION_BUCKETS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)  # seconds
REJECTION_REASONS = (
    "not_json",
    "not_a_post",
    "missing_field",
    "bad_id",
    "bad_time",
    "bad_counter",
    "unknown_source",
    "too_large",
    "forgotten",
)
JOB_STATUSES = ("success", "partial", "error", "timeout", "interrupted", "skipped", "abandoned")
CODE_CLASSES = ("2xx", "3xx", "4xx", "5xx", "transport")
ALERT_STATUSES = ("sent", "failed", "uncertain", "dead", "digested", "expired", "muted")
BACKLOGS = ("alerts_pending", "alerts_dead", "gaps_open", "archive_rows")
WRITING_KINDS = ("trend_label", "daily_ideas")
WRITING_STATUSES = ("ok", "refused", "broken", "timeout", "rate_limited", "quota", "error")
STREAM_ENDS = ("closed", "disconnect", "silence", "broken", "too_long", "network", "http", "rate_limit")
ARCHIVED = ("posts", "ingest_audit", "notifications", "job_runs")


class Amount(NamedTuple):
    """A series and by how much to raise it, or what to set it to."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Metric:
    """One metric name. `zeros` are label sets shown as 0 before anything happened, so that rate() sees the first."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    file: Literal["job", "shared", "stream"] = "shared"
    zeros: tuple[Mapping[str, str], ...] = ()


def _each(label: str, values: tuple[str, ...]) -> tuple[Mapping[str, str], ...]:
    return tuple({label: value} for value in values)


_SOURCES = tuple(SOURCES)

METRICS = (
    Metric(
        "trendspark_job_runs_total",
        "counter",
        "Runs of the job by how they ended.",
        ("job", "status"),
        "job",
        _each("status", JOB_STATUSES),
    ),
    Metric("trendspark_job_duration_seconds", "histogram", "How long runs took, skipped ones aside.", ("job",), "job"),
    Metric(
        "trendspark_job_last_run_timestamp_seconds",
        "gauge",
        "Unix time at which the job last ended a run.",
        ("job",),
        "job",
    ),
    Metric(
        "trendspark_job_last_success_timestamp_seconds",
        "gauge",
        "Unix time at which the job last finished with exit code 0.",
        ("job",),
        "job",
    ),
    Metric("trendspark_job_last_exit_code", "gauge", "Exit code of the job's last run.", ("job",), "job"),
    Metric("trendspark_job_paused", "gauge", "1 while the job is paused.", ("job",), "job"),
    Metric("trendspark_job_expected_interval_seconds", "gauge", "Time between two scheduled runs.", ("job",), "job"),
    Metric(
        "trendspark_job_lateness_seconds",
        "gauge",
        "How long after its scheduled time the last run without a terminal began.",
        ("job",),
        "job",
    ),
    Metric(
        "trendspark_ingest_items_total", "counter", "New posts stored.", ("source",), zeros=_each("source", _SOURCES)
    ),
    Metric("trendspark_ingest_cycles_total", "counter", "Ingest runs that reached their sources.", zeros=({},)),
    Metric(
        "trendspark_ingest_rejected_total",
        "counter",
        "Items that were not stored, by reason.",
        ("source", "reason"),
        zeros=tuple({"source": s, "reason": r} for s in (*_SOURCES, "file") for r in REJECTION_REASONS),
    ),
    Metric(
        "trendspark_x_reads_total",
        "counter",
        "Posts read from X, and requests for counts, as billed.",
        ("endpoint",),
        zeros=({"endpoint": "search_recent"}, {"endpoint": "counts_recent"}),
    ),
    Metric("trendspark_x_cost_usd_total", "counter", "What those reads cost at X_PRICE_PER_READ_USD.", zeros=({},)),
    Metric(
        "trendspark_openai_requests_total",
        "counter",
        "Calls of a language model by what came of them.",
        ("kind", "status"),
        zeros=tuple({"kind": kind, "status": status} for kind in WRITING_KINDS for status in WRITING_STATUSES),
    ),
    Metric(
        "trendspark_openai_tokens_total",
        "counter",
        "Tokens used, as the service told them; at most what was allowed where it did not.",
        ("kind", "direction"),
        zeros=tuple({"kind": kind, "direction": way} for kind in WRITING_KINDS for way in ("input", "output")),
    ),
    Metric(
        "trendspark_openai_cost_usd_total",
        "counter",
        "What those tokens cost at OPENAI_PRICE_INPUT_USD and OPENAI_PRICE_OUTPUT_USD.",
        ("kind",),
        zeros=_each("kind", WRITING_KINDS),
    ),
    Metric(
        "trendspark_budget_used_ratio", "gauge", "Part of a ceiling that is used or reserved.", ("service", "period")
    ),
    Metric(
        "trendspark_api_requests_total",
        "counter",
        "Requests to remote services by kind of answer.",
        ("service", "code_class"),
        zeros=tuple({"service": s, "code_class": c} for s in SERVICES for c in CODE_CLASSES),
    ),
    Metric("trendspark_api_rate_limit_remaining", "gauge", "Requests left, as the service last said.", ("service",)),
    Metric("trendspark_rank_posts_total", "counter", "Posts the ranker has looked at.", zeros=({},)),
    Metric("trendspark_trends_open", "gauge", "Trends that are going on."),
    Metric(
        "trendspark_alert_delivery_total",
        "counter",
        "Alerts by what became of them; failed and uncertain ones were tried again.",
        ("channel", "category", "status"),
        zeros=tuple(
            {"channel": channel, "category": c, "status": s}
            for channel in CHANNELS
            for c in ("trending_alert", "daily_ideas", "job_alert", "api_alert", "budget_alert")
            for s in ALERT_STATUSES
        ),
    ),
    Metric(
        "trendspark_queue_backlog",
        "gauge",
        "Things that wait; archive_rows are rows past retention, counted up to 100,000 of each table.",
        ("type",),
    ),
    Metric("trendspark_alerts_oldest_pending_seconds", "gauge", "Age of the oldest alert that waits to be sent."),
    Metric(
        "trendspark_archive_rows_total",
        "counter",
        "Rows deleted here after their copy in the archive was read back.",
        ("table",),
        zeros=_each("table", ARCHIVED),
    ),
    Metric(
        "trendspark_archive_bytes_total",
        "counter",
        "Bytes of files that were written to the archive and read back.",
        ("table",),
        zeros=_each("table", ARCHIVED),
    ),
    Metric("trendspark_archive_objects_missing", "gauge", "Archive objects that were found missing or changed."),
    Metric("trendspark_stream_enabled", "gauge", "1 when X_STREAM_ENABLED is true."),
    Metric("trendspark_stream_connected", "gauge", "1 while X's stream is open.", file="stream"),
    Metric(
        "trendspark_stream_last_data_timestamp_seconds",
        "gauge",
        "Unix time at which the stream last sent anything, keep-alives included.",
        file="stream",
    ),
    Metric(
        "trendspark_stream_reconnects_total",
        "counter",
        "Connections of the stream that ended or failed.",
        ("reason",),
        "stream",
        _each("reason", STREAM_ENDS),
    ),
    Metric("trendspark_stream_lag_seconds", "gauge", "Age of the stream's newest post when stored.", file="stream"),
    Metric("trendspark_db_size_bytes", "gauge", "Size of the database, free pages included."),
    Metric("trendspark_db_free_bytes", "gauge", "Free pages inside the database."),
    Metric("trendspark_disk_free_bytes", "gauge", "Room left on the disk of the database."),
    Metric("trendspark_build_info", "gauge", "Always 1; the label is the version.", ("version",)),
)
BY_NAME = {metric.name: metric for metric in METRICS}
