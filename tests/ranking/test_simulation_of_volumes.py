"""What `backtest` tells of volumes: the trends `rank` opens of them, by the same classes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.builders import NOW
from tests.ranking.streams import background, post
from tests.ranking.test_joining import BOUNDARY, part
from trendspark_cli.archiving.parts import Unseen
from trendspark_cli.backtests.joining import join
from trendspark_cli.backtests.simulating import Day, Outcome, PastExport, simulate
from trendspark_cli.backtests.volume_simulation import FiredVolume
from trendspark_cli.base.models import Profile
from trendspark_cli.collecting.matching import Matcher
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, tick_of
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import TrendState
from trendspark_cli.ranking.past.replay import ReplayPost
from trendspark_cli.screens.past_export import export_outcome
from trendspark_cli.trends.watched_volumes import LookedFor

TICK = tick_of(int(NOW.timestamp()))
DAYS = 5
FERRY = LookedFor([Profile("default", ("ferry", "harbour"))], Matcher)
RULES = LifecycleRules(6.2)


def talk(day: int, posts: int, authors: int = 100) -> list[PostRow]:
    """Posts of one hour about ferries, at noon of a day that is so many before now."""
    begin = (TICK - 96 * day - 8) * TICK_SECONDS
    return [
        post(f"ferry number {number} of day {day}", begin + 3600 * number // posts, f"u{number % authors}")
        for number in range(posts)
    ]


def outcome_of(rows: Sequence[PostRow], rules: Sequence[LifecycleRules] = (RULES,)) -> Outcome:
    everyday = background(TICK - 96 * DAYS, 96 * DAYS, per_tick=1)
    posts = [ReplayPost(str(row.id), row) for row in sorted([*everyday, *rows], key=lambda row: row.created_at)]
    return simulate(posts, rules, None, Unseen(), looked_for=FERRY)


USUAL = [one for day in range(1, DAYS) for one in talk(day, 12)]


def test_a_volume_beyond_its_usual_peak_would_have_fired() -> None:
    outcome = outcome_of([*USUAL, *talk(0, 120)])
    [fired] = outcome.volumes(0)

    assert fired.trend.label == "ferry"
    assert 10 <= fired.trend.story.observed <= 120
    assert fired.peak > fired.trend.score
    assert fired.trend.state is TrendState.OPEN
    assert sum(day.fired_volumes[0] for day in outcome.days.values()) == 1
    assert outcome.count(0) >= 1


def test_what_would_have_fired_is_exported_with_the_other_kinds(tmp_path: Path) -> None:
    outcome = outcome_of([*USUAL, *talk(0, 120)])

    export_outcome(outcome, PastExport(tmp_path / "past", "csv"))

    with (tmp_path / "past" / "trends.csv").open(encoding="utf-8", newline="") as lines:
        [ferry] = [row for row in csv.DictReader(lines) if row["kind"] == "volume"]
    assert (ferry["label"], float(ferry["usual"]) > 0) == ("ferry", True)
    assert "ferry" in (tmp_path / "past" / "report.html").read_text(encoding="utf-8")


def test_usual_days_tell_nothing_nor_does_one_account() -> None:
    assert outcome_of([*USUAL, *talk(0, 12)]).volumes(0) == ()
    assert outcome_of([*USUAL, *talk(0, 120, authors=1)]).volumes(0) == ()


def test_each_set_of_rules_sees_its_own() -> None:
    without = RULES._replace(kinds=("topic",))

    outcome = outcome_of([*USUAL, *talk(0, 120)], (RULES, without))

    assert [len(outcome.volumes(number)) for number in (0, 1)] == [1, 0]


def test_a_series_that_is_told_again_behind_a_boundary_within_a_day_is_one_trend() -> None:
    [fired] = outcome_of([*USUAL, *talk(0, 120)]).volumes(0)

    def told(hours: float, peak: float) -> FiredVolume:
        return FiredVolume(replace(fired.trend, opened_at=BOUNDARY + timedelta(hours=hours)), peak)

    days = {f"{told(2, 0).trend.opened_at:%Y-%m-%d}": Day(10, 5.0, [1], [0], [1])}
    before = replace(part(-48, 0), fired_volumes=((told(-3, 7.0),),))
    after = replace(part(0, 48), fired_volumes=((told(2, 9.0), told(30, 8.0)),), days=days)

    joined = join([before, after])

    assert joined.volumes(0) == (told(-3, 9.0), told(30, 8.0))
    assert [(day.fired, day.fired_volumes) for day in joined.days.values()] == [([0], [0])]
