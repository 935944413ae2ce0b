"""What `calibrate` says of its threshold is what `backtest` then finds: of quiet days with stories among them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.ingest.operator import Operator
from tests.rank.test_rank_job import NOW, TICK, write_posts
from tests.ranking.streams import background, said
from trendspark_cli.ranking.baseline.baseline_posts import PostRow

DAYS = 7
FIRST = TICK - DAYS * 96
STORIES = ("volcano eruption", "harbour bridge", "lottery fraud")


class Told(NamedTuple):
    """What both commands say of the same posts."""

    calibrated: Mapping[str, Any]
    found: Mapping[str, Any]

    @property
    def by_chance(self) -> tuple[float, float]:
        """Between how many false alarms are to be expected in the days of the backtest."""
        low, high = self.calibrated["likely_range"]
        return math.floor(low * (DAYS - 1)), math.ceil(high * (DAYS - 1))


def asked(folder: Path, rows: list[PostRow]) -> Told:
    """Calibrate on the posts, keep it, and look back with it."""
    here = Operator(folder / "home", now=NOW)
    assert here.ingest(file=str(write_posts(folder / "posts.ndjson", rows))).exit_code == 0
    made = here.command_now("calibrate", "--days", str(DAYS), "--shuffles", "1", "--store", "--json")
    return Told(made.json, here.command_now("backtest", "--json").json)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Seven days with three stories in the last five."""
    rows = background(FIRST, DAYS * 96, 2)
    for number, story in enumerate(STORIES):
        at = NOW - timedelta(days=1 + number, hours=3)
        rows += said(story, 15, int(at.timestamp()), every=60, seed=number)
    return asked(tmp_path_factory.mktemp("told"), rows)


def test_both_open_the_same_trends(told: Told) -> None:
    real = told.calibrated["on_the_real_history"]["compared"]

    assert told.found["threshold"] == told.calibrated["threshold"]
    assert told.found["trends"] == real["trends"]
    assert told.found["alerts_per_day"] == real["alerts_per_day"]


def test_every_story_is_found_and_beside_them_as_many_as_were_expected_by_chance(told: Told) -> None:
    labels = [trend["label"] for trend in told.found["trends"]]

    least, most = told.by_chance
    assert set(STORIES) <= set(labels)
    assert least <= len(labels) - len(STORIES) <= most


def test_stories_do_not_count_as_false_alarms(told: Told) -> None:
    assert told.calibrated["false_alarms_per_day"] <= told.calibrated["wanted_per_day"]
