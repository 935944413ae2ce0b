"""How much more often a term is used at this time of day than over the day."""

import numpy as np

from trendspark_cli.ranking.baseline.history import COUNT_SCALE
from trendspark_cli.ranking.baseline.term_history import TermHistory
from trendspark_cli.ranking.baseline.term_states import TermStates
from trendspark_cli.ranking.baseline.ticks import hour_of
from trendspark_cli.ranking.baseline.traffic import Traffic
from trendspark_cli.ranking.bursts.scoring import Floats
from trendspark_cli.ranking.text.keys import NO_WORD, Integers, term_keys

PSEUDO_COUNTS = 8.0


def hour_factors(first: Integers, second: Integers, history: TermHistory, traffic: Traffic, tick: int) -> Floats:
    """Return a factor, never below 1, for each term, given the keys of its words (`first` is NO_WORD for single words).

    The factor of a pair is at least the lower one of its words: in a daily thread its words meet each day, and any two
    of them stand side by side by chance.
    """
    pairs = term_keys(first, second)
    keys = np.unique(np.concatenate((pairs, first, second)))
    around = [(hour_of(tick - 1) + step) % 24 for step in (-1, 0, 1)]
    traffic_share = traffic.hour_share(around)
    if traffic_share <= 0.0:
        return np.ones(pairs.size)
    known = _factors(history.load(keys[keys != NO_WORD]), keys, around, traffic_share)
    own, of_first, of_second = (known[np.searchsorted(keys, part)] for part in (pairs, first, second))
    return np.where(first == NO_WORD, own, np.maximum(own, np.minimum(of_first, of_second)))


def _factors(states: TermStates, keys: Integers, around: list[int], traffic_share: float) -> Floats:
    """Return each term's share in these hours over all posts' share, drawn towards 1."""
    has_hours, hours = states.hours_of(keys)
    total, here = hours.sum(axis=1) / COUNT_SCALE, hours[:, around].sum(axis=1) / COUNT_SCALE
    share = (here + PSEUDO_COUNTS * traffic_share) / (total + PSEUDO_COUNTS) / traffic_share
    return np.where(has_hours, np.maximum(1.0, share), 1.0)
