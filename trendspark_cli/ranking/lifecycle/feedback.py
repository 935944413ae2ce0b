"""Verdicts on trends raise the opening threshold of topics like those called noise, and less as time passes."""

from collections.abc import Sequence
from typing import NamedTuple

from trendspark_cli.ranking.bursts.topics import MATCHED_TERMS, without_spaces

NOISE_HALF_LIFE_SECONDS = 30 * 86400
NOISE_MARGIN = 3.0  # of the score: a topic twice as large, since 10 is ten times
FORGOTTEN_SECONDS = 12 * NOISE_HALF_LIFE_SECONDS  # then a verdict is worth a four-thousandth


class Verdict(NamedTuple):
    """What somebody said of a trend at a time (epoch seconds); `terms`, strongest first, and `score` are the trend's.

    `trend_id` is None when the trend is gone.
    """

    trend_id: int | None
    terms: tuple[str, ...]
    score: float
    at: int
    is_noise: bool


def opening_threshold(threshold: float, verdicts: Sequence[Verdict], terms: Sequence[str], now: int) -> float:
    """Return the score a topic of these terms, strongest first, needs to open a trend at `now` (epoch seconds).

    A topic that shares one of its three strongest terms with a trend called noise has to be twice as large as that
    trend was; half of the difference to the threshold is gone after 30 days. Of verdicts that share terms, the newest
    counts, so `good` takes `noise` back. Later verdicts are not known yet at `now`.
    """
    own = _strongest(terms)
    known = [verdict for verdict in verdicts if verdict.at <= now and own & _strongest(verdict.terms)]
    if not known:
        return threshold
    newest = max(known, key=lambda verdict: verdict.at)
    if not newest.is_noise:
        return threshold
    raised = max(0.0, newest.score + NOISE_MARGIN - threshold)
    return threshold + raised * float(0.5 ** ((now - newest.at) / NOISE_HALF_LIFE_SECONDS))


def _strongest(terms: Sequence[str]) -> set[str]:
    return {without_spaces(term) for term in terms[:MATCHED_TERMS]}
