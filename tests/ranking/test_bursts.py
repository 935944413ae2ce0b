"""Bursts of a series of counts."""

from __future__ import annotations

import math
from random import Random

import pytest

from trendspark_cli.ranking.bursts.count_series import REPORTED_AT, ROWS_PER_DAY, BurstWatch


def noise(days: float, mean: float, seed: int = 1) -> list[int]:
    """Return uneven counts with a daily rhythm, five minutes each."""
    chance = Random(seed)
    rows = int(days * ROWS_PER_DAY)
    rhythm = (mean * (1 + 0.6 * math.sin(2 * math.pi * row / ROWS_PER_DAY)) for row in range(rows))
    return [int(chance.gammavariate(2, 0.5) * expected) for expected in rhythm]


def reports(counts: list[int]) -> list[int]:
    """Return the rows in which a burst was reported, after the first days."""
    watch = BurstWatch()
    found = [row for row, count in enumerate(counts) if watch.score(count) >= REPORTED_AT]
    return [row for row in found if row >= 3 * ROWS_PER_DAY]


@pytest.mark.parametrize("mean", [0.5, 5, 50])
def test_a_quiet_month_gives_hardly_a_report_whatever_the_volume(mean: float) -> None:
    assert len(reports(noise(30, mean))) <= 10


@pytest.mark.parametrize("mean", [5, 50])
def test_twenty_times_the_usual_is_reported_in_its_first_row(mean: float) -> None:
    counts = [*noise(14, mean), *[int(20 * mean)] * 12]

    assert 14 * ROWS_PER_DAY in reports(counts)


def test_a_burst_that_lasts_is_told_once() -> None:
    burst = 14 * ROWS_PER_DAY

    assert [row for row in reports([*noise(14, 20), *[600] * 100]) if row >= burst] == [burst]


def test_counts_that_make_no_sense_break_nothing() -> None:
    watch = BurstWatch()

    scores = [watch.score(count) for count in (*[0.0] * 500, -5.0, 1e300, 0.0)]

    assert all(math.isfinite(score) for score in scores)
