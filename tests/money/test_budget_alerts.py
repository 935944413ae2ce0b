"""What an operator is told when money runs out: at 80 %, at the end, and when X itself gives nothing more."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ingest.conftest import ids_of, week_of_posts
from tests.ingest.operator import NOW, Operator
from tests.money.conftest import budget_alerts
from tests.servers import Fault, XServer, faults, x_post
from trendspark_cli.base.errors import CeilingReachedError
from trendspark_cli.base.models import Ceiling
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.spending.budget import Budget
from trendspark_cli.store.sqlite.store import open_sqlite


def test_at_80_percent_and_at_the_end_of_a_ceiling_one_alert_each_is_queued(operator: Operator) -> None:
    operator.environment["X_MAX_READS_PER_DAY"] = "420"
    operator.ingest()
    operator.environment["X_MAX_READS_PER_DAY"] = "350"

    for _ in range(3):
        operator.ingest()

    assert budget_alerts(operator) == [
        "x: 80 % of the ceiling for the day 2026-11-01 is used",
        "x: the ceiling for the day 2026-11-01 is reached",
    ]


def test_a_run_that_stops_at_a_ceiling_before_its_last_unit_tells_its_end(operator: Operator) -> None:
    operator.environment["X_MAX_READS_PER_DAY"] = "105"

    operator.ingest()

    assert budget_alerts(operator)[-1] == "x: the ceiling for the day 2026-11-01 is reached"


def test_the_next_day_has_alerts_of_its_own(operator: Operator) -> None:
    operator.environment["X_MAX_READS_PER_DAY"] = "100"
    operator.ingest()

    operator.later(hours=13)
    operator.ingest()

    assert budget_alerts(operator)[-1] == "x: the ceiling for the day 2026-11-02 is reached"


def test_far_from_a_ceiling_nothing_is_told(operator: Operator) -> None:
    operator.ingest()

    assert budget_alerts(operator) == []


def test_a_ceiling_of_nothing_is_no_news(operator: Operator) -> None:
    operator.environment["X_MAX_READS_PER_DAY"] = "0"

    result = operator.ingest()

    assert (result.exit_code, budget_alerts(operator)) == (75, [])


@pytest.mark.parametrize(
    ("fault", "exit_code"),
    [(faults.credits_depleted, 77), (faults.usage_capped, 75)],
    ids=["no credits", "usage cap"],
)
def test_an_empty_account_is_told_once_a_day_and_says_what_helps(
    operator: Operator, x_server: XServer, fault: Callable[[], Fault], exit_code: int
) -> None:
    x_server.faults.add(fault(), times=None)

    codes = [operator.ingest().exit_code for _ in range(2)]

    bodies = operator.rows("SELECT body FROM notifications WHERE category = 'budget_alert'")
    assert codes == [exit_code, exit_code]
    assert len(bodies) == 1
    assert "developer portal" in bodies[0]["body"]


def test_a_rate_limit_is_no_empty_account(operator: Operator, x_server: XServer) -> None:
    x_server.faults.add(faults.rate_limited(faults.Reset.FAR), times=None)

    result = operator.ingest()

    assert (result.exit_code, budget_alerts(operator)) == (75, [])


def test_without_a_channel_the_alert_is_muted(operator: Operator) -> None:
    operator.environment |= {"TELEGRAM_CHAT_ID": "", "X_MAX_READS_PER_DAY": "100"}

    operator.ingest()

    assert operator.rows("SELECT DISTINCT status FROM notifications") == [{"status": "muted"}]


@pytest.mark.only_sqlite
def test_many_at_once_never_pass_a_ceiling_together(operator: Operator) -> None:
    def buy(number: int) -> int:
        """Buy pages of up to 40 until the ceiling, through a connection of its own."""
        return _buy_until_refused(operator.database, number)

    with ThreadPoolExecutor(6) as pool:
        bought = sum(pool.map(buy, range(6)))

    assert 990 < bought <= 1000
    assert operator.rows("SELECT sum(used) AS used FROM spend") == [{"used": bought}]


def test_ingest_and_gaps_fill_share_a_ceiling_and_lose_nothing(operator: Operator, x_server: XServer) -> None:
    operator.environment |= {"X_MAX_READS_PER_DAY": "1000", "KEYWORDS": "bridge,ferry"}
    more = [x_post(NOW - timedelta(minutes=3 + n), f"the ferry {n}", author_id=f"7{n}") for n in range(1300)]
    x_server.add(more)

    for run in (operator.ingest, operator.fill_gaps, operator.ingest, operator.fill_gaps):
        run()
    today = x_server.billing.delivered_posts
    operator.later(hours=12, minutes=1)
    operator.ingest()

    assert 990 <= today <= 1000
    assert operator.stored_ids() == ids_of(week_of_posts()) | ids_of(more)
    assert operator.rows("SELECT * FROM gaps WHERE state = 'open'") == []


def _buy_until_refused(database: Path, number: int) -> int:
    store = open_sqlite(database)
    budget = Budget("x", (Ceiling("day", 1000, "X_MAX_READS_PER_DAY"),), 0.005)
    job, bought = JobContext(store, NOW, None, profile=f"profile-{number}"), 0
    try:
        while True:
            reservation = budget.reserve(job, "search_recent", wanted=40, least=10)
            used = reservation.units - number % 3
            with store.transaction():
                budget.settle(job, reservation, used)
            bought += used
    except CeilingReachedError:
        return bought
    finally:
        store.close()
