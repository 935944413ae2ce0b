"""What people say of trends: kept, shown, and used when topics like them come again."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from trendspark_cli.ranking.lifecycle.feedback import Verdict, opening_threshold

from tests.ingest.operator import Operator
from tests.rank.test_rank_job import NOW, TICK, burst, write_posts
from tests.ranking.streams import background
from trendspark_cli.base.errors import UsageError
from trendspark_cli.trends.verdicts import keep_verdict

DAY = 86400
NOISE = Verdict(1, ("lottery", "winner"), 15.0, 0, is_noise=True)


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


def test_a_burst_like_one_marked_noise_opens_no_trend(operator: Operator) -> None:
    mark(operator, "noise")

    again(operator)

    assert opened(operator) == 1


def test_without_a_mark_it_opens_one(operator: Operator) -> None:
    again(operator)

    assert opened(operator) == 2


def test_good_takes_noise_back(operator: Operator) -> None:
    mark(operator, "noise")
    mark(operator, "good")

    again(operator)

    assert opened(operator) == 2


def test_a_trend_marked_as_noise_tells_nobody_how_it_grows(operator: Operator) -> None:
    mark(operator, "noise")
    operator.later(minutes=15)
    burst(operator, "lottery winner", posts=90, ends=operator.now)

    operator.rank()

    assert operator.rows("SELECT observed > 30 AS grew FROM trends") == [{"grew": 1}]
    assert len(operator.rows("SELECT id FROM notifications WHERE category LIKE 'trend%'")) == 1


def test_a_topic_like_noise_must_be_twice_as_large_and_half_of_that_fades_in_thirty_days() -> None:
    needed = [opening_threshold(6.2, [NOISE], ["winner", "town"], day * DAY) for day in (0, 30, 60)]

    assert needed == pytest.approx([18.0, 12.1, 9.15])


def test_other_topics_keep_their_threshold() -> None:
    assert opening_threshold(6.2, [NOISE], ["harbour", "bridge"], DAY) == 6.2


def test_a_mark_is_not_known_before_it_was_made() -> None:
    assert opening_threshold(6.2, [NOISE], ["lottery"], -1) == 6.2


def test_a_mark_is_shown_with_who_and_when_and_why(operator: Operator) -> None:
    mark(operator, "noise", note="adverts\x1b[2J of a shop")

    shown = operator.command("trends", "show", "1").stdout
    [listed] = json.loads(operator.command("trends", "list", "--json").stdout)["trends"]

    assert "marked as noise by ann on 11-01 12:00Z: adverts" in shown
    assert "\x1b" not in shown
    assert (listed["mark"]["mark"], listed["mark"]["marked_by"]) == ("noise", "ann")


def test_a_raised_bar_is_explained(operator: Operator) -> None:
    mark(operator, "noise")
    again(operator, posts=90)

    told: Any = json.loads(operator.command("trends", "explain", "2", "--json").stdout)

    assert told["threshold"] > 6.2
    assert told["threshold_reason"] == "the default, raised by a trend of its terms that was marked as noise"


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
        "trend 1 is marked as noise: topics like it need more to open a trend from now on\n",
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
