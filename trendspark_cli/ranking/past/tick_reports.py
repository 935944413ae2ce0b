"""A report of each tick of a replay: its topics as `rank` would show them, those of one trend made one."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS
from trendspark_cli.ranking.bursts.spelling import name_topic
from trendspark_cli.ranking.bursts.thresholds import DEFAULT_THRESHOLD
from trendspark_cli.ranking.bursts.topics import MATCHED_TERMS, MOST_TERMS, Topic
from trendspark_cli.ranking.interest.judging import moved
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.past.replay import Replay, ReplayPost, ticks_of
from trendspark_cli.ranking.past.simulation import TrendSimulation

LISTED_FLOOR = 1.5  # far below any threshold: a scorer that sets the threshold itself needs the weak ones too
LISTED_TOPICS = 20


@dataclass(frozen=True, slots=True)
class ReportedTopic:
    """The strongest topic of a trend at one tick, and the terms of all of them, strongest first.

    The trend's first term is among the first three: so a reader of tick after tick knows it again. The topic's label is
    that of a trend that opened when this one was strongest so far.
    """

    topic: Topic
    terms: tuple[str, ...]
    order: float  # its score, moved by what matters


class TickReporter:
    """Reports each tick's topics, and remembers which trends there are, and how each is called.

    `interest`: names of what matters, which order the topics that are sure. `floor`: the least score that is listed.
    """

    def __init__(self, interest: Sequence[str] = (), *, floor: float = LISTED_FLOOR) -> None:
        self._floor = floor
        names = (tuple(interest),) if interest else ()
        self._trends = TrendSimulation(LifecycleRules(DEFAULT_THRESHOLD, interest=names), needs_labels=False)
        self._labels: dict[int, tuple[float, str]] = {}

    def report(self, replayed: Replay, tick: int) -> list[ReportedTopic]:
        """Return the topics at the end of the tick that was added last, far below the threshold too."""
        topics = replayed.topics(tick, DEFAULT_THRESHOLD, self._floor, LISTED_TOPICS)
        self._trends.advance(replayed, tick, [topic for topic in topics if topic.score >= DEFAULT_THRESHOLD / 2])
        reported: dict[int, ReportedTopic] = {}
        for number, topic in enumerate(topics):
            terms = topic.term_names
            trend, end = self._trends.trend_of(topic), (tick + 1) * TICK_SECONDS
            if trend is None and not topic.says_what:
                continue
            order = moved(topic.score, self._trends.pull(replayed, topic, end).points)
            if trend is None:
                reported[-1 - number] = ReportedTopic(topic, terms, order)
                continue
            before = reported.get(trend) or ReportedTopic(self._named(replayed, topic, trend), (), order)
            first_term = self._trends.fired[trend].trend.story.terms[0]
            named = _named([*before.terms, *terms], first_term)
            reported[trend] = ReportedTopic(before.topic, named, before.order)
        return list(reported.values())

    def _named(self, replayed: Replay, topic: Topic, trend: int) -> Topic:
        """Return a trend's topic with its label as people write it.

        It is read from texts where the trend is stronger than ever: at such a tick it opens, whatever the threshold.
        """
        strongest, label = self._labels.get(trend, (DEFAULT_THRESHOLD, topic.label))
        if topic.score >= strongest:
            label = name_topic(topic, replayed.texts(topic)).label
            self._labels[trend] = (topic.score, label)
        return topic._replace(label=label)


def _named(terms: Sequence[str], first_term: str) -> tuple[str, ...]:
    """Return the terms with the trend's first term among the first three, each once."""
    different = list(dict.fromkeys(terms))
    if first_term not in different[:MATCHED_TERMS]:
        different.insert(MATCHED_TERMS - 1, first_term)
    return tuple(dict.fromkeys(different))[:MOST_TERMS]


def report_ticks(
    posts: Iterable[ReplayPost], replayed: Replay, interest: Sequence[str] = ()
) -> Iterator[tuple[int, list[ReportedTopic]]]:
    """Yield (tick end in epoch seconds, its topics) for every tick from the first post on."""
    reporter = TickReporter(interest)
    for tick, batch in ticks_of(posts):
        replayed.advance(tick, batch)
        yield (tick + 1) * TICK_SECONDS, reporter.report(replayed, tick)


def line_of(tick_end: int, reported: Sequence[ReportedTopic], posts: Mapping[int, ReplayPost]) -> str:
    """Return one tick as a line of JSON."""
    trends = [
        {
            "terms": one.terms,
            "score": round(one.order, 3),
            "interest": round(one.order - one.topic.score, 3),
            "posts": [posts[number].name for number in one.topic.example_ids],
            "label": one.topic.label,
            "observed": round(one.topic.observed, 2),
            "expected": round(one.topic.expected, 4),
            "authors": one.topic.authors,
            "sources": dict(one.topic.sources),
            "window_seconds": one.topic.window_seconds,
            "first_seen": written(one.topic.first_seen),
            "last_seen": written(one.topic.last_seen),
        }
        for one in reported
    ]
    return json.dumps({"tick": written(tick_end), "trends": trends}, ensure_ascii=False)


def written(epoch_seconds: int) -> str:
    """Return a moment as 2013-04-15T19:00:00Z."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
