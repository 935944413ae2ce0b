"""Surprisal: -log10 of the chance of a count as large. For one number or a whole array; numpy is not imported here.

Counts are negative binomial: Poisson with a mean that is itself uncertain. `overdispersion` is 1/r: 0 would be Poisson.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:  # numpy: only a ranking run needs it
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

Number = TypeVar("Number", float, "Floats")

TAIL_STEPS = 128  # the geometric rest is then good to 0.001, for the counts of terms
_LOG_10 = math.log(10.0)


@dataclass(frozen=True)
class Arithmetic(Generic[Number]):
    """The functions of one kind of number: those of `math`, or numpy's for arrays."""

    log: Callable[[Number], Number]
    log1p: Callable[[Number], Number]
    log10: Callable[[Number], Number]
    log_gamma: Callable[[Number], Number]
    maximum: Callable[[float, Number], Number]
    all: Callable[[Any], Any]


NUMBERS: Arithmetic[float] = Arithmetic(math.log, math.log1p, math.log10, math.lgamma, max, bool)


def surprisal(
    observed: Number, expected: Number, overdispersion: Number, of: Arithmetic[Number], *, steps: int = TAIL_STEPS
) -> Number:
    """Return -log10 P(X >= observed) for X negative binomial with the mean *expected* and 1/r = *overdispersion*.

    The probability at `observed` by log-gamma (so `observed` may be fractional), then the ratio series
    P(k+1)/P(k) = (k+r)/(k+1) * mu/(mu+r), closed as a geometric series once it hardly moves, after *steps* at most.
    """
    mean, r = of.maximum(1e-300, expected), 1.0 / overdispersion
    step = mean / (mean + r)
    term = total = observed * 0.0 + 1.0
    for number in range(steps):
        ratio = step * (observed + number + r) / (observed + number + 1.0)
        term = term * ratio
        total = total + term
        if not number % 16 and of.all(term < 1e-7 * total):
            break
    total = total + term * ratio / of.maximum(1e-9, 1.0 - ratio)
    return of.maximum(0.0, -log10_probability(observed, mean, r, of) - of.log10(total))


def log10_probability(x: Number, mean: Number, r: Number, of: Arithmetic[Number]) -> Number:
    """Return log10 P(X = x) of the negative binomial; its negative is an upper bound of the surprisal."""
    log_p = of.log_gamma(x + r) - of.log_gamma(r) - of.log_gamma(x + 1.0)
    log_p = log_p + (x * (of.log(mean) - of.log(mean + r)) - r * of.log1p(mean / r))
    return log_p / _LOG_10
