"""Posts that go viral, on a real database: one trend with its reasons, one life, and silence on quiet days."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.operator import Operator
from tests.rank.conftest import NOW
from tests.rank.viral import ingest, line, observe, quiet_days
from trendspark_cli.app.job_bodies import rank_body
from trendspark_cli.app.wired import Wired
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.console import Output
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.screens.trends import show_ranked
from trendspark_cli.trends.post_forecasts import PostForecasting


@pytest.fixture(scope="module")
def experienced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an operator who has watched posts for ten days."""
    operator = Operator(tmp_path_factory.mktemp("viral") / "home", now=NOW)
    ingest(operator, quiet_days(NOW))
    operator.rank()
    return operator.home


def takes_off(operator: Operator, name: str = "9001", **changes: Any) -> None:
    """Have one post take off within 40 minutes; nobody has ranked what was seen last."""
    observe(operator, name, 10, 6, **changes)
    operator.rank()
    operator.later(minutes=30)
    observe(operator, name, 40, 900, **changes)


def goes_viral(operator: Operator, name: str = "9001", **changes: Any) -> list[dict[str, Any]]:
    """Have one post take off; return the trends `rank` shows then."""
    takes_off(operator, name, **changes)
    return trends_of(operator.rank())


def trends_of(result: Any) -> list[dict[str, Any]]:
    """Return what a run shows of single posts."""
    return [trend for trend in result.extra["trends"] if trend["kind"] == "post"]


def test_a_post_far_beyond_what_is_usual_is_one_trend_with_its_reasons(operator: Operator) -> None:
    [trend] = goes_viral(operator, text="The bridge is open again https://example.org/1")

    assert (trend["label"], trend["state"], trend["sources"]) == ("The bridge is open again", "open", {"x": 1})
    assert trend["expected"] < 100 < 900 == trend["observed"] < trend["forecast"]
    assert trend["posts"][0]["source_id"] == "9001"
    assert trend["terms"] == []


def test_its_alert_says_what_is_expected_and_what_is_usual(operator: Operator) -> None:
    goes_viral(operator)

    [alert] = operator.rows("SELECT category, title, body, trend_id FROM notifications")
    assert alert["category"] == "trending_alert"
    assert "expected, usual here is" in alert["body"]
    assert f"trends explain {alert['trend_id']}" in alert["body"]


def test_quiet_days_open_nothing(operator: Operator) -> None:
    for number in range(12):
        operator.later(minutes=15)
        observe(operator, str(9100 + number), 12, 1 + number % 8)
        observe(operator, str(400 - number), 60 + number, 20)

        assert trends_of(operator.rank()) == []


def test_quiet_days_one_after_the_other_open_less_than_one_trend_in_two_days(tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=NOW - timedelta(days=12))
    lines = sorted(quiet_days(NOW, posts=600, days=12), key=lambda one: one["observed_at"])
    while here.now < NOW:
        here.later(hours=12)
        until = to_text(here.now)
        ingest(here, [one for one in lines if one["observed_at"] < until])
        lines = [one for one in lines if one["observed_at"] >= until]
        here.later(minutes=5)
        here.rank()

    assert here.rows("SELECT settled FROM forecast_sources")[0]["settled"] > 400
    assert len(here.rows("SELECT id FROM trends WHERE kind = 'post'")) <= 3


def test_nothing_is_told_before_two_hundred_posts_have_settled(tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=NOW)
    ingest(here, quiet_days(NOW, posts=245))
    here.rank()

    assert 190 < here.rows("SELECT settled FROM forecast_sources")[0]["settled"] < 200
    assert goes_viral(here) == []


def test_ranking_again_changes_nothing(operator: Operator) -> None:
    goes_viral(operator)
    tables = ("trends", "notifications", "forecast_progress", "forecast_usual", "post_forecasts")
    before = [operator.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables]

    operator.rank()

    assert [operator.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables] == before


def test_a_post_that_grows_stays_one_trend_and_is_told_again_when_twice_as_much_is_expected(
    operator: Operator,
) -> None:
    [before] = goes_viral(operator)
    operator.later(minutes=40)
    observe(operator, "9001", 80, 40_000)

    [trend] = trends_of(operator.rank())

    assert trend["id"] == before["id"]
    assert trend["forecast"] > 2 * before["forecast"]
    assert [row["reply_to"] for row in operator.rows("SELECT reply_to FROM notifications")] == [None, "trend:1:open"]


def test_a_post_that_grows_no_more_closes_after_six_hours_and_does_not_open_again(operator: Operator) -> None:
    goes_viral(operator)
    operator.later(hours=13)
    operator.rank()
    closed = operator.rows("SELECT state FROM trends")
    observe(operator, "9001", 13 * 60 + 40, 4_000)
    operator.later(minutes=15)
    observe(operator, "9001", 13 * 60 + 55, 90_000)

    assert trends_of(operator.rank()) == []
    assert closed == [{"state": "closed"}]


def test_an_author_opens_one_trend_within_the_cooldown(operator: Operator) -> None:
    goes_viral(operator, "9001", author="famous")

    shown = goes_viral(operator, "9002", author="famous")

    assert [trend["posts"][0]["source_id"] for trend in shown] == ["9001"]


def test_an_author_whose_posts_always_go_far_is_no_news(tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=NOW)
    lines = quiet_days(NOW)
    for one in lines:
        if int(one["source_id"]) % 8 == 0:
            one |= {"author": "famous", "likes": one["likes"] * 60}
    ingest(here, lines)
    here.rank()

    assert goes_viral(here, author="famous") == []
    assert len(goes_viral(here, "9002", author="nobody")) == 1


def test_a_rate_of_no_false_alarms_opens_nothing(operator: Operator) -> None:
    operator.environment["ALERT_FALSE_ALARMS_PER_DAY"] = "0"

    assert goes_viral(operator) == []


def test_a_post_is_watched_from_when_it_was_collected_though_nothing_moved_at_first(operator: Operator) -> None:
    created = operator.now
    untimed = line("9001", created, operator.now, 6)
    del untimed["observed_at"]
    ingest(operator, [untimed])
    with closing(operator.store()) as store:
        store.posts.note_counts_read("x", ["9001"], operator.now + timedelta(minutes=35))
    operator.later(minutes=70)
    ingest(operator, [{**untimed, "likes": 900}])

    with closing(operator.store()) as store:
        [judged] = PostForecasting(JobContext(store, operator.now), 0.5).judge(operator.now - timedelta(minutes=30))

    assert judged.watched.first_seen == int(created.timestamp())


def test_counters_no_post_has_and_looks_of_the_future_open_nothing(operator: Operator) -> None:
    observe(operator, "9001", 10, 10**12 - 1)
    ahead = operator.now + timedelta(hours=3)
    observe(operator, "9002", 10, 5)
    observe(operator, "9002", 10, 5_000, observed_at=ahead.strftime("%Y-%m-%dT%H:%M:%SZ"))

    assert trends_of(operator.rank()) == []
    assert (
        operator.rows("SELECT f.* FROM post_forecasts f JOIN posts p ON p.id = post_id WHERE source_id = '9001'") == []
    )


def test_counters_that_fall_open_nothing(operator: Operator) -> None:
    observe(operator, "9001", 10, 30)
    operator.later(minutes=15)
    observe(operator, "9001", 25, 3)

    assert trends_of(operator.rank()) == []


def test_a_post_of_yesterday_opens_nothing(operator: Operator) -> None:
    observe(operator, "9001", 26 * 60, 50_000)

    assert trends_of(operator.rank()) == []


def test_thousands_of_old_posts_without_a_time_of_their_counters_do_not_hide_a_new_one(operator: Operator) -> None:
    long_ago, created = operator.now - timedelta(days=5), operator.now - timedelta(minutes=40)
    old = [line(f"{10_000 + number}", long_ago, operator.now, 50, observed_at=None) for number in range(5_000)]
    before = operator.rows("SELECT count(*) AS n FROM post_forecasts")[0]["n"]

    ingest(operator, [*old, line("9001", created, operator.now, 900, observed_at=None)])

    assert [trend["posts"][0]["source_id"] for trend in trends_of(operator.rank())] == ["9001"]
    assert operator.rows("SELECT count(*) AS n FROM post_forecasts")[0]["n"] <= before + 1


def test_a_dry_run_shows_what_would_open_and_writes_nothing(operator: Operator) -> None:
    takes_off(operator)

    here = operator.installation()
    shown = here.runner(is_dry=True).run("rank", lambda job: rank_body()(Wired(here.settings, job)), is_dry=True)

    assert [trend["id"] for trend in trends_of(shown)] == [None]
    assert operator.rows("SELECT id FROM trends") == []
    assert len(operator.rows("SELECT * FROM forecast_news")) == 1


def test_trends_show_and_explain_say_what_is_expected(operator: Operator) -> None:
    goes_viral(operator)

    listed, explained, as_json = (
        operator.command("trends", *words) for words in (("list",), ("explain", "1"), ("explain", "1", "--json"))
    )

    assert "post 9001" in listed.stdout, listed.stderr
    assert "expected that would have been enough" in explained.stdout, explained.stderr
    assert json.loads(as_json.stdout)["evidence"][0]["usual_posts"] == 0


def test_rank_explains_a_post_in_a_line(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    goes_viral(operator)

    show_ranked(operator.rank(), Output(), explain=True, is_dry=False)

    assert "expected, usual here is" in capsys.readouterr().out


def test_what_is_remembered_stays_small_when_one_post_is_looked_at_thousands_of_times(operator: Operator) -> None:
    created = operator.now - timedelta(minutes=30)
    seen = [created + timedelta(seconds=number / 2) for number in range(3_000)]
    ingest(operator, [line("9001", created, at, 1 + number // 300) for number, at in enumerate(seen)])

    result = operator.rank()

    assert trends_of(result) == []
    assert result.duration_seconds < 2
    assert operator.rows("SELECT * FROM forecast_news") == []


def test_a_post_whose_author_was_forgotten_closes_like_any_other(operator: Operator) -> None:
    goes_viral(operator)
    operator.command("posts", "forget", "--source", "x", "--id", "9001")
    operator.later(hours=7)

    operator.rank()

    assert operator.rows("SELECT state FROM trends") == [{"state": "closed"}]


def test_a_run_that_dies_before_its_trends_are_stored_judges_the_same_posts_again(operator: Operator) -> None:
    takes_off(operator)
    store = operator.store()
    PostForecasting(JobContext(store, operator.now), 0.5).judge(operator.now - timedelta(minutes=30))  # and no more
    store.close()

    assert len(trends_of(operator.rank())) == 1


@pytest.mark.parametrize(
    "text", ["Buy now", "Buy {n} now", "buy NOW {n} 🎉", "Bu\u200by now! {n} https://ad.example/{n}"]
)
def test_copies_by_many_new_authors_are_one_trend(operator: Operator, text: str) -> None:
    created = operator.now - timedelta(minutes=40)
    texts = [text.format(n=n) for n in range(60)]
    ingest(
        operator,
        [line(f"{9000 + n}", created, operator.now, 900 + n, text=t, author=f"new{n}") for n, t in enumerate(texts)],
    )

    assert len(trends_of(operator.rank())) == 1


def test_a_source_in_which_all_take_off_at_once_opens_three(operator: Operator) -> None:
    created = operator.now - timedelta(minutes=40)
    ingest(operator, [line(f"{9000 + n}", created, operator.now, 900 + n) for n in range(60)])

    assert len(trends_of(operator.rank())) == 3
