"""A threshold made of an operator's own posts: what it rests on, when there are too few, and what is stored."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ingest.operator import Operator
from tests.installation import Installation
from tests.rank.test_rank_job import NOW, TICK, burst, write_posts
from tests.ranking.streams import background
from trendspark_cli.archiving.parts import Unseen
from trendspark_cli.backtests.calibrating import Calibrated, Wish, calibrate, read_history
from trendspark_cli.backtests.past_posts import past_of_database
from trendspark_cli.backtests.sliced_calibrating import shuffle_slice
from trendspark_cli.backtests.slices import Slice
from trendspark_cli.base.console import Output
from trendspark_cli.base.errors import TooLittleDataError
from trendspark_cli.ranking.bursts.thresholds import (
    LOWEST_THRESHOLD,
    alarms_per_day,
    likely_range,
    strongest,
    threshold_for,
)
from trendspark_cli.ranking.past.calibration import shuffled
from trendspark_cli.screens.calibrations import show_calibrated
from trendspark_cli.store.rows.trends import TrendVerdict
from trendspark_cli.trends.rank_rules import Experience, experience, lifecycle_rules
from trendspark_cli.trends.threshold import threshold_in_use

WEEK = 7 * 96
LONG = timedelta(hours=1)


def operator_with(folder: Path, ticks: int, per_tick: int = 2) -> Operator:
    """An operator with so many ticks of quiet posts behind them."""
    here = Operator(folder / "home", now=NOW)
    rows = background(TICK - ticks, ticks, per_tick)
    assert here.ingest(file=str(write_posts(folder / "posts.ndjson", rows))).exit_code == 0
    return here


def calibrated(here: Operator, *, seed: int = 1, shuffles: int | None = 1, **limit: Any) -> Calibrated:
    """What `calibrate` finds."""
    with closing(here.store()) as store:
        learnt = experience(store)
        wish = Wish(days=7, seed=seed, shuffles=shuffles, time_limit=limit.get("time_limit", LONG))
        past = past_of_database(store, here.now)
        return calibrate(past, here.installation().settings, learnt, wish, lambda: here.now, Unseen())


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """A week of quiet posts, and what somebody said of two trends in it."""
    here = operator_with(tmp_path_factory.mktemp("week"), WEEK)
    at = "2026-10-30T12:00:00.000Z"
    with closing(here.store()) as store, store.transaction():
        store.trends.keep_verdict(TrendVerdict(None, "noise", None, ("lottery",), 31.0, at, at, "ann"))
        store.trends.keep_verdict(TrendVerdict(None, "good", None, ("bridge",), 41.0, at, at, "ann"))
    return here


@pytest.fixture(scope="module")
def done(week: Operator) -> Calibrated:
    return calibrated(week)


def test_shuffling_keeps_how_much_each_source_posts_at_each_hour() -> None:
    random = np.random.default_rng(5)
    created = np.sort(random.integers(0, 14 * 86400, 4_000))
    sources = random.integers(0, 2, 4_000).astype(np.int32)

    times = shuffled(created, sources, seed=1)

    for source in (0, 1):
        assert sorted(times[sources == source]) == sorted(created[sources == source])
    assert (times // 3600 % 24 == created // 3600 % 24).all()
    assert (times != created).mean() > 0.9


def test_a_burst_does_not_survive_shuffling() -> None:
    created = np.arange(7 * 24) * 3600  # one post an hour, and forty within one of them
    burst_at = np.full(40, 3 * 86400 + 18 * 3600) + np.arange(40)
    quiet = np.repeat(18 * 3600 + 86400 * np.arange(7), 40) + np.tile(np.arange(40), 7)
    everything = np.concatenate((created, quiet, burst_at))
    is_burst = np.arange(everything.size) >= created.size + quiet.size

    times = shuffled(everything, np.zeros(everything.size, np.int32), seed=2)

    assert np.bincount(times[is_burst] // 86400, minlength=7).max() < 16


def test_the_same_seed_gives_the_same_shuffle_and_another_one_does_not() -> None:
    created, sources = np.arange(500) * 700, np.zeros(500, np.int32)

    first, again, other = (shuffled(created, sources, seed) for seed in (1, 1, 2))

    assert (first == again).all()
    assert (first != other).any()


def test_the_threshold_lets_as_many_false_alarms_pass_as_were_asked_for() -> None:
    alarms = [(score, 0.1) for score in (12.0, 11.0, 10.0, 9.0, 8.0, 7.0)]

    threshold = threshold_for(alarms, 0.3)

    assert 9.0 < threshold <= 9.02
    assert alarms_per_day(alarms, threshold) == pytest.approx(0.3)


def test_what_is_kept_of_the_alarms_of_years_gives_nearly_the_threshold_that_all_of_them_give() -> None:
    alarms = [(300.0 - number / 50, 1 / 2000) for number in range(14_000)]

    kept = strongest(alarms)

    assert len(kept) < 200
    assert sum(stands_for for _, stands_for in kept) == pytest.approx(7.0)
    for rate in (0.01, 0.5, 5.0):
        exact = alarms_per_day(alarms, threshold_for(kept, rate))
        assert 0.95 * rate - 1 / 2000 <= exact <= rate + 1e-9


def test_alarms_of_one_score_pass_together_or_not_at_all() -> None:
    assert alarms_per_day([(9.0, 0.1)] * 5, threshold_for([(9.0, 0.1)] * 5, 0.3)) == 0.0


def test_no_false_alarm_at_all_does_not_lower_the_threshold_without_end() -> None:
    assert threshold_for([], 0.5) == LOWEST_THRESHOLD


def test_few_false_alarms_leave_the_rate_uncertain_and_many_do_not() -> None:
    few, many = likely_range(0.5, 6.0), likely_range(0.5, 600.0)

    assert few[0] < 0.25 < 1.0 < few[1]
    assert 0.45 < many[0] < 0.5 < many[1] < 0.55


def test_a_calibration_says_what_it_rests_on(done: Calibrated) -> None:
    made = done.calibration

    assert (made.posts, made.shuffles, made.seed) == (2 * WEEK, 1, 1)
    assert made.days == pytest.approx(5.0)
    assert made.since.startswith("2026-10-25T12")
    assert made.threshold == threshold_for(made.alarms, 0.5)


def test_before_and_after_are_told_on_the_history_as_it_was(
    done: Calibrated, capsys: pytest.CaptureFixture[str]
) -> None:
    show_calibrated(done, Output(is_json=True), is_dry=True)

    told = json.loads(capsys.readouterr().out)
    real = told["on_the_real_history"]
    assert (told["threshold_before"], told["threshold"]) == (6.2, done.calibration.threshold)
    assert (real["threshold"], real["compared"]["threshold"]) == (6.2, done.calibration.threshold)
    assert told["likely_range"][0] <= told["false_alarms_per_day"] <= told["likely_range"][1]


def test_people_are_told_how_sure_it_is(done: Calibrated, capsys: pytest.CaptureFixture[str]) -> None:
    show_calibrated(done, Output(), is_dry=True)

    shown = capsys.readouterr().out
    assert "shuffled once: 5.0 days without any story (seed 1)" in shown
    assert "a day (90 %)" in shown
    assert shown.endswith("nothing was stored: with --store it is\n")


@pytest.mark.parametrize(
    ("ticks", "per_tick", "told"),
    [(3 * 96, 2, "reach back 3 whole days; calibrating needs 7"), (WEEK, 1, "there are 672 posts in 7 days")],
)
def test_too_few_posts_are_said_with_75(tmp_path: Path, ticks: int, per_tick: int, told: str) -> None:
    here = operator_with(tmp_path, ticks, per_tick)

    with pytest.raises(TooLittleDataError, match=told) as caught:
        calibrated(here)

    assert caught.value.exit_code == 75


def test_a_rate_that_so_few_days_cannot_tell_is_refused(week: Operator) -> None:
    here = Operator(week.home, {"ALERT_FALSE_ALARMS_PER_DAY": "0.01"}, week.now)

    with pytest.raises(TooLittleDataError, match="too few to tell the rate"):
        calibrated(here, shuffles=None)


def test_the_time_limit_ends_it_before_a_day_was_counted(week: Operator) -> None:
    with pytest.raises(TooLittleDataError, match="time limit"):
        calibrated(week, time_limit=timedelta(0))


def test_posts_of_before_the_days_asked_for_are_left_out(week: Operator) -> None:
    with closing(week.store()) as store:
        history = read_history(past_of_database(store, week.now), 3)

    assert (history.days, history.ids.size) == (3, 2 * 3 * 96)


@pytest.fixture
def keen(tmp_path: Path, done: Calibrated) -> Operator:
    """An operator whose database holds that calibration."""
    here = operator_with(tmp_path, 3 * 96, 10)
    with closing(here.store()) as store, store.transaction():
        store.calibrations.save(done.calibration)
    return here


def test_rank_uses_the_calibrated_threshold(keen: Operator, done: Calibrated) -> None:
    burst(keen)

    keen.rank()

    assert keen.rows("SELECT threshold FROM trends") == [{"threshold": done.calibration.threshold}]


def test_another_rate_changes_the_threshold_without_calibrating_again(keen: Operator, done: Calibrated) -> None:
    settings = keen.installation().settings
    keen.environment["ALERT_FALSE_ALARMS_PER_DAY"] = "0.1"

    thresholds = [threshold_in_use(one, done.calibration) for one in (settings, keen.installation().settings)]

    assert thresholds == [threshold_for(done.calibration.alarms, rate) for rate in (0.5, 0.1)]
    assert thresholds[0] <= thresholds[1]


def test_config_show_says_which_threshold_is_in_use_and_why(keen: Operator, done: Calibrated) -> None:
    told = json.loads(keen.command("config", "show", "--json").stdout)["threshold"]

    assert told["score"] == done.calibration.threshold
    assert told["reason"].startswith("calibrated 2026-11-01 on posts of 2026-10-25")


def test_without_a_calibration_the_default_is_in_use(week: Operator) -> None:
    assert lifecycle_rules(week.installation().settings, Experience()).threshold == 6.2


def test_twenty_calibrations_are_kept(keen: Operator, done: Calibrated) -> None:
    with closing(keen.store()) as store, store.transaction():
        for _ in range(25):
            store.calibrations.save(done.calibration)

    assert keen.rows("SELECT count(*) AS n FROM calibrations") == [{"n": 20}]


@pytest.fixture
def copied(week: Operator, tmp_path: Path) -> Installation:
    """A copy of that week."""
    shutil.copytree(week.home, tmp_path / "home")
    return Installation(tmp_path / "home", now=week.now)


def test_posts_of_long_ago_are_named_as_such_and_nothing_is_stored(copied: Installation) -> None:
    copied.later(days=100)

    done = copied.command_now("calibrate", "--days", "7", "--shuffles", "2", "--store", "--json")

    error = json.loads(done.stderr)["error"]
    assert (done.exit_code, error["code"]) == (75, 75)
    assert re.search(r"no post of the last 7 days; newest 20\d\d-\d\d-\d\d", error["message"])
    assert copied.values("SELECT count(*) FROM calibrations") == [0]


def test_a_threshold_is_kept_only_when_that_is_asked_for(copied: Installation) -> None:
    asked = ("calibrate", "--days", "7", "--shuffles", "2", "--json")

    told, kept = copied.command_now(*asked), copied.command_now(*asked, "--store")

    assert (told.json["dry_run"], kept.json["dry_run"], told.json["threshold"]) == (True, False, kept.json["threshold"])
    assert copied.values("SELECT threshold FROM calibrations") == [kept.json["threshold"]]


def test_what_was_marked_as_noise_counts_as_a_false_alarm(done: Calibrated) -> None:
    score, per_day = done.calibration.alarms[0]
    assert (done.noise, score) == (1, 31.0)
    assert per_day == pytest.approx(1 / 7)


def test_one_process_and_two_calibrate_alike_in_slices(week: Operator) -> None:
    asked = ("calibrate", "--days", "7", "--shuffles", "1", "--json", "--slices", "4d", "--workers")

    one, two = (week.command_now(*asked, count).json for count in "12")

    real = one["on_the_real_history"]
    assert (one, len(real["slices"])) == (two, 2)
    assert (one["posts"], one["marked_as_noise"], one["shuffled_days"]) == (2 * WEEK, 1, 5.0)
    assert real["compared"]["threshold"] == one["threshold"]


def test_a_slice_is_shuffled_with_the_days_before_it(week: Operator) -> None:
    since, until = week.now - timedelta(days=2), week.now
    with closing(week.store()) as store:
        posts = past_of_database(store, week.now).posts
        with_history = shuffle_slice(posts, Slice(since, until, since - timedelta(days=5)), 1, 2)
        alone = shuffle_slice(posts, Slice(since, until, since), 1, 2)

    assert with_history.posts == alone.posts == 2 * 2 * 96
    assert (with_history.days, alone.days) == pytest.approx((4.0, 0.0))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--days", "400"), "expected --slices too, or at most 90"),
        (("--slices", "60d", "--time-limit", "5m"), "ends when it is done"),
        (("--slices", "60d", "--days", "30"), "in all shuffles of 7 days"),
    ],
)
def test_years_are_calibrated_in_slices_or_refused(week: Operator, options: tuple[str, ...], told: str) -> None:
    here = Operator(week.home, {"ALERT_FALSE_ALARMS_PER_DAY": "0.01"}, week.now)

    done = here.command_now("calibrate", *options)

    assert done.exit_code in (2, 75)
    assert told in done.stderr
