"""What fires of posts whose every story was destroyed: false alarms, all of them."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.ticks import TICKS_PER_DAY
from trendspark_cli.ranking.bursts.thresholds import LOWEST_THRESHOLD
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.past.replay import Replay, ReplayPost
from trendspark_cli.ranking.past.simulation import TrendSimulation
from trendspark_cli.ranking.text.keys import Integers

EPISODE = timedelta(hours=12)  # topics that share a strong term within it are one false alarm, as one trend would be


def shuffled(created: Integers, sources: npt.NDArray[np.int32], seed: int) -> Integers:
    """Return other times for posts: those of posts of the same source and UTC hour of day, at random.

    Volume, words and the daily cycle stay; whatever happened at a time is spread over all days.
    """
    random = np.random.default_rng(seed)
    times = created.copy()
    groups = sources.astype(np.int64) * 24 + created % 86400 // 3600
    for group in np.unique(groups):
        places = np.flatnonzero(groups == group)
        times[places] = created[random.permutation(places)]
    return times


class FalseAlarms:
    """What would have fired of shuffled posts, however weak; `days` and `peaks` (scores) grow with each shuffle."""

    def __init__(self) -> None:
        self.days = 0.0
        self._peaks: list[float] = []
        self._replayed, self._simulation = _unseen()

    @property
    def peaks(self) -> list[float]:
        """Return the highest score of each false alarm."""
        return self._peaks + [one.peak for one in self._simulation.fired.values()]

    def begin(self) -> None:
        """Start with another shuffle: history and trends are new."""
        self._peaks = self.peaks
        self._replayed, self._simulation = _unseen()

    def advance(self, tick: int, posts: Sequence[ReplayPost], *, counts: bool) -> None:
        """Add a tick of the shuffle; one that does not count is only history."""
        replayed, simulation = self._replayed, self._simulation
        replayed.advance(tick, posts)
        if counts:
            simulation.advance(replayed, tick, simulation.topics(replayed, tick))
            self.days += 1.0 / TICKS_PER_DAY


def _unseen() -> tuple[Replay, TrendSimulation]:
    return Replay(), TrendSimulation(LifecycleRules(LOWEST_THRESHOLD, EPISODE), needs_labels=False)
