import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendspark_cli.ranking.bursts.scoring import (
    ARRAYS,
    MANY_WINDOWS,
    enough_observed,
    lift,
    log_gamma,
    score_of,
    telling_surprisal,
)
from trendspark_cli.ranking.bursts.surprisal import NUMBERS, log10_probability, surprisal
from trendspark_cli.ranking.bursts.thresholds import SURE

MEANS = st.floats(1e-4, 50.0)
OVERDISPERSIONS = st.floats(0.031, 20.0)


def score(observed: float, expected: float, overdispersion: float) -> float:
    return float(telling_surprisal(np.array([observed]), np.array([expected]), np.array([overdispersion]))[0])


def summed(observed: int, expected: float, overdispersion: float) -> float:
    """Return -log10 of the tail summed term by term, up to where nothing is left."""
    r, total = 1.0 / overdispersion, 0.0
    for k in range(observed, observed + 20_000):
        log_p = math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1)
        log_p += k * math.log(expected / (expected + r)) - r * math.log1p(expected / r)
        total += math.exp(log_p)
    return -math.log10(total)


@pytest.mark.parametrize(
    ("observed", "expected", "overdispersion"),
    [(3, 0.01, 3.0), (14, 0.01, 1.0), (60, 20.0, 0.05), (5, 2.0, 8.0), (90, 9.0, 2.0)],
)
def test_the_tail_is_the_sum_of_its_probabilities(observed: int, expected: float, overdispersion: float) -> None:
    assert score(observed, expected, overdispersion) == pytest.approx(
        summed(observed, expected, overdispersion), abs=0.002
    )


@given(st.integers(3, 500), MEANS, OVERDISPERSIONS)
def test_one_count_is_as_surprising_alone_as_among_many(observed: int, expected: float, overdispersion: float) -> None:
    alone = surprisal(float(observed), expected, overdispersion, NUMBERS)

    many = [np.array([value, value]) for value in (float(observed), expected, overdispersion)]
    among_many = surprisal(many[0], many[1], many[2], ARRAYS)

    assert among_many.tolist() == pytest.approx([alone, alone], abs=1e-6, rel=1e-9)


@given(st.floats(0.01, 1e6))
def test_log_gamma_agrees_with_the_standard_library(z: float) -> None:
    assert float(log_gamma(np.array([z]))[0]) == pytest.approx(math.lgamma(z), abs=1e-8, rel=1e-11)


@given(st.integers(3, 500), MEANS, OVERDISPERSIONS)
def test_more_posts_are_never_less_surprising(observed: int, expected: float, overdispersion: float) -> None:
    assert score(observed + 1, expected, overdispersion) >= score(observed, expected, overdispersion) - 1e-9


@given(st.integers(3, 500), MEANS, OVERDISPERSIONS)
def test_the_quick_bound_is_never_below_the_score(observed: int, expected: float, overdispersion: float) -> None:
    first = log10_probability(
        np.array([float(observed)]), np.array([expected]), np.array([1.0 / overdispersion]), ARRAYS
    )

    assert -float(first[0]) >= score(observed, expected, overdispersion) - 1e-9


@pytest.mark.parametrize(("observed", "expected"), [(2.0, 0.0001), (15.0, 10.0)])
def test_two_posts_or_half_more_than_usual_are_never_surprising(observed: float, expected: float) -> None:
    assert score(observed, expected, 0.03) == 0.0


@settings(max_examples=30)
@given(MEANS, OVERDISPERSIONS)
def test_enough_is_the_smallest_count_that_reaches_the_threshold(expected: float, overdispersion: float) -> None:
    needed = int(enough_observed(np.array([expected]), np.array([overdispersion]), 5.8)[0])

    assert score(needed, expected, overdispersion) - MANY_WINDOWS >= 5.8
    assert score(needed - 1, expected, overdispersion) - MANY_WINDOWS < 5.8


def lifted(*observed: float, expected: float = 0.01, community_dispersion: float = 1.0) -> float:
    """Return the lift of a term of which so many were seen in each window."""
    column = (len(observed), 1)
    return float(lift(np.array([observed]).T, np.full(column, expected), np.full(column, community_dispersion)).max())


@given(st.floats(0.0, SURE, exclude_max=True), st.floats(0.0, 1e6))
def test_what_is_not_sure_scores_its_surprise_however_large_it_is(surprising: float, size: float) -> None:
    assert float(score_of(np.array([surprising]), np.array([size]))[0]) == surprising


@given(st.floats(SURE, 300.0), st.floats(0.0, 1e6))
def test_what_is_sure_never_scores_less_than_what_is_not(surprising: float, size: float) -> None:
    assert float(score_of(np.array([surprising]), np.array([size]))[0]) >= SURE


def test_of_two_sure_terms_the_larger_story_scores_higher_and_not_the_less_probable_one() -> None:
    phrase, story = score_of(np.array([30.0, 9.0]), np.array([4.0, 12.0]))

    assert phrase < story


def test_a_story_that_grows_slowly_has_its_size_after_eight_hours() -> None:
    assert lifted(0, 0, 3, 30) > lifted(0, 0, 3, 3)


def test_a_quarter_of_an_hour_says_nothing_of_size() -> None:
    assert lifted(9, 0, 0, 0) == 0.0


def test_the_more_is_usual_the_smaller_is_the_lift() -> None:
    assert lifted(1, 4, 8, 20, expected=5.0) < lifted(1, 4, 8, 20, expected=0.5)


def test_what_stays_in_one_place_has_the_smaller_lift() -> None:
    assert lifted(1, 4, 8, 20, community_dispersion=0.25) == pytest.approx(lifted(1, 4, 8, 20) / 2)
