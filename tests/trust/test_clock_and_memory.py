"""A clock that was wrong for an hour: what the ranking remembers, trends, restored rows, and what `health` says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from tests.ingest.conftest import week_of_posts
from tests.ingest.operator import NOW, TOKEN, Operator
from tests.installation import x_settings
from tests.rank.viral import ingest, quiet_days
from tests.servers import XServer
from trendspark_cli.base.clock import to_text
from trendspark_cli.crontabs.timetable import example_timetable
from trendspark_cli.screens.health_report import recorded_health
from trendspark_cli.store.rows.stored_times import LONGEST_HOLD

DAY, YEAR = timedelta(days=1), timedelta(days=365)
A_CLOSED_TREND = (
    "INSERT INTO trends (kind, label, terms, state, score, observed, expected, first_seen, last_seen, opened_at,"
    " last_strong_at, peak, closed_at) VALUES ('topic', 'bridge', '[\"bridge\"]', 'closed', 9, 9, 1, ?, ?, ?, ?, ?, ?)"
)
MEMORY = (
    "ranking_runs",
    "ranking_run_parts",
    "ranking_sources",
    "ranking_segments",
    "forecast_usual",
    "forecast_sources",
    "post_forecasts",
)


@pytest.fixture
def x_server() -> Iterator[XServer]:
    """X with a week of posts."""
    with XServer(week_of_posts(), clock=lambda: NOW.timestamp(), bearer_token=TOKEN) as server:
        yield server


@pytest.fixture
def operator(tmp_path: Path, x_server: XServer) -> Operator:
    """An operator who has read them."""
    here = Operator(tmp_path / "home", x_settings(x_server.url, X_FIRST_RUN_LOOKBACK="7d"))
    here.ingest()
    return here


@pytest.fixture
def watcher(tmp_path: Path) -> Operator:
    """An operator who has watched posts for ten days."""
    here = Operator(tmp_path / "home", now=NOW)
    ingest(here, quiet_days(NOW))
    here.rank()
    return here


def write(operator: Operator, sql: str, *values: object) -> None:
    """Put into the database what a wrong clock leaves there."""
    store = operator.store()
    with store.transaction():
        store.connection.execute(sql, values)
    store.close()


def off_by(operator: Operator, server: XServer, off: timedelta) -> None:
    """Set this machine's clock off by so much; X's answers say the right time."""
    operator.now, server.date_off = NOW + off, -off.total_seconds()


def healed(operator: Operator, kind: str) -> float:
    return operator.metric(f'trendspark_clock_healed_total{{kind="{kind}"}}')


@pytest.mark.parametrize("ahead", [30 * DAY, YEAR], ids=["a month", "a year"])
def test_a_rank_by_a_clock_ahead_forgets_nothing_and_learns_nothing(watcher: Operator, ahead: timedelta) -> None:
    before = {table: watcher.rows(f"SELECT * FROM {table}") for table in MEMORY}

    watcher.now = NOW + ahead
    result = watcher.rank()

    assert result.exit_code == 0
    assert all(before.values())
    assert {table: watcher.rows(f"SELECT * FROM {table}") for table in MEMORY} == before


def test_what_waited_for_a_right_clock_is_learnt_afterwards(watcher: Operator) -> None:
    watcher.now = NOW + YEAR
    watcher.rank()

    watcher.now = NOW + DAY
    result = watcher.rank()

    assert result.counts["posts_settled"] > 0  # type: ignore[operator]
    assert result.counts["posts_folded"] > 0  # type: ignore[operator]


def test_a_trend_that_a_clock_ahead_closed_cools_down_from_now_on(operator: Operator) -> None:
    later = to_text(NOW + YEAR)
    write(
        operator,
        A_CLOSED_TREND,
        *[to_text(NOW)] * 5,
        later,
    )

    operator.run("vacuum", lambda job: None)

    assert operator.values("SELECT closed_at FROM trends WHERE label = 'bridge'") == [to_text(NOW)]
    assert healed(operator, "trend") == 1


def test_trends_keep_their_times_while_the_clock_may_be_a_day_back(operator: Operator) -> None:
    write(
        operator,
        A_CLOSED_TREND,
        *[to_text(NOW)] * 6,
    )

    operator.now = NOW - DAY
    result = operator.run("vacuum", lambda job: None)

    assert operator.values("SELECT closed_at FROM trends") == [to_text(NOW)]
    assert result.counts["times_left"] == 1


def test_a_memory_of_the_future_goes_on_from_now(operator: Operator) -> None:
    operator.rank()
    later = to_text(NOW + YEAR)
    tick, day = int((NOW + YEAR).timestamp()) // 900, int((NOW + YEAR).timestamp()) // 86400
    write(
        operator, "UPDATE ranking_progress SET folded_created_at = ?, folded_post_id = 7, swept_tick = ?", later, tick
    )
    write(operator, "UPDATE forecast_progress SET left_created_at = ?, left_post_id = 7, swept_day = ?", later, day)
    write(operator, "INSERT INTO forecast_usual VALUES (1, 3, 3, ?)", day)

    operator.run("vacuum", lambda job: None)

    assert operator.values("SELECT folded_created_at FROM ranking_progress") == [to_text(NOW)]
    assert operator.values("SELECT left_created_at FROM forecast_progress") == [to_text(NOW - 2 * DAY)]
    assert operator.values("SELECT last_day FROM forecast_usual WHERE key = 1") == [day - 365]


def test_rows_restored_by_a_clock_ahead_leave_in_a_year_at_the_latest(operator: Operator) -> None:
    write(
        operator,
        "INSERT INTO archive_manifests (id, table_name, day, format, url, key, state, created_at, restored_until)"
        " VALUES ('m', 'posts', '2026-09-01', 'parquet', 'file:///a', 'k', 'done', ?, ?)",
        to_text(NOW),
        to_text(NOW + YEAR + 14 * DAY),
    )

    operator.run("vacuum", lambda job: None)

    assert operator.values("SELECT restored_until FROM archive_manifests") == [to_text(NOW + LONGEST_HOLD)]


def test_rows_cannot_be_restored_for_longer_than_that(operator: Operator) -> None:
    done = operator.command("archives", "restore", "--since", "2026-09-01", "--hold", "400d")

    assert (done.exit_code, "expected at most 366d" in done.stderr) == (2, True)


@pytest.mark.parametrize(("off", "told"), [(30 * DAY, "ahead of theirs"), (-DAY, "behind theirs")])
def test_health_says_what_services_told_of_this_clock(
    operator: Operator, x_server: XServer, off: timedelta, told: str
) -> None:
    off_by(operator, x_server, off)
    operator.ingest()
    health = recorded_health(operator.installation().settings, operator.now, lambda: example_timetable(UTC))

    assert health["clock"]["ok"] is False
    assert told in str(health["clock"]["reason"])


def test_health_is_content_once_a_service_confirms_the_clock(operator: Operator, x_server: XServer) -> None:
    for off in (30 * DAY, 0 * DAY):
        off_by(operator, x_server, off)
        operator.ingest()

    health = recorded_health(operator.installation().settings, NOW, lambda: example_timetable(UTC))

    assert "told run" not in str(health["clock"].get("reason"))
