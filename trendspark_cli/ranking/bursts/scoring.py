"""Scores of many terms at once: how surprising their counts are and, once that is sure, how large."""

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.ticks import WINDOW_TICKS
from trendspark_cli.ranking.baseline.traffic import PRIOR_POSTS, Traffic
from trendspark_cli.ranking.bursts.surprisal import Arithmetic, surprisal
from trendspark_cli.ranking.bursts.thresholds import SURE

Floats = npt.NDArray[np.float64]

MANY_WINDOWS = float(np.log10(len(WINDOW_TICKS)))  # four chances to be surprised instead of one (Bonferroni)
LEAST_OBSERVED = 3.0
LEAST_RATIO = 1.5  # times the expected: below that, a large term is unusual but not news
# Per window, shortest first: what its lift is worth, and the posts added to the expected. Stories have a size after an
# hour; those that grow slowly after eight, where the same lift is rarer.
LIFT_WORTH = (0.0, 1.0, 0.0, 1.5)
LIFT_FLOORS = (1.0, 1.0, 1.0, 3.0)
_SCORE_PER_TENFOLD = 10.0
_BASE_OVERDISPERSION = 0.03
_PSEUDO_TICKS = 10.0  # a term known for an hour or two looks even
_UNEVENNESS_WORTH = 0.125  # of 1/r for each point of dispersion, where a post is expected in each tick
_LEAST_PER_TICK = 0.02  # expected: dispersions of rarer terms are those of single posts
_EVEN_ENOUGH = 2.5  # below that it is mostly the noise of a few posts, and hides rare words that had a good day


def index_of_dispersion(squared_residuals: Floats, expected_per_tick: Floats, traffic: Traffic) -> Floats:
    """Return the index of dispersion of terms from tick to tick: 1 when random, more when they come in bursts.

    The mean squared Pearson residual, (posts - expected)^2 / expected, over all ticks. A tick without the term adds
    `expected`.
    """
    absent = traffic.ticks * np.minimum(1.0, expected_per_tick)
    result: Floats = (squared_residuals + absent) / (traffic.ticks + _PSEUDO_TICKS)
    return result


def overdispersion_of(counts: Floats, dispersions: Floats, expected_per_tick: Floats) -> Floats:
    """Return 1/r: the uncertainty of the mean, a little for all terms, and more for uneven ones."""
    beyond = np.maximum(0.0, dispersions - _EVEN_ENOUGH)
    of_uneven_terms = _UNEVENNESS_WORTH * beyond / np.maximum(expected_per_tick, _LEAST_PER_TICK)
    result: Floats = 1.0 / (counts + PRIOR_POSTS) + _BASE_OVERDISPERSION + of_uneven_terms
    return result


def telling_surprisal(observed: Floats, expected: Floats, overdispersion: Floats) -> Floats:
    """Return the surprisal of each count; 0 where there is too little to judge."""
    telling = (observed >= LEAST_OBSERVED) & (observed > LEAST_RATIO * expected)
    result = np.zeros(observed.shape)
    if telling.any():
        result[telling] = surprisal(observed[telling], expected[telling], overdispersion[telling], ARRAYS)
    return result


def lift(observed: Floats, expected: Floats, community_dispersion: Floats) -> Floats:
    """Return how many times more than expected was seen of each term (columns) in each window (rows) that tells.

    The floors keep a phrase nobody used before from being a sensation with its third post. A term of few communities
    counts less: the geometric mean of effective authors, and of effective authors times community dispersion.
    """
    worth, floors = np.array(LIFT_WORTH)[:, None], np.array(LIFT_FLOORS)[:, None]
    result: Floats = worth * observed * np.sqrt(community_dispersion) / (expected + floors)
    return result


def score_of(surprisals: Floats, lifts: Floats) -> Floats:
    """Return the score: the surprisal up to SURE, and from there on 10 more for each tenfold of the lift.

    Surprisal separates news from chance and then says little: four posts of an unheard-of phrase are as improbable as
    forty of a common word, which is the larger story.
    """
    size = _SCORE_PER_TENFOLD * np.log10(np.maximum(1.0, lifts))
    result: Floats = np.where(surprisals >= SURE, SURE + size, surprisals)
    return result


def enough_observed(expected: Floats, overdispersion: Floats, threshold: float) -> npt.NDArray[np.int64]:
    """Return the smallest whole numbers of posts whose surprisal reaches the threshold, by bisection."""
    low = np.full(expected.shape, LEAST_OBSERVED - 1.0)
    high = np.maximum(4.0, np.ceil(2.0 * expected))
    for _ in range(60):
        short = telling_surprisal(high, expected, overdispersion) - MANY_WINDOWS < threshold
        if not short.any():
            break
        low[short], high[short] = high[short], 2.0 * high[short]
    while bool((high - low > 1.0).any()):
        middle = np.floor((low + high) / 2.0)
        reached = telling_surprisal(middle, expected, overdispersion) - MANY_WINDOWS >= threshold
        high = np.where(reached, middle, high)
        low = np.where(reached, low, np.minimum(middle, high - 1.0))
    return high.astype(np.int64)


def log_gamma(z: Floats) -> Floats:
    """Return ln Gamma(z) for z > 0, to about 1e-10: Stirling's series eight steps up, then back by the recurrence."""
    product = np.ones(z.shape)
    for step in range(8):
        product = product * (z + step) / (1.0 + step)  # divided, lest large z overflow
    up = z + 8.0
    inverse = 1.0 / up
    series = inverse / 12.0 - inverse**3 / 360.0 + inverse**5 / 1260.0
    stirling = (up - 0.5) * np.log(up) - up + 0.5 * np.log(2.0 * np.pi) + series
    result: Floats = stirling - np.log(product) - np.log(40320.0)
    return result


ARRAYS: Arithmetic[Floats] = Arithmetic(np.log, np.log1p, np.log10, log_gamma, np.maximum, np.all)
