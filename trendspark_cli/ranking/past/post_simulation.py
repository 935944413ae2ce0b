"""Trends that are single posts, as `rank` would have opened them, under one set of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import PostTrend, TrendState, moment_of
from trendspark_cli.ranking.past.post_replay import PastPost, PostReplay
from trendspark_cli.ranking.posts.post_lifecycle import advance_posts, remembered_for


@dataclass(frozen=True, slots=True)
class FiredPost:
    """A trend of one post as it would have opened, `name`: the post as people ask for it, and its highest score.

    `last`: how it was at last.
    """

    trend: PostTrend
    name: str
    peak: float
    last: PostTrend | None = None

    @property
    def delay(self) -> timedelta:
        """Return how long after the post was made it opened."""
        return self.trend.opened_at - self.trend.first_seen


class PostSimulation:
    """Trends of single posts that open, grow and close as the ticks of a replay pass; nothing is stored.

    `name_and_text` gives the name and the text of a post.
    """

    def __init__(self, rules: LifecycleRules, name_and_text: Callable[[PastPost], tuple[str, str]]) -> None:
        self.rules = rules
        self.fired: dict[int, FiredPost] = {}
        self._name_and_text = name_and_text
        self._living: dict[int, PostTrend] = {}

    def advance(self, replayed: PostReplay, now: int) -> int:
        """Let what was judged at *now* open, update and close trends; return how many opened."""
        judged = replayed.judged(self.rules.false_alarms_per_day)
        changed = advance_posts(
            self._living, judged, now, self.rules, lambda post_id: self._name_and_text(replayed.watched[post_id])[1]
        )
        before = len(self.fired)
        for trend in changed:
            post_id = trend.story.post_id
            if trend.id is None:
                name, _ = self._name_and_text(replayed.watched[post_id])
                self.fired[post_id] = FiredPost(trend, name, trend.score)
                trend = replace(trend, id=len(self.fired))
            self.fired[post_id] = replace(self.fired[post_id], peak=trend.score, last=trend)
            self._living[post_id] = trend
        oldest = moment_of(now) - remembered_for(self.rules)
        self._living = {
            key: one for key, one in self._living.items() if one.state is TrendState.OPEN or one.opened_at >= oldest
        }
        return len(self.fired) - before


def only_in_first(first: Sequence[FiredPost], second: Sequence[FiredPost]) -> list[FiredPost]:
    """Return the trends of *first* whose post opens none in *second*."""
    others = {one.trend.story.post_id for one in second}
    return [one for one in first if one.trend.story.post_id not in others]
