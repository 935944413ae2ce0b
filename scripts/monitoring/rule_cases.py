"""Series that make each alert rule fire, and series that must not: the unit tests that are shipped beside the rules.

Values are in promtool's notation, one a minute: `0+5x60` begins at 0 and rises by 5, 60 times; `7x60` stays. The clock
begins at 0, so a timestamp of 0 is as old as the test has lasted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HOST = {"instance": "host"}
INGEST = {"instance": "host", "job": "ingest"}
Firing = tuple[tuple[dict[str, str], str], ...]


@dataclass(frozen=True)
class Case:
    """What a rule says *at* a time. `firing`: labels and value, as its texts show it, of each alert; () for none."""

    rule: str
    story: str
    at: str
    series: Mapping[str, str] = field(default_factory=dict)
    firing: Firing = ()


def _job(name: str, values: str, **labels: str) -> dict[str, str]:
    shown = ", ".join(f'{key}="{text}"' for key, text in {"job": "ingest", **labels}.items())
    return {f"trendspark_job_{name}{{{shown}}}": values}


def _api(code_class: str, values: str, service: str = "x") -> dict[str, str]:
    return {f'trendspark_api_requests_total{{service="{service}", code_class="{code_class}"}}': values}


def _alert(value: str = "", **labels: str) -> Firing:
    return (({**HOST, **labels}, value),)


EVERY_15_MINUTES = _job("expected_interval_seconds", "900x4000")
BUILD = {'trendspark_build_info{version="1"}': "1x4000"}
EMPTY = 'trendspark_ingest_items_total{source="x"}'
CYCLES = "trendspark_ingest_cycles_total"
SHARED = 'node_textfile_mtime_seconds{file="/srv/prom/trendspark_shared.prom"}'
RUNS = 'trendspark_job_runs_total{job="ingest", status="success"}'
REJECTED = 'trendspark_ingest_rejected_total{source="x", reason="missing_field"}'
MODEL = 'trendspark_openai_requests_total{kind="trend_label", status="%s"}'
BUDGET = 'trendspark_budget_used_ratio{service="x", period="%s"}'
STREAM_ON = {"trendspark_stream_enabled": "1x60"}

JOBS = (
    Case(
        "TrendSparkJobStale",
        "cron no longer starts it",
        "50m",
        {**_job("last_success_timestamp_seconds", "0x60"), **EVERY_15_MINUTES, **_job("paused", "0x60")},
        ((INGEST, "50m 0s"),),
    ),
    Case(
        "TrendSparkJobStale",
        "two runs were missed, not three",
        "37m",
        {**_job("last_success_timestamp_seconds", "0x60"), **EVERY_15_MINUTES, **_job("paused", "0x60")},
    ),
    Case(
        "TrendSparkJobStale",
        "it is paused",
        "50m",
        {**_job("last_success_timestamp_seconds", "0x60"), **EVERY_15_MINUTES, **_job("paused", "1x60")},
    ),
    Case("TrendSparkJobStale", "it has no schedule", "50m", _job("last_success_timestamp_seconds", "0x60")),
    Case(
        "TrendSparkJobStale",
        "it runs, and a ceiling holds it back",
        "50m",
        {
            **_job("last_success_timestamp_seconds", "0x60"),
            **_job("last_run_timestamp_seconds", "2400x60"),
            **_job("last_exit_code", "75x60"),
            **EVERY_15_MINUTES,
        },
    ),
    Case(
        "TrendSparkJobStale",
        "a ceiling held it back, and then cron no longer started it",
        "90m",
        {
            **_job("last_success_timestamp_seconds", "0x100"),
            **_job("last_run_timestamp_seconds", "900x100"),
            **_job("last_exit_code", "75x100"),
            **EVERY_15_MINUTES,
        },
        ((INGEST, "1h 30m 0s"),),
    ),
    Case("TrendSparkJobFailing", "two runs failed", "30m", _job("last_exit_code", "69x60"), ((INGEST, "69"),)),
    Case("TrendSparkJobFailing", "one run failed, the next did not", "30m", _job("last_exit_code", "69x14 0x60")),
    Case("TrendSparkJobFailing", "it was interrupted", "30m", _job("last_exit_code", "143x60")),
    Case("TrendSparkJobFailing", "a test by hand failed", "30m", _job("last_exit_code", "78x60", job="alert-test")),
    Case("TrendSparkJobFailing", "a limit holds it back", "30m", _job("last_exit_code", "75x60")),
    Case("TrendSparkJobFailing", "it is paused", "30m", {**_job("last_exit_code", "69x60"), **_job("paused", "1x60")}),
    Case(
        "TrendSparkJobKilled",
        "one run was killed",
        "30m",
        _job("runs_total", "0x20 1x40", status="abandoned"),
        ((INGEST, ""),),
    ),
    Case(
        "TrendSparkJobKilled",
        "one passed its time limit",
        "30m",
        _job("runs_total", "0x20 1x40", status="timeout"),
        ((INGEST, ""),),
    ),
    Case("TrendSparkJobKilled", "that was hours ago", "3h", _job("runs_total", "0x20 1x400", status="abandoned")),
    Case("TrendSparkJobKilled", "runs failed and ended", "30m", _job("runs_total", "0+1x60", status="error")),
    Case(
        "TrendSparkJobLate",
        "it began seven minutes late",
        "20m",
        {**_job("lateness_seconds", "420x60"), **EVERY_15_MINUTES},
        ((INGEST, "7m 0s"),),
    ),
    Case("TrendSparkJobLate", "it was on time", "20m", {**_job("lateness_seconds", "2x60"), **EVERY_15_MINUTES}),
    Case(
        "TrendSparkJobLate",
        "a weekly job was started by hand",
        "20m",
        {**_job("lateness_seconds", "90000x60"), **_job("expected_interval_seconds", "604800x60")},
    ),
    Case(
        "TrendSparkJobSlow",
        "runs take ten of fifteen minutes",
        "90m",
        {
            **_job("duration_seconds_sum", "0+40x100"),
            **_job("duration_seconds_count", "0+0.0625x100"),
            **EVERY_15_MINUTES,
        },
        ((INGEST, "10m 40s"),),
    ),
    Case(
        "TrendSparkJobSlow",
        "runs take seconds",
        "90m",
        {
            **_job("duration_seconds_sum", "0+1x100"),
            **_job("duration_seconds_count", "0+0.0625x100"),
            **EVERY_15_MINUTES,
        },
    ),
    Case(
        "TrendSparkJobSlow",
        "a stream runs for hours",
        "90m",
        {
            **_job("duration_seconds_sum", "0+4000x100", job="stream"),
            **_job("duration_seconds_count", "0+0.05x100", job="stream"),
            **_job("expected_interval_seconds", "60x100", job="stream"),
        },
    ),
    Case("TrendSparkJobPaused", "somebody forgot it", "25h", _job("paused", "1x1600"), ((INGEST, ""),)),
    Case("TrendSparkJobPaused", "since this morning", "6h", _job("paused", "1x400")),
    Case("TrendSparkJobHeldBack", "a ceiling is reached", "3h", _job("last_exit_code", "75x200"), ((INGEST, ""),)),
    Case("TrendSparkJobHeldBack", "a rate limit ended with its window", "3h", _job("last_exit_code", "75x60 0x200")),
)

FILES = (
    Case("TrendSparkMetricsAbsent", "nothing was ever written", "11m", {}, (({}, ""),)),
    Case("TrendSparkMetricsAbsent", "all is well", "11m", BUILD),
    Case(
        "TrendSparkJobMetricsAbsent",
        "a file was deleted",
        "1h",
        _job("last_run_timestamp_seconds", "60x20 stale"),
        ((INGEST, ""),),
    ),
    Case("TrendSparkJobMetricsAbsent", "all is well", "1h", _job("last_run_timestamp_seconds", "60x80")),
    Case(
        "TrendSparkJobMetricsAbsent",
        "the job was removed a day ago",
        "25h",
        _job("last_run_timestamp_seconds", "60x20"),
    ),
    Case(
        "TrendSparkFilesUnreadable",
        "permissions changed",
        "10m",
        {"node_textfile_scrape_error": "1x20", **BUILD},
        _alert(),
    ),
    Case("TrendSparkFilesUnreadable", "all is well", "10m", {"node_textfile_scrape_error": "0x20", **BUILD}),
    Case("TrendSparkFilesUnreadable", "a host without us", "10m", {"node_textfile_scrape_error": "1x20"}),
    Case(
        "TrendSparkFilesStale",
        "nothing writes any more",
        "3h",
        {SHARED: "0x200", **EVERY_15_MINUTES},
        _alert("3h 0m 0s", file="/srv/prom/trendspark_shared.prom"),
    ),
    Case("TrendSparkFilesStale", "written a minute ago", "3h", {SHARED: "0+60x200", **EVERY_15_MINUTES}),
    Case("TrendSparkFilesStale", "nobody knows when jobs are due", "3h", {SHARED: "0x200"}),
    Case(
        "TrendSparkFilesStale",
        "jobs run four times a day",
        "5h",
        {SHARED: "0x400", **_job("expected_interval_seconds", "21600x400")},
    ),
    Case(
        "TrendSparkFilesStale",
        "another program's file is old",
        "3h",
        {SHARED.replace("trendspark", "raid"): "0x200", **EVERY_15_MINUTES},
    ),
    Case(
        "TrendSparkLabelRenamed",
        "a plain scrape",
        "20m",
        {'trendspark_job_last_run_timestamp_seconds{job="node", exported_job="ingest"}': "60x30"},
        _alert(),
    ),
    Case("TrendSparkLabelRenamed", "one of our scrapes", "20m", _job("last_run_timestamp_seconds", "60x30")),
    Case("TrendSparkCounterReset", "an old backup was restored", "20m", {RUNS: "90x10 70x20"}, _alert()),
    Case("TrendSparkCounterReset", "counters rise", "20m", {RUNS: "90+1x30"}),
    Case(
        "TrendSparkClockSkew",
        "a run ended in the future",
        "10m",
        _job("last_run_timestamp_seconds", "4200x20"),
        _alert("1h 0m 0s"),
    ),
    Case(
        "TrendSparkClockSkew",
        "the kernel says so",
        "10m",
        {"node_timex_offset_seconds": "-2x20", **BUILD},
        _alert("2s"),
    ),
    Case(
        "TrendSparkClockSkew",
        "seconds between two hosts",
        "10m",
        {**_job("last_run_timestamp_seconds", "5+60x20"), "node_timex_offset_seconds": "0.01x20", **BUILD},
    ),
    Case("TrendSparkClockSkew", "a host without us", "10m", {"node_timex_offset_seconds": "5x20"}),
)

INGEST_AND_STREAM = (
    Case("TrendSparkIngestStalled", "X is down", "3h", {CYCLES: "9x200", RUNS: "9+0.0625x200"}, _alert()),
    Case("TrendSparkIngestStalled", "it collects", "3h", {CYCLES: "9+0.0625x200", RUNS: "9+0.0625x200"}),
    Case("TrendSparkIngestStalled", "a fresh installation", "30m", {CYCLES: "0x200", RUNS: "0x10 1x60"}),
    Case(
        "TrendSparkIngestStalled",
        "it is paused",
        "3h",
        {CYCLES: "9x200", RUNS.replace("success", "skipped"): "9+0.0625x200"},
    ),
    Case(
        "TrendSparkIngestStalled",
        "its ceiling is reached",
        "3h",
        {CYCLES: "9x200", RUNS: "9+0.0625x200", **_job("last_exit_code", "75x200")},
    ),
    Case(
        "TrendSparkIngestEmpty",
        "a query that matches nothing",
        "12h",
        {EMPTY: "70x800", **_api("2xx", "9+0.0625x800")},
        _alert(source="x"),
    ),
    Case("TrendSparkIngestEmpty", "it collects", "12h", {EMPTY: "70+0.01x800", **_api("2xx", "9+0.0625x800")}),
    Case("TrendSparkIngestEmpty", "a source that is not set up", "12h", {EMPTY: "0x800", **_api("2xx", "0x800")}),
    Case("TrendSparkIngestEmpty", "a fresh installation", "2h", {EMPTY: "0x800", **_api("2xx", "0+0.0625x800")}),
    Case(
        "TrendSparkPostsRejected",
        "the service sends another shape",
        "2h",
        {REJECTED: "0x60 40x60", EMPTY: "0x120"},
        _alert("40", source="x"),
    ),
    Case("TrendSparkPostsRejected", "a few among many", "2h", {REJECTED: "0x60 40x60", EMPTY: "0+10x120"}),
    Case(
        "TrendSparkPostsRejected",
        "posts that were to be forgotten",
        "2h",
        {REJECTED.replace("missing_field", "forgotten"): "0x60 40x60", EMPTY: "0x120"},
    ),
    Case(
        "TrendSparkGapsOpen",
        "a ceiling keeps them open",
        "13h",
        {'trendspark_queue_backlog{type="gaps_open"}': "3x900"},
        _alert("3", type="gaps_open"),
    ),
    Case("TrendSparkGapsOpen", "filled in time", "13h", {'trendspark_queue_backlog{type="gaps_open"}': "3x200 0x700"}),
    Case(
        "TrendSparkStreamSilent",
        "it does not run any more",
        "20m",
        {**STREAM_ON, "trendspark_stream_last_data_timestamp_seconds": "0x60"},
        _alert(),
    ),
    Case("TrendSparkStreamSilent", "it was switched on and never ran", "20m", STREAM_ON, _alert()),
    Case(
        "TrendSparkStreamSilent",
        "something came",
        "20m",
        {**STREAM_ON, "trendspark_stream_last_data_timestamp_seconds": "0+60x60"},
    ),
    Case(
        "TrendSparkStreamSilent",
        "a ceiling ends it each minute",
        "20m",
        {
            **STREAM_ON,
            **_job("last_exit_code", "75x60", job="stream"),
            **_job("last_run_timestamp_seconds", "0+60x60", job="stream"),
        },
    ),
    Case(
        "TrendSparkStreamSilent",
        "a ceiling ended it once, and it does not run any more",
        "20m",
        {
            **STREAM_ON,
            **_job("last_exit_code", "75x60", job="stream"),
            **_job("last_run_timestamp_seconds", "60x60", job="stream"),
        },
        _alert(),
    ),
    Case("TrendSparkStreamSilent", "it is switched off", "20m", {"trendspark_stream_enabled": "0x60"}),
    Case("TrendSparkStreamSilent", "it is paused", "20m", {**STREAM_ON, **_job("paused", "1x60", job="stream")}),
    Case(
        "TrendSparkStreamUnsteady",
        "X closes it each minute",
        "40m",
        {'trendspark_stream_reconnects_total{reason="closed"}': "0+1x60"},
        _alert("30"),
    ),
    Case(
        "TrendSparkStreamUnsteady",
        "once in half an hour",
        "40m",
        {'trendspark_stream_reconnects_total{reason="closed"}': "0x20 1x60"},
    ),
    Case(
        "TrendSparkStreamLags",
        "this machine cannot keep up",
        "20m",
        {"trendspark_stream_lag_seconds": "90x60", "trendspark_stream_connected": "1x60"},
        _alert("1m 30s"),
    ),
    Case(
        "TrendSparkStreamLags",
        "it ended; the last value stays",
        "20m",
        {"trendspark_stream_lag_seconds": "90x60", "trendspark_stream_connected": "0x60"},
    ),
)

SERVICES = (
    Case(
        "TrendSparkOutboxStuck",
        "Telegram is down",
        "20m",
        {"trendspark_alerts_oldest_pending_seconds": "0+120x60"},
        _alert("40m 0s"),
    ),
    Case("TrendSparkOutboxStuck", "sent in time", "20m", {"trendspark_alerts_oldest_pending_seconds": "40x60"}),
    Case(
        "TrendSparkAlertsDead",
        "messages were refused",
        "20m",
        {'trendspark_queue_backlog{type="alerts_dead"}': "2x60"},
        _alert("2", type="alerts_dead"),
    ),
    Case("TrendSparkAlertsDead", "none", "20m", {'trendspark_queue_backlog{type="alerts_dead"}': "0x60"}),
    Case("TrendSparkCredentialsRefused", "a token has expired", "5m", _job("last_exit_code", "77x60"), ((INGEST, ""),)),
    Case("TrendSparkCredentialsRefused", "X is down", "5m", _job("last_exit_code", "69x60")),
    Case(
        "TrendSparkApiRefuses",
        "each request is answered with 401",
        "2h",
        {**_api("4xx", "0+0.0625x200"), **_api("2xx", "50x200")},
        _alert(service="x"),
    ),
    Case("TrendSparkApiRefuses", "one in ten", "2h", {**_api("4xx", "0+0.1x200"), **_api("2xx", "0+1x200")}),
    Case("TrendSparkApiRefuses", "one, on a quiet day", "2h", {**_api("4xx", "0x90 1x100"), **_api("2xx", "50x200")}),
    Case(
        "TrendSparkApiFails",
        "no answers",
        "2h",
        {**_api("transport", "0+0.0625x200"), **_api("2xx", "50x200")},
        _alert(service="x"),
    ),
    Case("TrendSparkApiFails", "one in ten", "2h", {**_api("5xx", "0+0.1x200"), **_api("2xx", "0+1x200")}),
    Case(
        "TrendSparkRateLimitSpent",
        "another program uses it up",
        "40m",
        {'trendspark_api_rate_limit_remaining{service="x"}': "0x60"},
        _alert(service="x"),
    ),
    Case(
        "TrendSparkRateLimitSpent",
        "until the next window",
        "40m",
        {'trendspark_api_rate_limit_remaining{service="x"}': "0x15 449x60"},
    ),
    Case(
        "TrendSparkModelFails",
        "the key was revoked",
        "6h",
        {MODEL % "refused": "0+0.02x400", MODEL % "ok": "40x400"},
        _alert(),
    ),
    Case("TrendSparkModelFails", "one call in ten", "6h", {MODEL % "broken": "0+0.02x400", MODEL % "ok": "0+0.2x400"}),
    Case(
        "TrendSparkBudgetReached",
        "the day's reads are used",
        "10m",
        {BUDGET % "day": "1x60"},
        _alert(service="x", period="day"),
    ),
    Case("TrendSparkBudgetReached", "nearly", "10m", {BUDGET % "day": "0.97x60"}),
    Case(
        "TrendSparkBudgetNearlyUsed",
        "nine tenths of the month",
        "2h",
        {BUDGET % "month": "0.9x200"},
        _alert("90%", service="x", period="month"),
    ),
    Case("TrendSparkBudgetNearlyUsed", "a day's ceiling", "2h", {BUDGET % "day": "0.9x200"}),
    Case("TrendSparkBudgetNearlyUsed", "half of the month", "2h", {BUDGET % "month": "0.5x200"}),
)

KEEPING = (
    Case(
        "TrendSparkArchiveBacklog",
        "archive does not run",
        "27h",
        {'trendspark_queue_backlog{type="archive_rows"}': "700x2000"},
        _alert("700", type="archive_rows"),
    ),
    Case(
        "TrendSparkArchiveBacklog",
        "taken by the nightly run",
        "27h",
        {'trendspark_queue_backlog{type="archive_rows"}': "700x1200 0x700"},
    ),
    Case(
        "TrendSparkArchiveObjectsMissing",
        "an object was deleted",
        "5m",
        {"trendspark_archive_objects_missing": "1x20"},
        _alert("1"),
    ),
    Case("TrendSparkArchiveObjectsMissing", "all are there", "5m", {"trendspark_archive_objects_missing": "0x20"}),
    Case("TrendSparkDataDamaged", "a checksum is wrong", "5m", _job("last_exit_code", "65x20"), ((INGEST, ""),)),
    Case("TrendSparkDataDamaged", "X is down", "5m", _job("last_exit_code", "69x20")),
    Case(
        "TrendSparkDiskNearlyFull",
        "half a gigabyte is left",
        "10m",
        {"trendspark_disk_free_bytes": "536870912x20"},
        _alert("512Mi"),
    ),
    Case("TrendSparkDiskNearlyFull", "enough is left", "10m", {"trendspark_disk_free_bytes": "5368709120x20"}),
    Case(
        "TrendSparkDatabaseGrows",
        "a gigabyte a day",
        "26h",
        {"trendspark_db_size_bytes": "0+745654x2000", "trendspark_disk_free_bytes": "5368709120x2000"},
        _alert("7Gi"),
    ),
    Case(
        "TrendSparkDatabaseGrows",
        "a fresh installation fills quickly",
        "3h",
        {"trendspark_db_size_bytes": "0+745654x2000", "trendspark_disk_free_bytes": "5368709120x2000"},
    ),
    Case(
        "TrendSparkDatabaseGrows",
        "as large as yesterday",
        "26h",
        {"trendspark_db_size_bytes": "1e9x2000", "trendspark_disk_free_bytes": "5368709120x2000"},
    ),
    # There is no silence in which this one is quiet; that it fires without any series is its promise.
    Case("TrendSparkWatchdog", "nothing is there", "1m", {}, (({}, ""),)),
)

CASES = (*JOBS, *FILES, *INGEST_AND_STREAM, *SERVICES, *KEEPING)
