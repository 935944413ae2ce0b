"""How much is posted in all, against which the use of a term is measured."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from trendspark_cli.ranking.baseline.history import SourceState
from trendspark_cli.ranking.baseline.ticks import TICKS_PER_DAY, TICKS_PER_HOUR, decay, hour_of

PRIOR_POSTS = 0.3  # posts a term that was never seen counts as having had
PRIOR_DAYS = 2
MOST_PRIOR_POSTS = 15_000.0  # of these days: so many prove enough, else all words of a large young source were news
SURGE_PSEUDO_POSTS = 50.0  # in and beside an hour: some posts more or less than expected are no surge
LEAST_POSTS_PER_TICK = 5.0  # a quiet installation must not be surprised by every third post


class Traffic(NamedTuple):
    """All posts of some sources, decayed to one tick: `posts`, `ticks` with posts, posts by UTC hour."""

    posts: float
    ticks: float
    hours: tuple[float, ...]

    @property
    def posts_per_tick(self) -> float:
        """Return the mean number of posts in a tick of 15 minutes."""
        return self.posts / self.ticks if self.ticks else 0.0

    @property
    def prior(self) -> float:
        """Return the posts added to history so that a short one proves little: two days' worth, at most 15,000."""
        return min(MOST_PRIOR_POSTS, PRIOR_DAYS * TICKS_PER_DAY * max(LEAST_POSTS_PER_TICK, self.posts_per_tick))

    def hour_share(self, hours: Iterable[int]) -> float:
        """Return which part of all posts falls into these UTC hours."""
        total = sum(self.hours)
        return sum(self.hours[hour] for hour in hours) / total if total else 1.0

    def volume_surge(self, tick: int, by_hour: Sequence[int]) -> float:
        """Return log10 of observed over expected posts, in the busiest of the hours before `tick`; never below 0.

        `by_hour`: posts of the last hour, of the one before it, and so on. More posts give more chances that some of
        them agree on a word. A backfill or a new source is therefore no news.
        """
        if self.posts <= 0.0:
            return 0.0
        expectations = (self._expected(tick - TICKS_PER_HOUR * ago) for ago in range(len(by_hour)))
        times = [
            (posts + SURGE_PSEUDO_POSTS) / (expected + SURGE_PSEUDO_POSTS)
            for posts, expected in zip(by_hour, expectations, strict=True)
        ]
        return max(0.0, *map(math.log10, times))

    def _expected(self, tick: int) -> float:
        """Return how many posts are expected in the hour before this tick, at its time of day."""
        shares = (self.hour_share([hour_of(tick - 1 - number)]) for number in range(TICKS_PER_HOUR))
        return self.posts_per_tick * 24.0 * sum(shares)


def traffic_before(tick: int, sources: Mapping[str, SourceState]) -> Traffic:
    """Return the traffic known before `tick`; what a source already posted in that very tick is left out."""
    posts = ticks = 0.0
    hours = [0.0] * 24
    for state in sources.values():
        fade = decay(max(0, tick - state.last_tick))
        is_open = state.last_tick == tick
        posts += (state.posts - (state.last_tick_posts if is_open else 0)) * fade
        ticks = max(ticks, (state.ticks - is_open) * fade)
        for hour, count in enumerate(state.hours):
            hours[hour] += count * fade
    return Traffic(posts, ticks, tuple(hours))
