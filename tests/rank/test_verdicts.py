"""What people say of trends: kept, shown, and used when topics like them come again."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ingest.operator import Operator
from tests.rank.test_rank_job import NOW, TICK, burst, write_posts
from tests.ranking.streams import background
from trendspark_cli.base.errors import UsageError
from trendspark_cli.trends.verdicts import CONSEQUENCES, keep_verdict


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """An operator with three quiet days behind them, who was told of a burst that is over."""
    here = Operator(tmp_path / "home", now=NOW, environment={"ALERT_COOLDOWN_HOURS": "1"})
    file = write_posts(tmp_path / "quiet.ndjson", background(TICK - 3 * 96, 3 * 96))
    here.ingest(file=str(file))
    burst(here, "lottery winner", posts=12)
    here.rank()
    return here


def mark(operator: Operator, verdict: str, trend: int = 1, note: str = "") -> None:
    with closing(operator.store()) as store, store.transaction():
        keep_verdict(store, trend, verdict, note, operator.now, "ann")


def opened(operator: Operator) -> int:
    return int(operator.rows("SELECT count(*) AS n FROM trends")[0]["n"])


def again(operator: Operator, posts: int = 20) -> None:
    """The same words come again a day later."""
    operator.later(hours=22)
    operator.ingest(file=str(write_posts(operator.home / "since.ndjson", background(TICK, 96))))
    operator.rank()
    operator.later(hours=2)
    burst(operator, "lottery winner", posts=posts, ends=operator.now)
    operator.rank()


@pytest.mark.parametrize("said", ["good", "noise"])
def test_no_mark_keeps_a_burst_like_it_from_opening(operator: Operator, said: str) -> None:
    mark(operator, said)

    again(operator)

    assert opened(operator) == 2


def test_a_mark_is_shown_with_who_and_when_and_why(operator: Operator) -> None:
    mark(operator, "noise", note="adverts\x1b[2J of a shop")

    shown = operator.command("trends", "show", "1").stdout
    [listed] = json.loads(operator.command("trends", "list", "--json").stdout)["trends"]

    assert "marked as noise by ann on 11-01 12:00Z: adverts" in shown
    assert "\x1b" not in shown
    assert (listed["mark"]["mark"], listed["mark"]["marked_by"]) == ("noise", "ann")


@pytest.mark.parametrize(("trend", "verdict"), [(9, "noise"), (1, "maybe")])
def test_no_such_trend_and_no_such_verdict_are_usage_errors(operator: Operator, trend: int, verdict: str) -> None:
    with pytest.raises(UsageError):
        mark(operator, verdict, trend)


def test_a_note_that_would_fill_the_screen_is_refused(operator: Operator) -> None:
    with pytest.raises(UsageError, match="501 characters"):
        mark(operator, "noise", note="x" * 501)


def test_a_mark_is_made_on_the_command_line(operator: Operator) -> None:
    done = operator.command("trends", "mark", "1", "noise", "--note", "adverts")

    assert (done.exit_code, done.stdout) == (
        0,
        f"trend 1 is marked as noise: {CONSEQUENCES['noise']}\n",
    )
    assert operator.rows("SELECT trend_id, mark, note FROM trend_marks") == [
        {"trend_id": 1, "mark": "noise", "note": "adverts"}
    ]


def test_a_mark_outlives_its_trend(operator: Operator) -> None:
    mark(operator, "noise")
    with closing(operator.store()) as store, store.transaction():
        store.connection.execute("DELETE FROM trends")

    with closing(operator.store()) as store:
        [kept] = store.trends.verdicts(NOW - timedelta(days=1))

    assert (kept.trend_id, kept.terms[0]) == (None, "lottery winner")
