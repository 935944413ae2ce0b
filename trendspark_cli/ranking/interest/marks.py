"""What marks of people say: a logistic regression over where the marked topics lie."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.interest.subjects import Subject

LEAST_MARKS = 5  # fewer are chance
MOST_MARKS = 400  # the newest: interests move
DEVIATIONS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5)  # of a weight: from marks that say nothing to those that say much
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
    """Return the weights that marks at these positions, one a row, give, each counted by its importance.

    The mean over how far weights may be from 0, each counted by how probable it makes the marks: those without any
    sense are explained as well by weights that move nothing. The intercept is left out, since only differences between
    topics matter.
    """
    columns = np.hstack([positions, np.ones((positions.shape[0], 1))])
    found, evidence = [], []
    for deviation in DEVIATIONS:
        precision = np.full(columns.shape[1], deviation**-2)
        precision[-1] = INTERCEPT_DEVIATION**-2
        weights = _fitted(columns, is_good, importance, precision)
        found.append(weights[:-1])
        evidence.append(_log_evidence(columns, is_good, importance, precision, weights))
    chances = np.exp(np.array(evidence) - max(evidence))
    result: Wide = chances / chances.sum() @ np.array(found)
    return result


def _log_evidence(
    columns: Wide, is_good: npt.NDArray[np.bool_], importance: Wide, precision: Wide, weights: Wide
) -> float:
    """Return ln of how probable the marks are under weights of this precision, by Laplace's method, but for a constant.

    *weights* are the most probable ones.
    """
    chance, bend = _chances_and_bend(columns, importance, precision, weights)
    said = np.log(np.where(is_good, chance, 1.0 - chance))
    fit = importance @ said - 0.5 * float(precision @ weights**2)
    return float(fit + 0.5 * np.log(precision).sum() - 0.5 * np.linalg.slogdet(bend)[1])


def _fitted(columns: Wide, is_good: npt.NDArray[np.bool_], importance: Wide, precision: Wide) -> Wide:
    """Return the most probable weights of a logistic regression, each normal around 0, by Newton's method."""
    weights = np.zeros(columns.shape[1])
    for _ in range(_MOST_STEPS):
        chance, bend = _chances_and_bend(columns, importance, precision, weights)
        slope = columns.T @ (importance * (is_good - chance)) - precision * weights
        step = np.linalg.solve(bend, slope)
        weights += step
        if float(np.abs(step).max()) < _CLOSE:
            break
    return weights


def _chances_and_bend(columns: Wide, importance: Wide, precision: Wide, weights: Wide) -> tuple[Wide, Wide]:
    """Return how probable it is that each mark is good, and the second derivatives of what is minimised."""
    chance: Wide = 1.0 / (1.0 + np.exp(-np.clip(columns @ weights, -30.0, 30.0)))
    return chance, (columns.T * (importance * chance * (1.0 - chance))) @ columns + np.diag(precision)
