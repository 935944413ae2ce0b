"""Which single posts become trends in one run, and which open ones change: of `rank` and of replays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.lifecycle.trends import PostTrend, TrendState, moment_of
from trendspark_cli.ranking.posts.post_trends import JudgedPost, closed_if_over, label_of, opened, seen_again
from trendspark_cli.ranking.text.words import chunks_of, is_number, words_of_chunk

MOST_OPENED = 3  # in one run: when more are rare at once, it is the source that has changed
ONE_LIFE = timedelta(hours=48)  # as long as a post is watched: it opens once


def remembered_for(rules: LifecycleRules) -> timedelta:
    """Return how long after it opened a trend keeps its author from opening another, or its post from opening twice."""
    return max(rules.cooldown, ONE_LIFE)


def advance_posts(
    living: Mapping[int, PostTrend],
    judged: Sequence[JudgedPost],
    now: int,
    rules: LifecycleRules,
    text_of: Callable[[int], str],
) -> list[PostTrend]:
    """Return the trends that changed by `now` (epoch seconds), then new ones, which have no id.

    `living`: by post id, the remembered ones too. Texts are asked for only where a trend opens.
    """
    moment = moment_of(now)
    return [*_updated(living, judged, moment, rules), *_opened(living, judged, moment, rules, text_of)]


def _updated(
    living: Mapping[int, PostTrend], judged: Sequence[JudgedPost], now: datetime, rules: LifecycleRules
) -> list[PostTrend]:
    """Return the open trends that changed."""
    looked_at = {one.post_id: one for one in judged}
    changed = []
    for trend in living.values():
        if trend.state is not TrendState.OPEN:
            continue
        found = looked_at.get(trend.story.post_id)
        after = seen_again(trend, found, now, rules) if found is not None else trend
        after = closed_if_over(after, now, rules)
        if after != trend:
            changed.append(after)
    return changed


def _opened(
    living: Mapping[int, PostTrend],
    judged: Sequence[JudgedPost],
    now: datetime,
    rules: LifecycleRules,
    text_of: Callable[[int], str],
) -> list[PostTrend]:
    """Return new trends, the strongest first: one for each author and each text within the cooldown, few at once."""
    recent = [trend for trend in living.values() if now - trend.opened_at < rules.cooldown]
    busy = {(trend.story.source, trend.story.author) for trend in recent if trend.story.author is not None}
    said = {_words_of(trend.label) for trend in recent}
    new: list[PostTrend] = []
    if "post" not in rules.kinds:
        return new
    for one in sorted(judged, key=lambda one: -one.score(rules.threshold)):
        if len(new) == MOST_OPENED or one.score(rules.threshold) < rules.threshold:
            break
        if one.post_id in living or one.held_back_by(rules.threshold) or (one.source, one.author) in busy:
            continue
        label = label_of(text_of(one.post_id))
        if _words_of(label) in said:
            continue
        said.add(_words_of(label))
        if one.author is not None:
            busy.add((one.source, one.author))
        new.append(opened(one, label, now, rules.threshold))
    return new


def _words_of(label: str) -> frozenset[str] | str:
    """Return what is equal for labels of one text: their words, numbers aside; of fewer than two, the label itself."""
    found = (word for chunk in chunks_of([label]) for word in words_of_chunk(chunk))
    words = frozenset(word for word in found if word is not None and not is_number(word))
    return words if len(words) > 1 else label.casefold()
