"""Slices are told as one: what spans a boundary opened once, where the earlier slice says, with its later peak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.builders import post_trend, topic_trend
from trendspark_cli.backtests.joining import join
from trendspark_cli.backtests.simulating import Day, Edges, Forecasts, Outcome
from trendspark_cli.ranking.lifecycle.rules import LifecycleRules
from trendspark_cli.ranking.past.post_simulation import FiredPost
from trendspark_cli.ranking.past.simulation import Fired

BOUNDARY = datetime(2026, 3, 10, 12, tzinfo=UTC)
RULES = LifecycleRules(6.0)


def topic(hours: float, *terms: str, peak: float = 9.0) -> Fired:
    """A topic that opened so many hours after the boundary."""
    return Fired(topic_trend(BOUNDARY + timedelta(hours=hours), terms=terms), terms, peak)


def single(hours: float, name: str, peak: float = 9.0) -> FiredPost:
    return FiredPost(post_trend(BOUNDARY + timedelta(hours=hours)), name, peak)


def part(
    first: float,
    last: float,
    topics: Sequence[Fired] = (),
    posts: Sequence[FiredPost] = (),
    *,
    living: Sequence[int] = (),
) -> Outcome:
    """A slice from so many hours after the boundary to so many, and what opened in it or before it."""
    begin, end = BOUNDARY + timedelta(hours=first), BOUNDARY + timedelta(hours=last)
    days: dict[str, Day] = {}
    for opened, is_post in [
        *((one.trend.opened_at, 0) for one in topics),
        *((one.trend.opened_at, 1) for one in posts),
    ]:
        if opened > begin:
            day = days.setdefault(f"{opened - timedelta(minutes=15):%Y-%m-%d}", Day(10, 5.0, [0], [0]))
            day.fired[0] += 1
            day.fired_posts[0] += is_post
    return Outcome(
        int(begin.timestamp()),
        int(end.timestamp()),
        100,
        (RULES,),
        (tuple(one for one in topics if one.trend.opened_at > begin),),
        (tuple(one for one in posts if one.trend.opened_at > begin),),
        Forecasts(7, {"x": last}),
        days,
        (
            Edges(
                tuple(one for one in topics if one.trend.opened_at <= begin),
                tuple(one for one in posts if one.trend.opened_at <= begin),
                frozenset(living),
            ),
        ),
    )


def test_a_topic_that_goes_on_behind_a_boundary_opened_once_and_has_its_later_peak() -> None:
    before = part(-48, 0, [topic(-3, "bridge", "closed", peak=8.0)], living=[0])
    after = part(0, 48, [topic(-2, "closed", "ferry", peak=11.0)], living=[])

    [found] = join([before, after]).fired[0]

    assert (found.trend.opened_at, found.peak) == (BOUNDARY - timedelta(hours=3), 11.0)
    assert found.terms == ("closed", "ferry")


def test_a_topic_that_comes_back_within_its_cooldown_is_no_second_alert() -> None:
    before = part(-48, 0, [topic(-20, "bridge")], living=[0])
    after = part(0, 48, [topic(5, "bridge")])

    joined = join([before, after])

    assert (len(joined.fired[0]), joined.per_day(0)) == (1, 0.25)
    assert {date: day.fired for date, day in joined.days.items()} == {"2026-03-09": [1], "2026-03-10": [0]}


def test_a_topic_that_comes_back_later_or_had_ended_before_is_another_one() -> None:
    ended = part(-48, 0, [topic(-40, "bridge")], living=[])
    later = part(0, 48, [topic(5, "bridge"), topic(40, "bridge")], living=[1])

    assert len(join([ended, later]).fired[0]) == 3
    assert len(join([part(-48, 0, [topic(-3, "bridge")], living=[0]), later]).fired[0]) == 2


def test_a_topic_that_spans_a_whole_slice_is_one() -> None:
    parts = [
        part(-48, 0, [topic(-3, "bridge")], living=[0]),
        part(0, 24, [topic(-3, "bridge")], living=[0]),
        part(24, 48, [topic(20, "bridge", peak=30.0)], living=[]),
    ]

    [found] = join(parts).fired[0]

    assert (found.trend.opened_at, found.peak) == (BOUNDARY - timedelta(hours=3), 30.0)


def test_a_single_post_is_one_trend_whatever_its_number_in_a_slice() -> None:
    before = part(-48, 0, posts=[single(-30, "x:1"), single(-3, "x:2")])
    after = part(0, 48, posts=[single(2, "x:1", peak=12.0), single(3, "x:3")])

    joined = join([before, after])

    assert [(one.name, one.peak) for one in joined.fired_posts[0]] == [("x:1", 12.0), ("x:2", 9.0), ("x:3", 9.0)]
    assert len({one.trend.story.post_id for one in joined.fired_posts[0]}) == 3
    assert joined.days["2026-03-10"].fired_posts == [2]


def test_a_day_that_is_cut_is_whole_again() -> None:
    before, after = part(-24, 0, [topic(-1, "bridge")]), part(0, 24, [topic(1, "ferry")])

    joined = join([before, replace(after, days={"2026-03-10": Day(5, 8.0, [1], [0])})])

    assert joined.days == {"2026-03-10": Day(15, 8.0, [2], [0])}
    assert (joined.posts, joined.length) == (200, timedelta(days=2))


def test_posts_with_counters_add_up_and_what_was_learned_is_the_most_of_a_slice() -> None:
    joined = join([part(-24, 0), part(0, 24), part(24, 30)])

    assert joined.forecasts == Forecasts(21, {"x": 30})
