"""Every panel of the four dashboards, in one table: textfile_collector/grafana/dashboards is made from it.

`HOST` narrows a query to the installations chosen at the top of a dashboard, `$window` is the range chosen there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

HOST = 'instance=~"$instance"'


@dataclass(frozen=True)
class Panel:
    """A picture of one thing. `unit` is Grafana's name of it; `queries` are expressions with their legends."""

    title: str
    description: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: Literal["timeseries", "stat", "table"] = "timeseries"
    width: int = 12  # of 24
    steps: tuple[float, ...] = ()  # where its colour turns yellow, then red
    is_stacked: bool = False  # only where zeros are left out: they would lie over the others


@dataclass(frozen=True)
class Dashboard:
    """A page of panels, in sections of a title each."""

    uid: str
    title: str
    description: str
    sections: Mapping[str, tuple[Panel, ...]]


def _stat(
    title: str, description: str, unit: str, expr: str, *, legend: str = "", steps: tuple[float, ...] = ()
) -> Panel:
    return Panel(title, description, unit, ((expr, legend),), "stat", width=4, steps=steps)


def _by(label: str, function: str, name: str, more: str = "") -> tuple[str, str]:
    matchers = ", ".join(filter(None, (HOST, more)))
    return f"sum by ({label}) ({function}({name}{{{matchers}}}[$window]))", f"{{{{{label}}}}}"


def _last_success(job: str) -> str:
    return f'time() - max(trendspark_job_last_success_timestamp_seconds{{{HOST}, job="{job}"}})'


def _backlog(kind: str) -> str:
    return f'sum(trendspark_queue_backlog{{{HOST}, type="{kind}"}})'


INGEST = Dashboard(
    "trendspark-ingest",
    "TrendSpark / Ingest overview",
    "What comes in, from where, what it costs, and what becomes of it.",
    {
        "Now": (
            _stat(
                "Last ingest", "Time since the last run that worked.", "s", _last_success("ingest"), steps=(1800, 3600)
            ),
            _stat(
                "New posts, 24 hours",
                "Posts stored for the first time.",
                "short",
                f"sum(increase(trendspark_ingest_items_total{{{HOST}}}[24h]))",
            ),
            _stat("Open trends", "Trends that are going on.", "short", f"sum(trendspark_trends_open{{{HOST}}})"),
            _stat("Open gaps", "Stretches of time not read yet.", "short", _backlog("gaps_open"), steps=(1, 20)),
            _stat(
                "X's month used",
                "Part of X_MAX_READS_PER_MONTH.",
                "percentunit",
                f'max(trendspark_budget_used_ratio{{{HOST}, service="x", period="month"}})',
                steps=(0.8, 1),
            ),
            Panel(
                "Version",
                "What runs on each host.",
                "short",
                ((f"trendspark_build_info{{{HOST}}}", "{{version}}"),),
                "stat",
                width=4,
            ),
        ),
        "Posts": (
            Panel(
                "New posts per second",
                "The first query of the runbook. A job of every 15 minutes needs a window of an hour or more.",
                "cps",
                ((f"rate(trendspark_ingest_items_total{{{HOST}}}[$window])", "{{source}}"),),
            ),
            Panel(
                "New posts in the window",
                "Posts stored for the first time, by source.",
                "short",
                (_by("source", "increase", "trendspark_ingest_items_total"),),
            ),
            Panel(
                "Runs that reached a source",
                "Stands still when nothing runs, or no source answers.",
                "short",
                ((f"sum(increase(trendspark_ingest_cycles_total{{{HOST}}}[$window]))", "ingest runs"),),
            ),
            Panel(
                "Posts ranked",
                "Posts the ranker has looked at.",
                "short",
                ((f"sum(increase(trendspark_rank_posts_total{{{HOST}}}[$window]))", "posts"),),
            ),
            Panel(
                "Items that were not stored",
                "By reason. `forgotten` are posts you deleted for good.",
                "short",
                (_by("reason", "increase", "trendspark_ingest_rejected_total"),),
            ),
            Panel(
                "Times of a wrong clock",
                "Stored times later than they can be, taken back. Above 0, this machine's clock was wrong.",
                "short",
                (_by("kind", "increase", "trendspark_clock_healed_total"),),
            ),
            Panel(
                "Trends by source",
                "Trends that are going on and have posts of a source; one of several sources counts in each.",
                "short",
                ((f"sum by (source) (trendspark_trends_open_by_source{{{HOST}}})", "{{source}}"),),
            ),
            Panel(
                "Trends and gaps",
                "Trends that are going on; stretches of time not read yet.",
                "short",
                (
                    (f"sum(trendspark_trends_open{{{HOST}}})", "open trends"),
                    (_backlog("gaps_open"), "open gaps"),
                ),
            ),
        ),
        "Services and money": (
            Panel(
                "Requests by answer",
                "Of all services. 4xx: credentials, rights or rate limit. 5xx and transport: theirs, or the network.",
                "short",
                (
                    (
                        f"sum by (service, code_class)"
                        f" (increase(trendspark_api_requests_total{{{HOST}}}[$window])) > 0",
                        "{{service}} {{code_class}}",
                    ),
                ),
                is_stacked=True,
            ),
            Panel(
                "Requests left",
                "As each service last said. 0: its rate limit is used up.",
                "short",
                ((f"min by (service) (trendspark_api_rate_limit_remaining{{{HOST}}})", "{{service}}"),),
            ),
            Panel(
                "Posts read from X",
                "As billed, by endpoint.",
                "short",
                (_by("endpoint", "increase", "trendspark_x_reads_total"),),
            ),
            Panel(
                "Cost of X",
                "At X_PRICE_PER_READ_USD, in the window.",
                "currencyUSD",
                ((f"sum(increase(trendspark_x_cost_usd_total{{{HOST}}}[$window]))", "USD"),),
            ),
            Panel(
                "Ceilings",
                "Part of each ceiling that is used or reserved. At 100 % nothing more is bought.",
                "percentunit",
                ((f"max by (service, period) (trendspark_budget_used_ratio{{{HOST}}})", "{{service}} {{period}}"),),
                width=24,
                steps=(0.8, 1),
            ),
        ),
        "Stream": (
            Panel(
                "Connected",
                "1 while X's stream is open; enabled when X_STREAM_ENABLED is true.",
                "bool_yes_no",
                (
                    (f"max(trendspark_stream_connected{{{HOST}}})", "connected"),
                    (f"max(trendspark_stream_enabled{{{HOST}}})", "enabled"),
                ),
            ),
            Panel(
                "Silence and lag",
                "Time since anything came (keep-alives every 20 s included); age of the newest post when stored.",
                "s",
                (
                    (f"time() - max(trendspark_stream_last_data_timestamp_seconds{{{HOST}}})", "silence"),
                    (f"max(trendspark_stream_lag_seconds{{{HOST}}})", "lag"),
                ),
            ),
            Panel(
                "Broken connections",
                "By reason. Each becomes a gap.",
                "short",
                (_by("reason", "increase", "trendspark_stream_reconnects_total"),),
                width=24,
            ),
        ),
    },
)

ALERTS = Dashboard(
    "trendspark-alerts",
    "TrendSpark / Alert delivery",
    "Whether alerts reach people: what waits, what was sent, what Telegram refused.",
    {
        "Now": (
            _stat(
                "Oldest waiting",
                "Age of the oldest alert that waits.",
                "s",
                f"max(trendspark_alerts_oldest_pending_seconds{{{HOST}}})",
                steps=(300, 900),
            ),
            _stat("Waiting", "Alerts not sent yet.", "short", _backlog("alerts_pending"), steps=(10, 50)),
            _stat("Dead", "Alerts refused for good.", "short", _backlog("alerts_dead"), steps=(1, 10)),
            _stat(
                "Sent, 24 hours",
                "Messages Telegram took.",
                "short",
                f'sum(increase(trendspark_alert_delivery_total{{{HOST}, status="sent"}}[24h]))',
            ),
            _stat("Last delivery run", "Time since `deliver` worked.", "s", _last_success("deliver"), steps=(300, 900)),
        ),
        "Delivery": (
            Panel(
                "Alerts by what became of them",
                "failed and uncertain ones are tried again; muted ones are never sent.",
                "short",
                (_by("status", "increase", "trendspark_alert_delivery_total"),),
            ),
            Panel(
                "Sent by category",
                "Trends, the daily message, failures of jobs and services, ceilings.",
                "short",
                (_by("category", "increase", "trendspark_alert_delivery_total", 'status="sent"'),),
            ),
            Panel(
                "Outbox",
                "Alerts that wait, and alerts that were refused for good.",
                "short",
                (
                    (_backlog("alerts_pending"), "waiting"),
                    (_backlog("alerts_dead"), "dead"),
                ),
            ),
            Panel(
                "Age of the oldest alert that waits",
                "Minutes are usual; a quarter of an hour is an incident.",
                "s",
                ((f"max(trendspark_alerts_oldest_pending_seconds{{{HOST}}})", "oldest"),),
                steps=(300, 900),
            ),
            Panel(
                "Telegram's answers",
                "Requests by kind of answer.",
                "short",
                (_by("code_class", "increase", "trendspark_api_requests_total", 'service="telegram"'),),
            ),
            Panel(
                "Runs of deliver",
                "By how they ended.",
                "short",
                (_by("status", "increase", "trendspark_job_runs_total", 'job="deliver"'),),
            ),
        ),
    },
)

OPENAI = Dashboard(
    "trendspark-openai",
    "TrendSpark / OpenAI usage",
    "Calls of the language model: what they cost, and what came of them.",
    {
        "Now": (
            _stat(
                "Cost, 30 days",
                "At OPENAI_PRICE_INPUT_USD and OPENAI_PRICE_OUTPUT_USD.",
                "currencyUSD",
                f"sum(increase(trendspark_openai_cost_usd_total{{{HOST}}}[30d]))",
            ),
            _stat(
                "Day's tokens used",
                "Part of OPENAI_MAX_TOKENS_PER_DAY.",
                "percentunit",
                f'max(trendspark_budget_used_ratio{{{HOST}, service="openai", period="day"}})',
                steps=(0.8, 1),
            ),
            _stat(
                "Month's money used",
                "Part of OPENAI_MAX_USD_PER_MONTH.",
                "percentunit",
                f'max(trendspark_budget_used_ratio{{{HOST}, service="openai", period="month"}})',
                steps=(0.8, 1),
            ),
            _stat(
                "Calls that worked",
                "In 24 hours: part of all calls whose text could be used.",
                "percentunit",
                f'sum(increase(trendspark_openai_requests_total{{{HOST}, status="ok"}}[24h]))'
                f" / sum(increase(trendspark_openai_requests_total{{{HOST}}}[24h]))",
            ),
            _stat("Last brief", "Time since `brief` worked.", "s", _last_success("brief"), steps=(43200, 90000)),
        ),
        "Usage": (
            Panel(
                "Calls by what came of them",
                "refused: the key. quota: money at OpenAI. broken: an answer that made no sense.",
                "short",
                (_by("status", "increase", "trendspark_openai_requests_total"),),
            ),
            Panel(
                "Calls by kind",
                "Labels of trends, and the daily ideas.",
                "short",
                (_by("kind", "increase", "trendspark_openai_requests_total"),),
            ),
            Panel(
                "Tokens",
                "As the service told them; at most what was allowed where it did not.",
                "short",
                (
                    (
                        f"sum by (kind, direction) (increase(trendspark_openai_tokens_total{{{HOST}}}[$window]))",
                        "{{kind}} {{direction}}",
                    ),
                ),
            ),
            Panel(
                "Cost",
                "In the window, by kind.",
                "currencyUSD",
                (_by("kind", "increase", "trendspark_openai_cost_usd_total"),),
            ),
            Panel(
                "Ceilings",
                "Part of each ceiling that is used or reserved.",
                "percentunit",
                (
                    (
                        f'max by (period) (trendspark_budget_used_ratio{{{HOST}, service="openai"}})',
                        "{{period}}",
                    ),
                ),
                steps=(0.8, 1),
            ),
            Panel(
                "OpenAI's answers",
                "Requests by kind of answer.",
                "short",
                (_by("code_class", "increase", "trendspark_api_requests_total", 'service="openai"'),),
            ),
        ),
    },
)

JOBS = Dashboard(
    "trendspark-jobs",
    "TrendSpark / Job duration",
    "How long jobs take, how they end, whether they run when they should, and the database they work on.",
    {
        "Duration": (
            Panel(
                "Slowest runs",
                "The second query of the runbook: 95 of 100 runs in the window took at most so long.",
                "s",
                (
                    (
                        "histogram_quantile(0.95, sum by (le, job)"
                        f" (rate(trendspark_job_duration_seconds_bucket{{{HOST}}}[$window])))",
                        "{{job}}",
                    ),
                ),
            ),
            Panel(
                "Mean duration",
                "Of the runs in the window; skipped ones aside.",
                "s",
                (
                    (
                        f"sum by (job) (rate(trendspark_job_duration_seconds_sum{{{HOST}}}[$window]))"
                        f" / sum by (job) (rate(trendspark_job_duration_seconds_count{{{HOST}}}[$window])) >= 0",
                        "{{job}}",
                    ),
                ),
            ),
        ),
        "Runs": (
            Panel(
                "Runs by how they ended",
                "skipped: paused, or another run held the lock. abandoned: killed.",
                "short",
                (
                    (
                        f"sum by (job, status) (increase(trendspark_job_runs_total{{{HOST}}}[$window])) > 0",
                        "{{job}} {{status}}",
                    ),
                ),
                is_stacked=True,
            ),
            Panel(
                "Time since the last success, in intervals",
                "1: as usual. Above 2.5 an alert fires.",
                "short",
                (
                    (
                        f"max by (job) ((time() - trendspark_job_last_success_timestamp_seconds{{{HOST}}})"
                        " / on (instance, job) trendspark_job_expected_interval_seconds)",
                        "{{job}}",
                    ),
                ),
                steps=(1.5, 2.5),
            ),
            Panel(
                "Lateness",
                "How long after its scheduled time the last run began.",
                "s",
                ((f"max by (job) (trendspark_job_lateness_seconds{{{HOST}}})", "{{job}}"),),
            ),
            Panel(
                "Jobs",
                "Exit code and age of the last run; 1 where a job is paused.",
                "short",
                (
                    (f"max by (job) (trendspark_job_last_exit_code{{{HOST}}})", "exit code"),
                    (f"max by (job) (time() - trendspark_job_last_run_timestamp_seconds{{{HOST}}})", "seconds ago"),
                    (f"max by (job) (trendspark_job_paused{{{HOST}}})", "paused"),
                ),
                "table",
            ),
        ),
        "Database and archive": (
            Panel(
                "Database",
                "Size of the file, free pages inside it.",
                "bytes",
                (
                    (f"sum(trendspark_db_size_bytes{{{HOST}}})", "size"),
                    (f"sum(trendspark_db_free_bytes{{{HOST}}})", "free inside"),
                ),
            ),
            Panel(
                "Room on its disk",
                "Below 1 GiB an alert fires.",
                "bytes",
                ((f"min by (instance) (trendspark_disk_free_bytes{{{HOST}}})", "{{instance}}"),),
            ),
            Panel(
                "Rows archived",
                "Deleted here after their copy was read back.",
                "short",
                (_by("table", "increase", "trendspark_archive_rows_total"),),
            ),
            Panel(
                "Bytes archived",
                "Written to the archive and read back.",
                "bytes",
                (_by("table", "increase", "trendspark_archive_bytes_total"),),
            ),
            Panel(
                "What waits for the archive, what is missing in it",
                "Rows past retention; objects that were found missing or changed.",
                "short",
                (
                    (_backlog("archive_rows"), "rows that wait"),
                    (f"sum(trendspark_archive_objects_missing{{{HOST}}})", "objects missing"),
                ),
                width=24,
            ),
        ),
    },
)

DASHBOARDS = (INGEST, ALERTS, OPENAI, JOBS)
