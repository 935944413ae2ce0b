"""What marks of people say: a logistic regression over where the marked topics lie."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.interest.subjects import Subject

LEAST_MARKS = 5  # fewer are chance
MOST_MARKS = 400  # the newest: interests move
PRIOR_DEVIATION = 0.3  # of a weight: what is said by a few marks stays small
INTERCEPT_DEVIATION = 3.0  # loose: whoever marks much as noise has not said of what kind
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
    """Return the most probable weights given marks at these positions, one a row, each counted by its importance.

    MAP by Newton's method; the intercept is left out, since only differences between topics matter.
    """
    columns = np.hstack([positions.astype(np.float64), np.ones((positions.shape[0], 1))])
    precision = np.full(columns.shape[1], PRIOR_DEVIATION**-2)
    precision[-1] = INTERCEPT_DEVIATION**-2
    weights = np.zeros(columns.shape[1])
    for _ in range(_MOST_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(columns @ weights, -30.0, 30.0)))
        slope = columns.T @ (importance * (is_good - chance)) - precision * weights
        bend = (columns.T * (importance * chance * (1.0 - chance))) @ columns + np.diag(precision)
        step = np.linalg.solve(bend, slope)
        weights += step
        if float(np.abs(step).max()) < _CLOSE:
            break
    return weights[:-1]
