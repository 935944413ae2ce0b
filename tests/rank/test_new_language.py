"""People of a language nobody used here before come to talk of nothing: `rank` and `backtest` open no trend."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from tests.ingest.operator import Operator
from tests.rank.test_rank_job import NOW, TICK, write_posts
from tests.ranking.streams import background
from tests.ranking.test_new_words import newcomers, small_talk


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two quiet days, and forty newcomers in their last hour."""
    rows = background(TICK - 2 * 96, 2 * 96, per_tick=5)
    return write_posts(
        tmp_path_factory.mktemp("past") / "posts.ndjson", rows + newcomers(int(NOW.timestamp()), small_talk(Random(2)))
    )


def test_live_they_open_no_trend(past: Path, tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=NOW - timedelta(minutes=30))
    here.ingest(file=str(past))

    found = [here.rank().extra["trends"], Operator(here.home, now=NOW).rank().extra["trends"]]

    assert found == [[], []]


def test_nor_in_a_backtest(past: Path, tmp_path: Path) -> None:
    here = Operator(tmp_path / "home", now=NOW)

    done = here.command("backtest", str(past), "--summary", "--json")

    assert json.loads(done.stdout)["trends"] == []
