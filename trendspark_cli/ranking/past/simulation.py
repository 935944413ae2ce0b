"""The trends `rank` would have opened on past posts: their life over replayed ticks, under one set of rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.bursts.spelling import name_topic
from trendspark_cli.ranking.bursts.thresholds import SURE
from trendspark_cli.ranking.bursts.tick_counts import TickCount
from trendspark_cli.ranking.bursts.topics import Topic
from trendspark_cli.ranking.interest.judging import NO_PULL, Pull, moved
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.topic_lifecycle import TrendChanges, advance_trends, is_same_topic
from trendspark_cli.ranking.lifecycle.trends import TopicTrend, TrendState, moment_of
from trendspark_cli.ranking.past.past_interest import PastInterest
from trendspark_cli.ranking.past.replay import PastExample, Replay

SAME_STORY = timedelta(hours=24)  # two settings may notice one story this far apart


class Life(NamedTuple):
    """What became of a trend: how it was at last, what was counted of it by tick and source, and what shows it."""

    last: TopicTrend
    curve: Mapping[tuple[int, str], TickCount]
    examples: Mapping[int, PastExample]


@dataclass(frozen=True, slots=True)
class Fired:
    """A trend as it would have opened, `terms`: all it ever had, strongest first, and `peak`: its highest score.

    `trend.interest`: how far it moved when it opened. `life`: the rest of it, where that is asked for.
    """

    trend: TopicTrend
    terms: tuple[str, ...]
    peak: float
    life: Life | None = None

    @property
    def delay(self) -> timedelta:
        """Return how long after its first post within eight hours it opened."""
        return self.trend.opened_at - self.trend.first_seen


class TrendSimulation:
    """Trends that open, go on and close as the ticks of a replay pass; nothing is stored.

    `keeps_lives`: of each trend, its curve and examples too.
    """

    def __init__(self, rules: LifecycleRules, *, needs_labels: bool = True, keeps_lives: bool = False) -> None:
        self.rules = rules
        self._needs_labels = needs_labels
        self._keeps_lives = keeps_lives
        self.fired: dict[int, Fired] = {}
        self._living: list[TopicTrend] = []
        self._interest = PastInterest(rules.interest, rules.marks) if matters(rules) else None

    @property
    def living(self) -> list[int]:
        """Return which of `fired` are open, or were closed within the cooldown."""
        return [trend.stored_id for trend in self._living]

    def topics(self, replayed: Replay, tick: int) -> list[Topic]:
        """Return the topics `rank` would find at the end of the tick added last."""
        return replayed.topics(tick, self.rules.threshold, self.rules.threshold / 2)

    def advance(self, replayed: Replay, tick: int, topics: Sequence[Topic]) -> int:
        """Let the topics of a tick open, update and close trends; return how many opened."""
        now = (tick + 1) * TICK_SECONDS
        spelled = [self._spelled(replayed, topic) for topic in topics]
        changes = advance_trends(self._living, spelled, now, self.rules)
        changed = self._keep(changes, now)
        if self._keeps_lives:
            self._tell_lives(replayed, tick, changed)
        if self._interest is not None:
            self._order(self._interest, replayed, topics, now)
        return len(changes.opened)

    def pull(self, replayed: Replay, topic: Topic, now: int) -> Pull:
        """Return what moves a topic at *now* (epoch seconds)."""
        if self._interest is None or replayed.learned is None:
            return NO_PULL
        return self._interest.pull(replayed.learned.vectors, now, replayed.subject(topic))

    def _order(self, interest: PastInterest, replayed: Replay, topics: Sequence[Topic], now: int) -> None:
        """Note what moves the trends that opened now, and remember what those of these topics are about."""
        for topic in topics:
            number = self.trend_of(topic) if topic.score >= SURE else None
            if number is None:
                continue
            fired = self.fired[number]
            if fired.trend.opened_at == moment_of(now):
                points = moved(fired.trend.score, self.pull(replayed, topic, now).points) - fired.trend.score
                self.fired[number] = replace(fired, trend=replace(fired.trend, interest=points))
            interest.know(number, now, replayed.subject(topic))

    def trend_of(self, topic: Topic) -> int | None:
        """Return which of `fired` a topic is part of now: of several open ones, the first."""
        living = (trend for trend in self._living if trend.state is TrendState.OPEN)
        return min((trend.id or 0 for trend in living if is_same_topic(trend, topic)), default=None)

    def _spelled(self, replayed: Replay, topic: Topic) -> Topic:
        is_shown = self._needs_labels and topic.score >= self.rules.threshold
        return name_topic(topic, replayed.texts(topic)) if is_shown else topic

    def _keep(self, changes: TrendChanges, now: int) -> list[TopicTrend]:
        """Take over what changed, and return it."""
        living = {trend.stored_id: trend for trend in self._living}
        for trend in changes.opened:
            number = len(self.fired) + 1
            self.fired[number] = Fired(trend, trend.story.terms, trend.score)
            living[number] = replace(trend, id=number)
        for trend in (*changes.updated, *changes.closed):
            number, story = trend.stored_id, trend.story
            known = living[number].story.post_ids  # the store adds to a trend's posts, and so do we
            living[number] = replace(trend, story=replace(story, post_ids=tuple(sorted({*known, *story.post_ids}))))
            self.fired[number] = replace(self.fired[number], terms=story.terms, peak=trend.score)
        oldest = moment_of(now) - self.rules.cooldown
        self._living = [trend for trend in living.values() if trend.closed_at is None or trend.closed_at > oldest]
        opened = range(len(self.fired) - len(changes.opened) + 1, len(self.fired) + 1)
        numbers = [*opened, *(trend.stored_id for trend in (*changes.updated, *changes.closed))]
        return [living[number] for number in numbers]

    def _tell_lives(self, replayed: Replay, tick: int, changed: Sequence[TopicTrend]) -> None:
        """Add to the lives of trends what this tick tells of them."""
        for trend, counts in zip(changed, replayed.curves(changed, tick), strict=True):
            fired = self.fired[trend.stored_id]
            known = fired.life or Life(trend, {}, {})
            examples = {number: found for number in trend.story.example_ids if (found := replayed.example(number))}
            life = Life(
                replace(trend, posts_total=max(trend.posts_total, len(trend.story.post_ids))),
                {**known.curve, **{(count.tick, count.source): count for count in counts}},
                examples or known.examples,
            )
            self.fired[trend.stored_id] = replace(fired, life=life)


def matters(rules: LifecycleRules) -> bool:
    """Tell whether anything is named or was marked, so that it is worth to learn what posts are like."""
    return bool(rules.interest or rules.marks)


def only_in_first(first: Sequence[Fired], second: Sequence[Fired]) -> list[Fired]:
    """Return the trends of *first* that share no term with a trend of *second* opened within a day."""
    return [
        one
        for one in first
        if not any(
            abs(one.trend.opened_at - other.trend.opened_at) <= SAME_STORY and set(one.terms) & set(other.terms)
            for other in second
        )
    ]
