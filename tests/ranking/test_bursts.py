"""Bursts of a series, by the largest of its usual days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import pytest

from trendspark_cli.ranking.bursts.count_windows import LastHour
from trendspark_cli.ranking.bursts.daily_peaks import (
    DAY_SECONDS,
    OPENS_AT,
    TOLD_AT,
    DailyPeaks,
    log_posts,
    opens_at,
    posts_of,
)

ROW_SECONDS = 300
ROWS_PER_DAY = DAY_SECONDS // ROW_SECONDS
BEGINS = 1_772_000_000


def noise(days: float, mean: float, seed: int = 1) -> list[int]:
    """Return uneven counts with a daily rhythm, five minutes each."""
    chance = Random(seed)
    rows = int(days * ROWS_PER_DAY)
    rhythm = (mean * (1 + 0.6 * math.sin(2 * math.pi * row / ROWS_PER_DAY)) for row in range(rows))
    return [int(chance.gammavariate(2, 0.5) * expected) for expected in rhythm]


def watched(counts: Sequence[float], peaks: DailyPeaks, begins: int = BEGINS, threshold: float = TOLD_AT) -> list[int]:
    """Return the rows at which a burst was told."""
    hour, found = LastHour(), []
    for row, count in enumerate(counts):
        at = begins + row * ROW_SECONDS
        if peaks.tells(at, peaks.observe(at, log_posts(hour.add(at, count))), threshold):
            found.append(row)
    return found


@pytest.mark.parametrize("mean", [0.5, 5, 50])
@pytest.mark.parametrize(("threshold", "in_days"), [(TOLD_AT, 4), (OPENS_AT, 8)])
def test_a_quiet_series_tells_falsely_as_seldom_as_is_said_whatever_its_volume(
    mean: float, threshold: float, in_days: int
) -> None:
    told = [len(watched(noise(80, mean, seed), DailyPeaks(), threshold=threshold)) for seed in range(2)]

    assert 0 < sum(told) / 160 <= 1.1 / in_days


def test_many_series_together_tell_no_more_falsely_than_is_wanted() -> None:
    needed = opens_at(series=10, alarms_per_day=0.5)
    told = [len(watched(noise(80, 5, seed), DailyPeaks(), threshold=needed)) for seed in range(10)]

    assert opens_at(4, 0.5) == pytest.approx(OPENS_AT, abs=0.001)
    assert needed == pytest.approx(1.645, abs=0.001)
    assert 0 < sum(told) / 80 <= 1.1 * 0.5


def test_nothing_asked_of_the_rate_is_beyond_reckoning() -> None:
    assert OPENS_AT < opens_at(1, 0.0) < 5
    assert opens_at(0, 100.0) == OPENS_AT


@pytest.mark.parametrize("mean", [5, 50])
def test_ten_times_the_usual_is_told_within_half_an_hour(mean: float) -> None:
    peaks = DailyPeaks()
    watched(noise(14, mean), peaks)

    found = watched([int(10 * mean)] * 12, peaks, BEGINS + 15 * DAY_SECONDS)

    assert found
    assert found[0] <= 6


def test_a_burst_that_lasts_is_told_once_a_day() -> None:
    burst = 14 * ROWS_PER_DAY

    found = watched([*noise(14, 20), *[600] * ROWS_PER_DAY], DailyPeaks())

    assert len([row for row in found if row >= burst]) == 1


def test_bursts_of_every_night_are_usual_and_one_beyond_them_is_not() -> None:
    nights = [
        300 + 20 * (row // ROWS_PER_DAY % 2) if row % ROWS_PER_DAY < 12 else 10 for row in range(20 * ROWS_PER_DAY)
    ]
    peaks = DailyPeaks()

    assert watched(nights, peaks) == []
    assert watched([700] * 12, peaks, BEGINS + 20 * DAY_SECONDS)


def test_nothing_is_told_on_the_first_day() -> None:
    assert watched([5] * 200 + [500] * 80, DailyPeaks()) == []


def test_a_day_that_was_hardly_seen_teaches_nothing() -> None:
    peaks = DailyPeaks()
    watched(noise(5, 20), peaks)
    before = peaks.state

    watched([0] * 24, peaks, BEGINS + 9 * DAY_SECONDS)  # two hours after four days of outage
    watched([0], peaks, BEGINS + 11 * DAY_SECONDS)

    assert peaks.state.days == before.days + 1
    assert peaks.state.level == pytest.approx(before.level, abs=0.2)


def test_a_clock_that_was_a_year_ahead_for_an_hour_does_not_silence_a_series() -> None:
    peaks = DailyPeaks()
    watched(noise(10, 20), peaks)
    usual = peaks.state.level

    watched([2_000] * 12, peaks, BEGINS + 365 * DAY_SECONDS)
    found = watched([10] * 24 + [600] * 12, peaks, BEGINS + 10 * DAY_SECONDS)

    assert peaks.state.level == pytest.approx(usual, abs=0.2)
    assert found
    assert found[0] >= 24


def test_a_step_back_within_the_hour_is_passed_over() -> None:
    peaks = DailyPeaks()
    watched(noise(3, 20), peaks)
    state = peaks.state

    peaks.observe(state.last_at - 600, 99.0)

    assert peaks.state == state


def test_the_usual_peak_can_be_said_in_posts() -> None:
    peaks = DailyPeaks()
    watched([5] * (3 * ROWS_PER_DAY), peaks)

    assert posts_of(peaks.state.level) == pytest.approx(60)
    assert peaks.score(log_posts(60)) == pytest.approx(0.0) != TOLD_AT


def test_counts_that_make_no_sense_break_nothing() -> None:
    hour, peaks = LastHour(), DailyPeaks()
    counts = (*[0.0] * 600, -5.0, 1e300, 1e308, 1e308, 0.0)

    scores = [peaks.observe(at, log_posts(hour.add(at, count))) for at, count in enumerate(counts, start=-(2**40))]

    assert all(math.isfinite(score) for score in scores)


def test_an_hour_is_what_was_counted_in_it_however_rows_lie() -> None:
    hour = LastHour()
    hour.add(0, 7)
    hour.add(0, 1)

    assert [hour.add(1_800, 2), hour.add(3_599, 3), hour.add(3_600, 4), hour.add(100, 5)] == [10, 13, 9, 5]
