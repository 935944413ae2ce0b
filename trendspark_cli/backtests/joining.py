"""Slices of the past as one answer: a trend that spans a boundary is one trend."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta

from trendspark_cli.backtests.simulating import Day, Forecasts, Outcome, date_of_opening
from trendspark_cli.backtests.volume_simulation import FiredVolume
from trendspark_cli.base.clock import from_epoch
from trendspark_cli.ranking.bursts.daily_peaks import QUIET_SECONDS
from trendspark_cli.ranking.bursts.topics import MATCHED_TERMS, without_spaces
from trendspark_cli.ranking.past.post_simulation import FiredPost
from trendspark_cli.ranking.past.simulation import Fired, Life

QUIET = timedelta(seconds=QUIET_SECONDS)


def join(slices: Sequence[Outcome]) -> Outcome:
    """Return the outcomes of slices, in the order of time, as one.

    Each tick is judged by the slice it lies in. A topic that still matters at a boundary (open, or within its cooldown)
    and one that the next slice has there, or opens within the cooldown, are one trend when they share one of their
    first three terms: it opened where the earlier slice says, and its peak is the higher one. Single posts are the same
    by name. What forecasts rested on is the most that any slice had.
    """
    counting = [one for one in slices if one.until > one.since] or list(slices[:1])
    days = _days(counting)
    rules = counting[0].rules
    fired = tuple(_joined_topics(counting, number, days) for number in range(len(rules)))
    posts = [_joined_posts(counting, number, days) for number in range(len(rules))]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(_name(one) for some in posts for one in some))}
    return Outcome(
        counting[0].since,
        counting[-1].until,
        sum(one.posts for one in counting),
        rules,
        fired,
        tuple(tuple(_numbered(one, numbers[_name(one)]) for one in some) for some in posts),
        _forecasts(slices),
        dict(sorted(days.items())),
        slices=tuple((one.since, one.until, one.posts) for one in counting),
        fired_volumes=tuple(_joined_volumes(counting, number, days) for number in range(len(rules))),
    )


def _joined_topics(slices: Sequence[Outcome], number: int, days: dict[str, Day]) -> tuple[Fired, ...]:
    """Return the topics that one set of rules opens; what is no new one is taken off its day."""
    joined: list[Fired] = []
    carried: list[int] = []  # which of them still matter
    for outcome in slices:
        before, cooldown = outcome.edges[number].before, outcome.rules[number].cooldown
        begin = from_epoch(outcome.since)
        places: list[int | None] = []
        for one in (*before, *outcome.fired[number]):
            may_be_known = one.trend.opened_at <= begin + cooldown
            place = next((known for known in carried if may_be_known and _is_same(joined[known], one)), None)
            if place is not None:
                joined[place] = _with_peak_of(joined[place], one)
            if one.trend.opened_at > begin:
                if place is None:
                    place = len(joined)
                    joined.append(one)
                else:
                    _take_off(days, one.trend.opened_at, number)
            places.append(place)
        living = [places[index] for index in sorted(outcome.edges[number].living)]
        carried = sorted({place for place in living if place is not None})
    return tuple(joined)


def _is_same(one: Fired, other: Fired) -> bool:
    return bool(_first_terms(one) & _first_terms(other))


def _first_terms(one: Fired) -> set[str]:
    """Return the first terms at the opening and at the peak."""
    return {without_spaces(term) for term in (*one.trend.story.terms[:MATCHED_TERMS], *one.terms[:MATCHED_TERMS])}


def _with_peak_of(one: Fired, later: Fired) -> Fired:
    """Return a trend that goes on in the next slice, with the peak and the terms of the stronger of both."""
    joined = one if later.peak <= one.peak else replace(one, peak=later.peak, terms=later.terms)
    return replace(joined, life=_joined_life(one, later))


def _joined_life(one: Fired, later: Fired) -> Life | None:
    """Return the life of a trend that goes on in the next slice: its beginning here, its end there."""
    if one.life is None or later.life is None:
        return one.life
    (before, curve, examples), after = one.life, later.life
    peak = before if later.peak <= one.peak else after.last
    last = replace(
        after.last,
        label=before.label,
        opened_at=before.opened_at,
        first_seen=min(before.first_seen, after.last.first_seen),
        story=peak.story,
        score=peak.score,
        peak_at=peak.peak_at,
        posts_peak=max(before.posts_peak, after.last.posts_peak),
        posts_total=max(before.posts_total, after.last.posts_total),
    )
    return Life(last, {**after.curve, **curve}, examples)


def _joined_posts(slices: Sequence[Outcome], number: int, days: dict[str, Day]) -> list[FiredPost]:
    """Return the single posts that one set of rules opens, each once."""
    joined: dict[str, FiredPost] = {}
    for outcome in slices:
        for one in (*outcome.edges[number].posts_before, *outcome.fired_posts[number]):
            name, is_counted = _name(one), one.trend.opened_at > from_epoch(outcome.since)
            known = joined.get(name)
            if known is not None:
                later = one.last and known.last and replace(one.last, opened_at=known.last.opened_at)
                joined[name] = replace(known, peak=max(known.peak, one.peak), last=later or known.last)
                if is_counted:
                    _take_off(days, one.trend.opened_at, number, "fired_posts")
            elif is_counted:
                joined[name] = one
    return list(joined.values())


def _joined_volumes(slices: Sequence[Outcome], number: int, days: dict[str, Day]) -> tuple[FiredVolume, ...]:
    """Return the trends of volume that one set of rules opens; a series is told once in a day."""
    joined: list[FiredVolume] = []
    last: dict[str, int] = {}
    for one in (one for outcome in slices for one in outcome.volumes(number)):
        place = last.get(one.trend.story.series)
        if place is not None and one.trend.opened_at - joined[place].trend.opened_at < QUIET:
            joined[place] = replace(joined[place], peak=max(joined[place].peak, one.peak))
            _take_off(days, one.trend.opened_at, number, "fired_volumes")
            continue
        last[one.trend.story.series] = len(joined)
        joined.append(one)
    return tuple(joined)


def _name(one: FiredPost) -> str:
    return one.name or f"#{one.trend.story.post_id}"  # a post that is gone has no name


def _numbered(one: FiredPost, number: int) -> FiredPost:
    """Return a single post with a number that is the same in all slices."""
    return replace(one, trend=replace(one.trend, story=replace(one.trend.story, post_id=number)))


def _days(slices: Sequence[Outcome]) -> dict[str, Day]:
    """Return all days; one that is cut by a boundary is whole again."""
    days: dict[str, Day] = {}
    for outcome in slices:
        for date, day in outcome.days.items():
            known = days.get(date)
            if known is None:
                days[date] = deepcopy(day)
                continue
            known.posts += day.posts
            known.best_score = max(known.best_score, day.best_score)
            for counts, more in zip(known.counts, day.counts, strict=True):
                counts[:] = [sum(both) for both in zip(counts, more, strict=True)]
    return days


def _take_off(days: dict[str, Day], opened_at: datetime, number: int, kind: str = "") -> None:
    """Take an opening off its day, and off the openings of its kind there."""
    day = days[date_of_opening(opened_at)]
    day.fired[number] -= 1
    if kind:
        getattr(day, kind)[number] -= 1


def _forecasts(slices: Sequence[Outcome]) -> Forecasts | None:
    known = [one.forecasts for one in slices if one.forecasts is not None]
    if not known:
        return None
    sources = sorted({source for one in known for source in one.matured})
    matured = {source: max(one.matured.get(source, 0.0) for one in known) for source in sources}
    return Forecasts(sum(one.posts for one in known), matured)
