"""What `backtest` tells of single posts: the trends `rank` opens, from counters of their time, and nothing of later."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.archive.keeping import Keeper
from tests.builders import post
from tests.rank.conftest import NOW
from tests.rank.viral import busy_hours, ingest, line, quiet_days
from trendspark_cli.app.adapters.archives import archive_destinations, archive_spool
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.backtests.simulating import Question
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.console import Output
from trendspark_cli.screens.backtests import sum_up_archive, sum_up_database, sum_up_file
from trendspark_cli.trends.rank_rules import Experience

Simulated = Callable[..., Any]
STEPS = 20  # quarters of an hour in which `rank` really ran


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    """An operator whose `rank` ran every quarter of an hour while some posts went far."""
    here = Keeper(tmp_path_factory.mktemp("lived") / "home", now=NOW)
    ingest(here, quiet_days(NOW, posts=420, days=5))
    here.rank()
    observations = sorted(busy_hours(NOW), key=lambda one: one["observed_at"])
    for _ in range(STEPS):
        here.later(minutes=15)
        until = to_text(here.now)
        new = [one for one in observations if one["observed_at"] <= until]
        observations = observations[len(new) :]
        if new:
            ingest(here, new)
        here.rank()
    return here


@pytest.fixture
def keeper(lived: Keeper, tmp_path: Path) -> Keeper:
    """A copy of that operator, to be changed."""
    shutil.copytree(lived.home.parent, tmp_path / "copy")
    return Keeper(tmp_path / "copy" / "home", now=lived.now)


@pytest.fixture
def simulated(capsys: pytest.CaptureFixture[str]) -> Simulated:
    """Return what asks an operator's database and gives back what was printed: JSON unless *is_text*."""

    def ask(operator: Keeper, *, is_text: bool = False, **asked: Any) -> Any:
        with closing(operator.store()) as store:
            question = Question(**{"since": to_text(NOW), **asked})
            sum_up_database(
                store, question, operator.installation().settings, Output(is_json=not is_text), operator.now
            )
        shown = capsys.readouterr().out
        return shown if is_text else json.loads(shown)

    return ask


def posts_of(outcome: dict[str, Any]) -> list[str]:
    """Return the single posts that would have fired."""
    return [trend["post"] for trend in outcome["trends"] if trend["kind"] == "post"]


def test_the_single_posts_are_those_rank_opened_when_it_opened_them(lived: Keeper, simulated: Simulated) -> None:
    rows = lived.rows("SELECT opened_at, label, score, evidence FROM trends WHERE kind = 'post' ORDER BY id")

    found = [trend for trend in simulated(lived)["trends"] if trend["kind"] == "post"]

    assert [row["label"] for row in rows] == ["The bridge is open again", "A ferry found"]
    assert [(one["opened_at"], one["label"]) for one in found] == [(row["opened_at"], row["label"]) for row in rows]
    # What is rare fades by the runs that learn, and here `rank` learned most of it in one run.
    assert [one["peak_score"] for one in found] == pytest.approx([row["score"] for row in rows], abs=0.1)


def test_each_has_its_reasons_and_its_delay_from_when_it_was_posted(lived: Keeper, simulated: Simulated) -> None:
    outcome = simulated(lived)

    bridge = outcome["trends"][0]
    assert (bridge["post"], bridge["author"], bridge["first_seen"]) == (
        "x:9001",
        "author9001",
        "2026-11-01T12:05:00.000Z",
    )
    assert (bridge["opened_at"], bridge["delay_seconds"]) == ("2026-11-01T12:45:00.000Z", 2400)
    assert "expected, usual here is 46; 900 so far, 37 min after it was posted" in bridge["why"]
    assert bridge["enough"] < bridge["forecast"]


def test_people_read_the_name_of_who_wrote_a_single_post(keeper: Keeper, simulated: Simulated) -> None:
    with keeper.changes() as store:
        store.posts.save([post("1", author="author9001", author_name="anna_port")], keeper.now)

    assert simulated(keeper)["trends"][0]["author"] == "anna_port"


def test_alerts_a_day_and_the_days_count_single_posts(lived: Keeper, simulated: Simulated) -> None:
    outcome = simulated(lived)

    assert outcome["alerts_per_day"] == pytest.approx(2 * 24 / 5)
    assert [(day["alerts"], day["alerts_of_single_posts"]) for day in outcome["days"]] == [([2], [2])]


def test_an_author_whose_usual_is_known_is_named_in_the_table(lived: Keeper, simulated: Simulated) -> None:
    shown = simulated(lived, is_text=True, since="2026-10-31")

    assert "this author's usual is" in shown
    assert "3 would have fired (3 of them single posts)" in shown
    assert "of posts" in next(line for line in shown.splitlines() if line.startswith("day "))


def test_counters_stored_later_change_nothing_of_before(keeper: Keeper, simulated: Simulated) -> None:
    before = simulated(keeper)
    until = keeper.now
    keeper.later(minutes=30)
    ingest(keeper, [line(name, NOW + timedelta(minutes=5), keeper.now, 90_000) for name in ("9001", "9500", "9538")])
    keeper.rank()

    assert simulated(keeper, until=to_text(until)) == before
    assert simulated(keeper)["trends"][: len(before["trends"])] == [
        {**trend, "peak_score": later["peak_score"]}  # the one value that tells of what came after it opened
        for trend, later in zip(before["trends"], simulated(keeper)["trends"], strict=False)
    ]


def test_counters_that_were_collected_without_a_time_count_from_when_they_were(
    keeper: Keeper, simulated: Simulated
) -> None:
    created = keeper.now - timedelta(minutes=4)
    untimed = line("9700", created, keeper.now, 5)
    del untimed["observed_at"]
    ingest(keeper, [untimed])
    before = simulated(keeper)
    until = keeper.now
    keeper.later(minutes=40)
    ingest(keeper, [{**untimed, "likes": 40_000}])
    keeper.rank()

    assert simulated(keeper, until=to_text(until)) == before
    assert posts_of(simulated(keeper)) == ["x:9001", "x:9004", "x:9700"]


def test_counters_on_the_day_of_a_backfill_open_nothing(keeper: Keeper, simulated: Simulated) -> None:
    created = keeper.now - timedelta(hours=3)
    old = line("9701", created, keeper.now, 50_000)
    del old["observed_at"]
    keeper.later(hours=30)
    ingest(keeper, [old])

    assert "x:9701" not in posts_of(simulated(keeper))


def test_fewer_false_alarms_a_day_are_told_as_a_difference(lived: Keeper, simulated: Simulated) -> None:
    outcome = simulated(lived, compared=("ALERT_FALSE_ALARMS_PER_DAY=0",))

    assert [trend["post"] for trend in outcome["compared"]["only_a"]] == ["x:9001", "x:9004"]
    assert (outcome["compared"]["trends"], outcome["compared"]["only_b"]) == ([], [])


def test_a_shorter_cooldown_lets_an_author_and_a_text_fire_again(lived: Keeper, simulated: Simulated) -> None:
    outcome = simulated(lived, compared=("ALERT_COOLDOWN_HOURS=0.5",))

    assert [trend["post"] for trend in outcome["compared"]["only_b"]] == ["x:9002", "x:9003"]
    assert outcome["compared"]["only_a"] == []


def test_without_a_calibration_a_difference_is_said_to_be_of_single_posts_only(
    lived: Keeper, simulated: Simulated
) -> None:
    shown = simulated(lived, is_text=True, compared=("ALERT_FALSE_ALARMS_PER_DAY=0",))

    assert "topics have the same threshold under both" in shown
    assert "Only A, single posts:" in shown
    assert "Only B, single posts: none" in shown


def test_a_file_has_no_counters_so_a_rate_of_false_alarms_that_would_change_nothing_is_refused(
    lived: Keeper, capsys: pytest.CaptureFixture[str]
) -> None:
    file = lived.home / "looks.ndjson"
    asked = Question(compared=("ALERT_FALSE_ALARMS_PER_DAY=2",))

    code = sum_up_file(str(file), asked, lived.installation().settings, Output())

    assert (code, "without a calibration" in capsys.readouterr().err) == (2, True)


def test_an_archive_gives_the_single_posts_the_database_gave(
    keeper: Keeper, simulated: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    before = simulated(keeper)["trends"]
    keeper.later(days=50)
    ingest(keeper, [line("9999", keeper.now, keeper.now, 0)])  # else the clock may be ahead, and nothing leaves
    keeper.rank()
    assert keeper.archive(older_than=timedelta(days=45), is_forced=True).exit_code == 0

    found = of_archive(keeper, capsys, since=to_text(NOW))

    assert keeper.rows("SELECT source_id FROM posts") == [{"source_id": "9999"}]
    assert (len(before), found["trends"]) == (2, before)


def test_an_archive_without_counters_says_that_topics_are_all_it_can_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Keeper(tmp_path / "home", now=NOW)
    lines = [one for one in quiet_days(NOW, posts=60, days=2) if one.pop("replies") and one.pop("likes")]
    ingest(here, [{key: one[key] for key in one if key != "observed_at"} for one in lines])
    here.later(days=50)
    ingest(here, [line("9999", here.now, here.now, 0)])  # else the clock may be ahead, and nothing leaves
    here.rank()
    here.archive(older_than=timedelta(days=45), is_forced=True)

    shown = of_archive(here, capsys, is_text=True)

    assert "single posts: none has counters of likes, so none is forecast" in shown
    assert "Single posts that would have fired" not in shown


def test_too_few_settled_posts_are_said_and_not_guessed_from(tmp_path: Path, simulated: Simulated) -> None:
    here = Keeper(tmp_path / "home", now=NOW)
    ingest(here, quiet_days(NOW, posts=100, days=3))

    shown = simulated(here, is_text=True, since="")

    assert "of the 200 a source needs; none is forecast" in shown


def test_what_is_looked_at_after_the_last_post_is_replayed_too(keeper: Keeper, simulated: Simulated) -> None:
    created = keeper.now - timedelta(minutes=4)
    ingest(keeper, [line("9800", created, keeper.now, 5)])
    keeper.later(minutes=60)
    ingest(keeper, [line("9800", created, keeper.now, 3_000)])

    last = simulated(keeper)["trends"][-1]

    assert (last["post"], last["opened_at"]) == ("x:9800", to_text(keeper.now))


def of_archive(operator: Keeper, capsys: pytest.CaptureFixture[str], *, is_text: bool = False, **asked: Any) -> Any:
    """Return what the archive gives."""
    here = operator.installation()
    with closing(operator.store()) as store, archive_spool(here.settings).own_folder() as spool:
        place = archive_destinations(here.settings, lambda call: None)(here.settings.archive_url)
        plan = Question(**asked).plan(here.settings, Experience())
        sum_up_archive(ArchivedPosts(store, place, spool), plan, Output(is_json=not is_text), operator.now)
    shown = capsys.readouterr().out
    return shown if is_text else json.loads(shown)
