"""Every alert rule, in one table: textfile_collector/alerts.yml is made from it.

Series of one installation share `instance`, those of one job `job` as well. A rule drops no other label of a scrape
(`without`, `on`), so people may add their own. Ranges hold several runs of the job they judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_NOT_PAUSED = "unless on (instance, job) trendspark_job_paused == 1"
_FAILURES = "scheduler-job-failures.md#2-failure-details"
_NOT_STARTED = "scheduler-job-failures.md#cron-does-not-start-it"
_SLOW = "scheduler-job-failures.md#locked-slow-or-hanging"
_PAUSED = "scheduler-job-failures.md#5-pause-and-resume"
_CREDENTIALS = "ingestion-failures.md#2-verify-credentials"
_MONEY = "ingestion-failures.md#limits-and-money"
_FILES = "prometheus-grafana.md#5-when-metrics-are-missing"
_RETENTION = "database-retention-archival.md"


@dataclass(frozen=True)
class Rule:
    """An alert. `hold` is how long its expression must be true; `runbook` a page of docs/runbooks and its heading."""

    name: str
    severity: Literal["critical", "warning", "info", "none"]  # none: always firing, to be missed when it stops
    expr: str
    hold: str
    summary: str
    description: str
    runbook: str


JOBS = (
    Rule(
        "TrendSparkJobStale",
        "critical",
        # A run that ends with 75 was held back by a limit and has rules of its own.
        "(time() - trendspark_job_last_success_timestamp_seconds)\n"
        "  > 2.5 * trendspark_job_expected_interval_seconds\n"
        f"{_NOT_PAUSED}\n"
        "unless on (instance, job) (\n"
        "  trendspark_job_last_exit_code == 75 and on (instance, job)\n"
        "  time() - trendspark_job_last_run_timestamp_seconds < 2.5 * trendspark_job_expected_interval_seconds\n"
        ")",
        "5m",
        "{{ $labels.job }} has not succeeded for {{ $value | humanizeDuration }}",
        "More than 2.5 times the usual time between two runs. Cron does not start it, or each run fails.",
        _NOT_STARTED,
    ),
    Rule(
        "TrendSparkJobFailing",
        "warning",
        # 75, 130 and 143 are no failures: held back by a limit, interrupted. alert-test fails in front of people.
        f'trendspark_job_last_exit_code{{job!="alert-test"}} > 0 != 75 != 130 != 143\n{_NOT_PAUSED}',
        "20m",
        "{{ $labels.job }} fails with exit code {{ $value }}",
        "The exit code says who has to act: docs/exit-codes.md. `trendspark jobs history` has the error.",
        _FAILURES,
    ),
    Rule(
        "TrendSparkJobKilled",
        "warning",
        'sum without (status) (increase(trendspark_job_runs_total{status=~"abandoned|timeout"}[1h])) > 0',
        "0s",
        "A run of {{ $labels.job }} was killed or passed its time limit",
        "Out of memory, a reboot, kill -9; or it passed JOB_TIMEOUT_<JOB>. The next run goes on where it stopped.",
        _SLOW,
    ),
    Rule(
        "TrendSparkJobLate",
        "info",
        "trendspark_job_lateness_seconds > 300\n"
        "and on (instance, job) trendspark_job_expected_interval_seconds <= 86400",
        "10m",
        "{{ $labels.job }} began {{ $value | humanizeDuration }} after its time",
        "The machine was asleep or overloaded, or the crontab has other minutes than the schedule.",
        _NOT_STARTED,
    ),
    Rule(
        "TrendSparkJobSlow",
        "warning",
        # `stream` runs until it is stopped.
        'rate(trendspark_job_duration_seconds_sum{job!="stream"}[6h])\n'
        '  / rate(trendspark_job_duration_seconds_count{job!="stream"}[6h])\n'
        "  > on (instance, job) 0.5 * trendspark_job_expected_interval_seconds",
        "15m",
        "{{ $labels.job }} takes {{ $value | humanizeDuration }}, more than half of the time between two runs",
        "When runs take longer than that time, every second one finds the lock held and does nothing.",
        _SLOW,
    ),
    Rule(
        "TrendSparkJobPaused",
        "info",
        "trendspark_job_paused == 1",
        "1d",
        "{{ $labels.job }} has been paused for a day",
        "`trendspark jobs list` says by whom and why.",
        _PAUSED,
    ),
    Rule(
        "TrendSparkJobHeldBack",
        "info",
        "trendspark_job_last_exit_code == 75",
        "2h",
        "{{ $labels.job }} has been held back by a limit for two hours",
        "A rate limit of the service or a ceiling of yours. `trendspark budget` shows the ceilings.",
        _MONEY,
    ),
)

FILES = (
    Rule(
        "TrendSparkMetricsAbsent",
        "critical",
        "absent(trendspark_build_info)",
        "10m",
        "There are no metrics of TrendSpark at all",
        "No job has run yet, the exporter is down, or TEXTFILE_DIR is not the folder it reads.",
        _FILES,
    ),
    Rule(
        "TrendSparkJobMetricsAbsent",
        "warning",
        "max_over_time(trendspark_job_last_run_timestamp_seconds[1d])\n"
        "unless on (instance, job) trendspark_job_last_run_timestamp_seconds",
        "15m",
        "The metrics of {{ $labels.job }} are gone",
        "They were there within the last day. Its .prom file was deleted, cannot be read, or the exporter is down.",
        _FILES,
    ),
    Rule(
        "TrendSparkFilesUnreadable",
        "warning",
        "node_textfile_scrape_error > 0 and on (instance) present_over_time(trendspark_build_info[1d])",
        "5m",
        "node_exporter cannot read a .prom file",
        "Permissions, or a malformed file, perhaps of another program. The log of node_exporter names the file.",
        _FILES,
    ),
    Rule(
        "TrendSparkFilesStale",
        "warning",
        # Never sooner than the job that runs most often is due; nobody knows that while no job has an interval.
        '(time() - node_textfile_mtime_seconds{file=~"(.*/)?trendspark_shared[.]prom"})\n'
        "  > on (instance) group_left ()\n"
        "  clamp_min(2.5 * min by (instance) (trendspark_job_expected_interval_seconds), 7200)",
        "5m",
        "The metrics were last written {{ $value | humanizeDuration }} ago",
        "Every run writes them. Either no job runs, or TEXTFILE_DIR can no longer be written (exit code 73).",
        _FILES,
    ),
    Rule(
        "TrendSparkLabelRenamed",
        "warning",
        'count without (__name__, job, exported_job) (trendspark_job_last_run_timestamp_seconds{exported_job!=""}) > 0',
        "10m",
        "The label job of TrendSpark's series has become exported_job",
        "Rules and dashboards need it. Scrape with one of the two configurations in textfile_collector.",
        _FILES,
    ),
    Rule(
        "TrendSparkCounterReset",
        "warning",
        "sum without (job, status) (resets(trendspark_job_runs_total[1h])) > 0",
        "0s",
        "Counters have fallen",
        "They live in the database and only rise. It was restored from a backup, or is another one than before.",
        "prometheus-grafana.md#6-when-counters-fall-or-clocks-differ",
    ),
    Rule(
        "TrendSparkClockSkew",
        "warning",
        "max by (instance) (trendspark_job_last_run_timestamp_seconds - time()) > 60\n"
        "or max by (instance) (abs(node_timex_offset_seconds) and on (instance) trendspark_build_info) > 1",
        "5m",
        "The clock of {{ $labels.instance }} is wrong by {{ $value | humanizeDuration }}",
        "A run ended in the future, or the kernel says so. Alerts, searches and retention depend on the time.",
        "prometheus-grafana.md#6-when-counters-fall-or-clocks-differ",
    ),
)

INGEST = (
    Rule(
        "TrendSparkIngestStalled",
        "critical",
        "increase(trendspark_ingest_cycles_total[2h]) == 0\n"
        "and on (instance) sum by (instance) (\n"
        '  increase(trendspark_job_runs_total{job="ingest", status!="skipped"}[2h])\n'
        ") >= 2\n"
        'unless on (instance) trendspark_job_last_exit_code{job="ingest"} == 75',
        "10m",
        "Ingest runs and reaches no source",
        "For two hours no run got an answer it could store.",
        "ingestion-failures.md#1-check-worker-logs",
    ),
    Rule(
        "TrendSparkIngestEmpty",
        "warning",
        # Only of sources that are asked and answer; 20 answers are five hours of a run every 15 minutes.
        "sum by (instance, source) (increase(trendspark_ingest_items_total[12h])) == 0\n"
        "and on (instance, source) sum by (instance, source) (\n"
        "  label_replace(\n"
        '    increase(trendspark_api_requests_total{code_class="2xx"}[12h]), "source", "$1", "service", "(.+)"\n'
        "  )\n"
        ") >= 20",
        "30m",
        "{{ $labels.source }} has answered for hours, and no post was new",
        "A query that matches nothing, a subreddit that went private. Lengthen the range for topics that quiet.",
        "ingestion-failures.md#4-fallback",
    ),
    Rule(
        "TrendSparkPostsRejected",
        "warning",
        'sum by (instance, source) (increase(trendspark_ingest_rejected_total{reason!="forgotten"}[6h])) > 20\n'
        "and on (instance, source) (\n"
        '  sum by (instance, source) (increase(trendspark_ingest_rejected_total{reason!="forgotten"}[6h]))\n'
        "    > 0.2 * sum by (instance, source) (increase(trendspark_ingest_items_total[6h]))\n"
        ")",
        "0s",
        "{{ $value | humanize }} items of {{ $labels.source }} could not be stored in six hours",
        "More than a fifth of what is new: what the service sends may have changed. `trendspark audit` says why.",
        "ingestion-failures.md#1-check-worker-logs",
    ),
    Rule(
        "TrendSparkGapsOpen",
        "warning",
        'trendspark_queue_backlog{type="gaps_open"} > 0',
        "12h",
        "{{ $value }} gaps have been open for twelve hours",
        "Posts that were not read yet. X gives them for seven days. Ceilings or failures keep runs from filling them.",
        _MONEY,
    ),
)

STREAM = (
    Rule(
        "TrendSparkStreamSilent",
        "critical",
        "trendspark_stream_enabled == 1\n"
        "unless on (instance) time() - trendspark_stream_last_data_timestamp_seconds < 180\n"
        'unless on (instance) trendspark_job_paused{job="stream"} == 1\n'
        "unless on (instance) (\n"
        '  trendspark_job_last_exit_code{job="stream"} == 75 and on (instance)\n'
        '  time() - trendspark_job_last_run_timestamp_seconds{job="stream"} < 180\n'
        ")",
        "5m",
        "X's stream is switched on and silent",
        "Even a quiet stream sends something every 20 seconds. It does not run, or cannot connect.",
        "real-time-stream-issues.md#2-check-worker-logs-for-stream-errors",
    ),
    Rule(
        "TrendSparkStreamUnsteady",
        "warning",
        "sum without (reason) (increase(trendspark_stream_reconnects_total[30m])) > 6",
        "0s",
        "X's stream broke off {{ $value | humanize }} times in half an hour",
        "Each time without a connection becomes a gap, which costs a search to fill.",
        "real-time-stream-issues.md#2-check-worker-logs-for-stream-errors",
    ),
    Rule(
        "TrendSparkStreamLags",
        "warning",
        "trendspark_stream_lag_seconds > 60 and on (instance) trendspark_stream_connected == 1",
        "10m",
        "Posts of the stream are stored {{ $value | humanizeDuration }} after they were written",
        "X sends them late, or this machine cannot keep up.",
        "real-time-stream-issues.md#4-disable-it-or-start-it-again",
    ),
)

ALERTS = (
    Rule(
        "TrendSparkOutboxStuck",
        "critical",
        "trendspark_alerts_oldest_pending_seconds > 900",
        "5m",
        "An alert has waited for {{ $value | humanizeDuration }}",
        "Telegram does not take messages, or nothing sends them.",
        "telegram-alert-problems.md#2-inspect-logs",
    ),
    Rule(
        "TrendSparkAlertsDead",
        "warning",
        'trendspark_queue_backlog{type="alerts_dead"} > 0',
        "5m",
        "{{ $value }} alerts were refused for good",
        "`trendspark alerts list` has the reason. Send them again or drop them, and this ends.",
        "telegram-alert-problems.md#4-if-failing",
    ),
)

SERVICES = (
    Rule(
        "TrendSparkCredentialsRefused",
        "critical",
        "trendspark_job_last_exit_code == 77",
        "0s",
        "{{ $labels.job }} ended since credentials were refused",
        "A token was revoked or has expired, or X has no credits left.",
        _CREDENTIALS,
    ),
    Rule(
        "TrendSparkApiRefuses",
        "warning",
        'sum without (code_class) (increase(trendspark_api_requests_total{code_class="4xx"}[1h])) > 2\n'
        "and (\n"
        '  sum without (code_class) (increase(trendspark_api_requests_total{code_class="4xx"}[1h]))\n'
        "    > 0.5 * sum without (code_class) (increase(trendspark_api_requests_total[1h]))\n"
        ")",
        "5m",
        "{{ $labels.service }} refuses most requests",
        "401 and 403: credentials or rights. 429: its rate limit. The log has each answer (`request.completed`).",
        "api-error-spikes.md#1-inspect-api-logs",
    ),
    Rule(
        "TrendSparkApiFails",
        "warning",
        'sum without (code_class) (increase(trendspark_api_requests_total{code_class=~"5xx|transport"}[1h])) > 2\n'
        "and (\n"
        '  sum without (code_class) (increase(trendspark_api_requests_total{code_class=~"5xx|transport"}[1h]))\n'
        "    > 0.5 * sum without (code_class) (increase(trendspark_api_requests_total[1h]))\n"
        ")",
        "5m",
        "{{ $labels.service }} fails most requests",
        "Answers of 500 and more, or none at all. Theirs, or the network's.",
        "api-error-spikes.md#3-check-dependencies",
    ),
    Rule(
        "TrendSparkRateLimitSpent",
        "warning",
        "trendspark_api_rate_limit_remaining == 0",
        "30m",
        "{{ $labels.service }} leaves no request",
        "Another program with the same credentials, or a crontab that asks too often.",
        _MONEY,
    ),
    Rule(
        "TrendSparkModelFails",
        "warning",
        'sum by (instance) (increase(trendspark_openai_requests_total{status!="ok"}[6h])) > 2\n'
        "and (\n"
        '  sum by (instance) (increase(trendspark_openai_requests_total{status!="ok"}[6h]))\n'
        "    > 0.5 * sum by (instance) (increase(trendspark_openai_requests_total[6h]))\n"
        ")",
        "0s",
        "Most calls of the language model fail",
        "Messages go out with extracted text meanwhile. The log has the reason.",
        "api-error-spikes.md#1-inspect-api-logs",
    ),
    Rule(
        "TrendSparkBudgetReached",
        "warning",
        "trendspark_budget_used_ratio >= 1",
        "5m",
        "The ceiling of {{ $labels.service }} for this {{ $labels.period }} is reached",
        "Nothing more is bought until the next one begins (UTC) or the setting is raised.",
        _MONEY,
    ),
    Rule(
        "TrendSparkBudgetNearlyUsed",
        "info",
        'trendspark_budget_used_ratio{period="month"} > 0.8 < 1',
        "1h",
        "{{ $value | humanizePercentage }} of the month's ceiling of {{ $labels.service }} is used",
        "`trendspark budget` forecasts the end of the month.",
        _MONEY,
    ),
)

KEEPING = (
    Rule(
        "TrendSparkArchiveBacklog",
        "warning",
        'trendspark_queue_backlog{type="archive_rows"} > 0',
        "26h",
        "{{ $value }} rows past retention are not archived",
        "A daily run should have taken them. It does not run, or a guard stops it.",
        f"{_RETENTION}#4-when-a-guard-says-no",
    ),
    Rule(
        "TrendSparkArchiveObjectsMissing",
        "critical",
        "trendspark_archive_objects_missing > 0",
        "0s",
        "{{ $value }} archive objects are missing or changed",
        "Their rows are no longer in the database. Nothing more is deleted until they are back or written off.",
        f"{_RETENTION}#3-track-archives",
    ),
    Rule(
        "TrendSparkDataDamaged",
        "critical",
        "trendspark_job_last_exit_code == 65",
        "0s",
        "{{ $labels.job }} found damaged data",
        "A checksum or the database file is wrong. Stop cron and keep the files as they are.",
        _FAILURES,
    ),
    Rule(
        "TrendSparkDiskNearlyFull",
        "critical",
        "trendspark_disk_free_bytes < 1073741824",
        "5m",
        "The disk of the database has {{ $value | humanize1024 }}B left",
        "Jobs end with exit code 74 when it is full. Archive, vacuum, or make room.",
        f"{_RETENTION}#2-archive-workflow",
    ),
    Rule(
        "TrendSparkDatabaseGrows",
        "warning",
        "7 * (trendspark_db_size_bytes - trendspark_db_size_bytes offset 1d) > trendspark_disk_free_bytes",
        "1h",
        "The database fills its disk within a week: {{ $value | humanize1024 }}B at the pace of the last day",
        "Archive, vacuum, or shorten retention.",
        f"{_RETENTION}#1-retention-windows",
    ),
)

WATCHDOG = (
    Rule(
        "TrendSparkWatchdog",
        "none",
        "vector(1)",
        "0s",
        "Monitoring works",
        "Always firing. Send it to a service that tells you when it stops coming.",
        "prometheus-grafana.md#7-who-watches-the-watcher",
    ),
)

GROUPS: Mapping[str, tuple[Rule, ...]] = {
    "trendspark-jobs": JOBS,
    "trendspark-files": FILES,
    "trendspark-ingest": INGEST,
    "trendspark-stream": STREAM,
    "trendspark-alerts": ALERTS,
    "trendspark-services": SERVICES,
    "trendspark-keeping": KEEPING,
    "trendspark-watchdog": WATCHDOG,
}
RULES = {rule.name: rule for rules in GROUPS.values() for rule in rules}
