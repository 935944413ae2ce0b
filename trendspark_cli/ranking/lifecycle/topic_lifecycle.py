"""The life of a topic's trend: opened once, updated while it lasts, closed when it is quiet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from trendspark_cli.ranking.bursts.topics import MATCHED_TERMS, Topic, without_spaces
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import TopicStory, TopicTrend, Trend, TrendState, moment_of

MOST_TREND_TERMS = 12
SAME_SHARE = 0.25  # of the smaller of two sets of posts: were half asked for, a story would be told again, and again
LEAST_SHARED_POSTS = 2  # one may be chance: an everyday word in a post of the story


class TrendChanges(NamedTuple):
    """What one tick changed; `updated` and `closed` carry the ids of the records they replace.

    `uncounted`: open trends of which this tick had nothing in the window of their peak.
    """

    opened: tuple[TopicTrend, ...] = ()
    updated: tuple[TopicTrend, ...] = ()
    closed: tuple[TopicTrend, ...] = ()
    uncounted: tuple[TopicTrend, ...] = ()


def advance_trends(
    trends: Sequence[TopicTrend], topics: Sequence[Topic], now: int, rules: LifecycleRules, *, may_open: bool = True
) -> TrendChanges:
    """Return what the topics of the tick that ended at `now` change; the same call again changes nothing.

    `trends`: the open ones and those closed within the cooldown. `topics`: from half the threshold upwards.
    `may_open` is False for ticks older than the recency limit.
    """
    end = moment_of(now)
    before = [trend for trend in trends if _still_matters(trend, end, rules)]
    records, counted = list(before), set[int]()
    for topic in sorted(topics, key=lambda topic: -topic.score):
        same = [number for number, record in enumerate(records) if is_same_topic(record, topic)]
        same.sort(key=lambda number: (records[number].state is TrendState.CLOSED, records[number].opened_at))
        may_start = may_open and "topic" in rules.kinds and topic.says_what and topic.score >= rules.threshold
        if not same:
            if may_start:
                records.append(_opened(topic, end, rules.threshold))
        elif records[same[0]].state is TrendState.OPEN or may_start:
            records[same[0]] = _updated(records[same[0]], topic, end, rules)
            if records[same[0]].story.window == timedelta(seconds=topic.window_seconds):
                counted.add(same[0])
            for number in same[1:]:  # they have become one topic: the older trend goes on
                records[number] = _closed(records[number], end)
    records = [_closed(record, end) if _is_over(record, end, rules) else record for record in records]
    changed = [(old, new) for old, new in zip(before, records[: len(before)], strict=True) if old != new]
    return TrendChanges(
        opened=tuple(records[len(before) :]),
        updated=tuple(new for _, new in changed if new.state is TrendState.OPEN),
        closed=tuple(new for _, new in changed if new.state is TrendState.CLOSED),
        uncounted=tuple(
            record
            for number, record in enumerate(records[: len(before)])
            if record.state is TrendState.OPEN and number not in counted
        ),
    )


def is_same_topic(trend: TopicTrend, topic: Topic) -> bool:
    """Tell whether they share one of their first three terms, or a quarter of the posts of the smaller, two at least.

    A story goes on in other words.
    """
    first_terms = {without_spaces(evidence.term) for evidence in topic.terms[:MATCHED_TERMS]}
    if first_terms & {without_spaces(term) for term in trend.story.terms[:MATCHED_TERMS]}:
        return True
    known = trend.story.post_ids
    shared = len(set(known) & set(topic.post_ids))
    return shared >= LEAST_SHARED_POSTS and shared >= SAME_SHARE * min(len(known), len(topic.post_ids))


def _still_matters(trend: TopicTrend, now: datetime, rules: LifecycleRules) -> bool:
    """Tell whether a trend is open or was closed less than the cooldown ago."""
    return trend.closed_at is None or now - trend.closed_at < rules.cooldown


def _is_over(trend: TopicTrend, now: datetime, rules: LifecycleRules) -> bool:
    """Tell whether an open trend has been weak for long enough."""
    return trend.state is TrendState.OPEN and now - trend.last_strong_at >= rules.close_after


def _opened(topic: Topic, now: datetime, threshold: float) -> TopicTrend:
    """Return a new trend, which needed a score of *threshold* to open."""
    story = _story(topic)
    return Trend(
        id=None,
        label=topic.label,
        state=TrendState.OPEN,
        score=topic.score,
        threshold=threshold,
        first_seen=moment_of(topic.first_seen),
        last_seen=moment_of(topic.last_seen),
        opened_at=now,
        last_strong_at=now,
        peak_at=now,
        closed_at=None,
        story=story,
        posts_now=story.posts,
        posts_peak=story.posts,
        posts_total=story.posts,
    )


def _story(topic: Topic) -> TopicStory:
    """Return what a topic is now, as a trend keeps it."""
    return TopicStory(
        terms=topic.term_names[:MOST_TREND_TERMS],
        observed=topic.observed,
        expected=topic.expected,
        window=timedelta(seconds=topic.window_seconds),
        authors=topic.authors,
        sources=topic.sources,
        post_ids=topic.post_ids,
        example_ids=topic.example_ids,
        evidence=topic.terms,
    )


def _updated(trend: TopicTrend, topic: Topic, now: datetime, rules: LifecycleRules) -> TopicTrend:
    """Return the trend after one more look at its topic; a recently closed one is open again, as the same trend."""
    first_seen, last_seen = moment_of(topic.first_seen), moment_of(topic.last_seen)
    story, known, found = trend.story, trend.story.terms, topic.term_names
    posts, peak = sum(topic.sources.values()), trend.posts_peak
    if topic.score > trend.score:
        # The label stays: a trend that changes its name from alert to alert is taken for a new one.
        trend = replace(trend, score=topic.score, peak_at=now, last_strong_at=now)
        story, known, found = _story(topic), found, known
        peak = posts
    is_same_window = story.window == timedelta(seconds=topic.window_seconds)
    # A word of the story may have been used hours before it began; a post that came in late is near its beginning.
    is_before = trend.first_seen - trend.story.window <= first_seen < trend.first_seen
    is_strong = 2.0 * topic.score >= rules.threshold
    return replace(
        trend,
        state=TrendState.OPEN,
        first_seen=first_seen if is_before else trend.first_seen,
        last_seen=max(trend.last_seen, last_seen),
        last_strong_at=max(trend.last_strong_at, now) if is_strong else trend.last_strong_at,
        closed_at=None,
        posts_now=posts if is_same_window else trend.posts_now,
        posts_peak=max(peak, posts) if is_same_window else peak,
        posts_total=max(trend.posts_total, posts),
        story=replace(story, terms=tuple(dict.fromkeys(known + found))[:MOST_TREND_TERMS]),
    )


def _closed(trend: TopicTrend, now: datetime) -> TopicTrend:
    """Return the trend as closed; a closed one stays as it is."""
    if trend.state is TrendState.CLOSED:
        return trend
    return replace(trend, state=TrendState.CLOSED, closed_at=now, posts_now=0)
