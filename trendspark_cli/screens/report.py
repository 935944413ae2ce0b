"""What `report` is given: its place, whose trends it tells of, and how the installation does, in tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from trendspark_cli import __version__
from trendspark_cli.app.job_bodies import Body
from trendspark_cli.base.errors import ConfigError
from trendspark_cli.base.report_places import report_place_problem
from trendspark_cli.base.settings import Settings

if TYPE_CHECKING:
    from trendspark_cli.app.wired import Wired
    from trendspark_cli.crontabs.timetable import Timetable
    from trendspark_cli.reports.page import State, StateTable
    from trendspark_cli.running.job_context import JobContext
    from trendspark_cli.screens.budget_report import BudgetRow
    from trendspark_cli.store.protocol import Store

SHOWN_RUNS = 30
LONGEST_CELL = 300  # characters of an error or a reason


def report_body(*, since: timedelta | None = None, profile: str = "", output: str = "") -> Body:
    """Return the body of `report`: to a folder, or to the place of the settings."""

    def body(wired: Wired) -> None:
        from trendspark_cli.app.adapters.reports import report_place
        from trendspark_cli.jobs.report import ReportRules, report

        settings = wired.settings
        url = f"file://{quote(str(Path(output).expanduser().absolute()))}" if output else settings.report_url
        if problem := report_place_problem(url, settings):
            raise ConfigError(problem.replace("REPORT_URL", "--output") if output else problem)
        profiles = wired.profiles([profile] if profile else ())
        rules = ReportRules(
            span=since or settings.report_since,
            version=__version__,
            profile=profile,
            fits=_fits(wired, profile),
            watchlist=[term for one in profiles for term in one.watchlist],
            interest=tuple(one.interest for one in wired.profiles() if one.interest),
        )
        place = report_place(settings, wired.job.api_calls.append, url)
        try:
            report(wired.job, place, rules, lambda: state_of(wired.job, settings, wired.timetable))
        finally:
            if not wired.job.dry_run:
                wired.job.write(wired.job.record_calls)

    return body


def _fits(wired: Wired, profile: str) -> Callable[[str], bool] | None:
    """Return what tells whether a text is about what a profile looks for; None when all are wanted."""
    from trendspark_cli.collecting.matching import Matcher

    return Matcher(wired.profiles([profile])).matches if profile else None


def state_of(job: JobContext, settings: Settings, timetable: Callable[[], Timetable]) -> State:
    """Return how the installation does, by its own records: nobody is asked, nothing costs."""
    from trendspark_cli.kinds.channels import channels_of, configured_channels
    from trendspark_cli.reports.page import State
    from trendspark_cli.screens.health_report import recorded_health
    from trendspark_cli.screens.health_words import facts_of, word_of

    store, now = job.store, job.now
    health, used = recorded_health(settings, now, timetable), configured_channels(settings)
    for name in channels_of(settings):  # `health` asks them, we go by what they said
        told = {"configured": False, "reason": "not set up"} if name not in used else {}
        health[name] = {"ok": True, **told, **health.get(name, {})}
    ill = [name for name, state in health.items() if not state["ok"]]
    rows = [(name, word_of(state), str(state.get("reason") or facts_of(state))) for name, state in health.items()]
    return State(
        wrong=f"not well: {', '.join(ill)}" if ill else "",
        tables=(
            _table("Health", ("part", "state", "what"), rows),
            _budget(store, settings, now),
            _archive(store, settings),
            _jobs(store, now, timetable()),
            _runs(store, job.run_id),
        ),
    )


def _budget(store: Store, settings: Settings, now: datetime) -> StateTable:
    from trendspark_cli.app.adapters.spending import spending_ceilings, unit_prices
    from trendspark_cli.screens.budget_report import budget_rows

    rows = [
        (row.service, row.period, f"{row.used:,}", _ceiling(row), f"{row.forecast:,}", _usd(row.used_usd))
        for row in budget_rows(store, spending_ceilings(settings), unit_prices(settings), now)
    ]
    columns = ("service", "period (UTC)", "used", "ceiling", "heading for", "cost")
    return _table("Budget", columns, rows, nothing="Nothing here costs anything.")


def _archive(store: Store, settings: Settings) -> StateTable:
    from trendspark_cli.base.console import size_text

    files = store.archives.listing(2**62)
    tables = dict.fromkeys(manifest.table_name for manifest in files)
    rows = []
    for table in tables:
        own = [manifest for manifest in files if manifest.table_name == table]
        days, size = [manifest.day for manifest in own], sum(manifest.bytes or 0 for manifest in own)
        count = sum(manifest.rows or 0 for manifest in own)
        rows.append((table, f"{len(own):,}", f"{count:,}", size_text(size), min(days), max(days)))
    nothing = "Nothing has left the database yet." if settings.archive_url else "There is no archive: ARCHIVE_URL."
    return _table("Archive", ("rows of", "files", "rows", "size", "from", "to"), rows, nothing=nothing)


def _jobs(store: Store, now: datetime, timetable: Timetable) -> StateTable:
    from trendspark_cli.base.console import short_time
    from trendspark_cli.screens.job_overview import job_overview

    rows = [
        (
            job.id,
            "paused" if job.paused else job.last_status or "",
            short_time(job.last_run),
            short_time(job.last_success),
            short_time(job.next_run),
            f"{job.failures}" if job.failures else "",
        )
        for job in job_overview(store, now, timetable)
        if job.last_run is not None or job.paused
    ]
    columns = ("job", "last run ended as", "began", "last success", "next", "failures in a row")
    return _table("Jobs", columns, rows, nothing="No job has run yet.")


def _runs(store: Store, own_id: int | None) -> StateTable:
    """Return the last runs, without the one that makes the report."""
    from trendspark_cli.base.console import short_time

    rows = [
        (
            str(run.id),
            run.job_id,
            short_time(run.started_at),
            run.status,
            "" if run.duration is None else f"{run.duration:.1f} s",
            run.error or "",
        )
        for run in store.job_runs.history(SHOWN_RUNS)
        if run.id != own_id
    ]
    return _table("Last runs", ("run", "job", "began", "ended as", "took", "error"), rows, nothing="There is none.")


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, nothing: str = "") -> StateTable:
    """Return a table whose texts are fit to be shown: masked, and of a bearable length."""
    from trendspark_cli.reports.page import StateTable
    from trendspark_cli.reports.safe_texts import shown_text

    shown = tuple(tuple(shown_text(cell, LONGEST_CELL) for cell in row) for row in rows)
    return StateTable(title, columns, shown, nothing=nothing)


def _ceiling(row: BudgetRow) -> str:
    if row.limit is not None:
        return f"{row.limit:,}"
    return "" if row.limit_usd is None else _usd(row.limit_usd)


def _usd(value: float) -> str:
    return f"${value:,.2f}"
