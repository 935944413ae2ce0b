"""What marks of people say: a logistic regression over where the marked topics lie."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.interest.subjects import Subject

LEAST_MARKS = 5  # fewer are chance
MOST_MARKS = 400  # the newest: interests move
PRIOR_DEVIATION = 0.3  # of a weight: what is said by a few marks stays small
INTERCEPT_DEVIATION = 3.0  # loose: whoever marks much as noise has not said of what kind
FOLDS = 5
STRENGTH_DEVIATION = 2.0  # of how far marks count: at 1 as they say, at 0 not at all
_MOST_STEPS, _CLOSE = 25, 1e-6

Wide = npt.NDArray[np.float64]


class Mark(NamedTuple):
    """What somebody said of a topic."""

    subject: Subject
    is_good: bool


class DatedMark(NamedTuple):
    """The same with when it was said, in epoch seconds."""

    at: int
    mark: Mark


def weights_of(positions: Wide, is_good: npt.NDArray[np.bool_], importance: Wide) -> Wide:
    """Return the weights that marks at these positions, one a row, give, each counted by its importance.

    They count as far as they foretell marks that they were not made of, a fifth at a time: marks without any sense
    foretell nothing, and move nothing. The intercept is left out, since only differences between topics matter.
    """
    columns = np.hstack([positions, np.ones((positions.shape[0], 1))])
    precision = np.full(columns.shape[1], PRIOR_DEVIATION**-2)
    precision[-1] = INTERCEPT_DEVIATION**-2
    foretold = np.zeros(is_good.size)
    fold = np.arange(is_good.size) % FOLDS
    for number in range(FOLDS):
        others = fold != number
        weights = _fitted(columns[others], is_good[others], importance[others], precision)
        foretold[~others] = positions[~others] @ weights[:-1]
    scale = np.column_stack([foretold, np.ones(is_good.size)])
    strength = _fitted(scale, is_good, importance, np.array([STRENGTH_DEVIATION**-2, INTERCEPT_DEVIATION**-2]))[0]
    return max(0.0, float(strength)) * _fitted(columns, is_good, importance, precision)[:-1]


def _fitted(columns: Wide, is_good: npt.NDArray[np.bool_], importance: Wide, precision: Wide) -> Wide:
    """Return the most probable weights of a logistic regression, each normal around 0, by Newton's method."""
    weights = np.zeros(columns.shape[1])
    for _ in range(_MOST_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(columns @ weights, -30.0, 30.0)))
        slope = columns.T @ (importance * (is_good - chance)) - precision * weights
        bend = (columns.T * (importance * chance * (1.0 - chance))) @ columns + np.diag(precision)
        step = np.linalg.solve(bend, slope)
        weights += step
        if float(np.abs(step).max()) < _CLOSE:
            break
    return weights
