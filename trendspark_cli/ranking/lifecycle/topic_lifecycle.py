"""The life of a trend: opened once, updated while it lasts, closed when it is quiet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from trendspark_cli.ranking.bursts.topics import MATCHED_TERMS, TermEvidence, Topic, without_spaces
from trendspark_cli.ranking.lifecycle.feedback import Verdict, opening_threshold

MOST_TREND_TERMS = 12
LEAST_SHARED_POSTS = 2  # one may be chance: an everyday word in a post of the story


class TrendState(StrEnum):
    """Whether a trend is still going on."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class TrendRecord:
    """A trend as stored. Times are epoch seconds; `id` is None until the store gave one.

    `score` is the highest so far; `observed` to `evidence` are those of that moment (`peak_at`, a tick end).
    `terms`: strongest first, at most 12 over the whole life. `last_strong_at`: newest tick end at which the score
    was at least half the threshold. `closed_at`: None while open.
    """

    id: int | None
    label: str
    terms: tuple[str, ...]
    state: TrendState
    score: float
    observed: float
    expected: float
    window_seconds: int
    authors: int
    sources: Mapping[str, int]
    first_seen: int
    last_seen: int
    opened_at: int
    last_strong_at: int
    peak_at: int
    closed_at: int | None
    post_ids: tuple[int, ...]
    example_ids: tuple[int, ...]
    evidence: tuple[TermEvidence, ...]


@dataclass(frozen=True, slots=True)
class LifecycleRules:
    """When trends open, close and count as the same again. `verdicts`: what people said of earlier trends."""

    threshold: float
    cooldown_seconds: int = 24 * 3600
    close_after_seconds: int = 6 * 3600
    verdicts: tuple[Verdict, ...] = ()
    false_alarms_per_day: float = 0.5  # how rare a single post's forecast must be

    def is_silenced(self, trend_id: int | None) -> bool:
        """Tell whether somebody called this trend noise: it goes on and nobody is told how it grows."""
        return any(verdict.is_noise and verdict.trend_id == trend_id for verdict in self.verdicts)

    def opening_threshold(self, terms: Sequence[str], now: int) -> float:
        """Return the score a topic of these terms, strongest first, needs to open a trend at `now`."""
        return opening_threshold(self.threshold, self.verdicts, terms, now)


@dataclass(frozen=True, slots=True)
class TrendChanges:
    """What one tick changed; `updated` and `closed` carry the ids of the records they replace."""

    opened: tuple[TrendRecord, ...] = ()
    updated: tuple[TrendRecord, ...] = ()
    closed: tuple[TrendRecord, ...] = ()


def advance_trends(
    trends: Sequence[TrendRecord], topics: Sequence[Topic], now: int, rules: LifecycleRules, *, may_open: bool = True
) -> TrendChanges:
    """Return what the topics of the tick that ended at `now` change; the same call again changes nothing.

    `trends`: the open ones and those closed within the cooldown. `topics`: from half the threshold upwards.
    `may_open` is False for ticks older than the recency limit.
    """
    before = [trend for trend in trends if _still_matters(trend, now, rules)]
    records = list(before)
    for topic in sorted(topics, key=lambda topic: -topic.score):
        same = [number for number, record in enumerate(records) if is_same_topic(record, topic)]
        same.sort(key=lambda number: (records[number].state is TrendState.CLOSED, records[number].opened_at))
        may_start = may_open and topic.score >= rules.opening_threshold(
            [evidence.term for evidence in topic.terms], now
        )
        if not same:
            if may_start:
                records.append(_opened(topic, now))
        elif records[same[0]].state is TrendState.OPEN or may_start:
            records[same[0]] = _updated(records[same[0]], topic, now, rules)
            for number in same[1:]:  # they have become one topic: the older trend goes on
                records[number] = _closed(records[number], now)
    records = [_closed(record, now) if _is_over(record, now, rules) else record for record in records]
    changed = [(old, new) for old, new in zip(before, records[: len(before)], strict=True) if old != new]
    return TrendChanges(
        opened=tuple(records[len(before) :]),
        updated=tuple(new for _, new in changed if new.state is TrendState.OPEN),
        closed=tuple(new for _, new in changed if new.state is TrendState.CLOSED),
    )


def is_same_topic(trend: TrendRecord, topic: Topic) -> bool:
    """Tell whether they share one of their first three terms, or a quarter of the posts of the smaller, two at least.

    A story goes on in other words: were half of the posts asked for, it would be told a second time, and a third.
    """
    first_terms = {without_spaces(evidence.term) for evidence in topic.terms[:MATCHED_TERMS]}
    if first_terms & {without_spaces(term) for term in trend.terms[:MATCHED_TERMS]}:
        return True
    shared = len(set(trend.post_ids) & set(topic.post_ids))
    return shared >= LEAST_SHARED_POSTS and 4 * shared >= min(len(trend.post_ids), len(topic.post_ids))


def _still_matters(trend: TrendRecord, now: int, rules: LifecycleRules) -> bool:
    """Tell whether a trend is open or was closed less than the cooldown ago."""
    return trend.closed_at is None or now - trend.closed_at < rules.cooldown_seconds


def _is_over(trend: TrendRecord, now: int, rules: LifecycleRules) -> bool:
    """Tell whether an open trend has been weak for long enough."""
    return trend.state is TrendState.OPEN and now - trend.last_strong_at >= rules.close_after_seconds


def _opened(topic: Topic, now: int) -> TrendRecord:
    """Return a new trend."""
    return TrendRecord(
        id=None,
        label=topic.label,
        terms=tuple(evidence.term for evidence in topic.terms)[:MOST_TREND_TERMS],
        state=TrendState.OPEN,
        score=topic.score,
        observed=topic.observed,
        expected=topic.expected,
        window_seconds=topic.window_seconds,
        authors=topic.authors,
        sources=topic.sources,
        first_seen=topic.first_seen,
        last_seen=topic.last_seen,
        opened_at=now,
        last_strong_at=now,
        peak_at=now,
        closed_at=None,
        post_ids=topic.post_ids,
        example_ids=topic.example_ids,
        evidence=topic.terms,
    )


def _updated(trend: TrendRecord, topic: Topic, now: int, rules: LifecycleRules) -> TrendRecord:
    """Return the trend after one more look at its topic; a recently closed one is open again, as the same trend."""
    known, found = trend.terms, tuple(evidence.term for evidence in topic.terms)
    if topic.score > trend.score:
        # The label stays: a trend that changes its name from alert to alert is taken for a new one.
        at_peak = replace(_opened(topic, now), id=trend.id, label=trend.label, opened_at=trend.opened_at)
        trend, known, found = replace(at_peak, first_seen=trend.first_seen, last_seen=trend.last_seen), found, known
    is_strong = 2.0 * topic.score >= rules.threshold
    return replace(
        trend,
        terms=tuple(dict.fromkeys(known + found))[:MOST_TREND_TERMS],
        state=TrendState.OPEN,
        first_seen=min(trend.first_seen, topic.first_seen),
        last_seen=max(trend.last_seen, topic.last_seen),
        last_strong_at=max(trend.last_strong_at, now) if is_strong else trend.last_strong_at,
        closed_at=None,
    )


def _closed(trend: TrendRecord, now: int) -> TrendRecord:
    """Return the trend as closed; a closed one stays as it is."""
    if trend.state is TrendState.CLOSED:
        return trend
    return replace(trend, state=TrendState.CLOSED, closed_at=now)
