"""How large a story is: by where people tell it, in how many words, and how busy everything is."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ranking.streams import HOUR, START_TICK, Desk, background, post, said
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.ticks import TICK_SECONDS, TICKS_PER_DAY, WINDOW_TICKS
from trendspark_cli.ranking.bursts.communities import Communities
from trendspark_cli.ranking.bursts.thresholds import SURE
from trendspark_cli.ranking.bursts.topics import Topic

PLACES = [f"place{number}" for number in range(40)]


def somewhere(rows: Sequence[PostRow], places: Sequence[str | None]) -> list[PostRow]:
    """Return the posts in these communities, by turns."""
    return [row._replace(community=places[number % len(places)]) for number, row in enumerate(rows)]


def quiet_hours(now: int, places: Sequence[str | None] = PLACES) -> list[PostRow]:
    return somewhere(background(now // TICK_SECONDS - WINDOW_TICKS[-1], WINDOW_TICKS[-1]), places)


def burst(now: int, places: Sequence[str | None]) -> list[PostRow]:
    return somewhere(said("about Volcano Eruption", 12, now - HOUR + 60), places)


def only(topics: Sequence[Topic]) -> Topic:
    [topic] = topics
    return topic


def test_a_story_told_everywhere_is_larger_than_one_that_stays_in_its_place(desk: Desk, now: int) -> None:
    everywhere = only(desk.topics(quiet_hours(now) + burst(now, PLACES), now))
    at_home = only(desk.topics(quiet_hours(now) + burst(now, ["home"]), now))

    assert everywhere.terms[0].breadth == 1.0
    assert at_home.terms[0].breadth == pytest.approx(1 / 10.4, rel=0.1)
    beyond = everywhere.score - 5 * np.log10(10.4) - SURE
    assert at_home.score == pytest.approx(SURE + beyond / 2, abs=0.2)  # the matter of one place counts half


def test_where_it_is_told_does_not_decide_whether_it_is_news(desk: Desk, now: int) -> None:
    everywhere = only(desk.topics(quiet_hours(now) + burst(now, PLACES), now))
    at_home = only(desk.topics(quiet_hours(now) + burst(now, ["home"]), now))

    assert at_home.terms[0].surprise == everywhere.terms[0].surprise


@pytest.mark.parametrize("places", [["home"], [None]])
def test_where_all_posts_come_from_one_place_or_none_is_known_nothing_is_smaller(
    desk: Desk, now: int, places: list[str | None]
) -> None:
    everywhere = only(desk.topics(quiet_hours(now) + burst(now, PLACES), now))

    topic = only(desk.topics(quiet_hours(now, places) + burst(now, places), now))

    assert topic.score == pytest.approx(everywhere.score)


def test_communities_of_the_same_name_on_two_sources_are_two(desk: Desk, now: int) -> None:
    rows = quiet_hours(now) + burst(now, ["home"])
    desk.sources["x"] = desk.sources["reddit"]
    elsewhere = [
        row._replace(source="x") if row.community == "home" and number % 2 else row for number, row in enumerate(rows)
    ]

    before, after = (only(desk.topics(posts, now)).terms[0].breadth for posts in (rows, elsewhere))

    assert before is not None
    assert after == pytest.approx(2 * before, rel=0.01)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(1, 30))
def test_as_many_communities_are_expected_as_random_posts_come_from(sizes: list[int], posts: int) -> None:
    places = np.repeat(np.arange(len(sizes)), sizes)
    different, of_size = np.unique(np.array(sizes, np.float64), return_counts=True)
    chance = Random(1)

    drawn = np.mean([len({chance.choice(places) for _ in range(posts)}) for _ in range(400)])

    expected = Communities(places, different, of_size.astype(np.float64)).expected(np.array([posts]))[0]
    assert expected == pytest.approx(drawn, abs=0.25)


def test_a_story_in_several_words_is_larger_than_its_strongest_one(desk: Desk, now: int) -> None:
    told = said("volcano", 7, now - HOUR + 60) + said("volcano and eruption", 8, now - HOUR + 90, seed=6)

    topic = only(desk.topics(quiet_hours(now) + told + said("eruption", 7, now - HOUR + 120, seed=7), now))

    assert topic.score == pytest.approx(topic.terms[0].score + 5 * np.log10(22 / 15))


def test_words_that_are_not_sure_by_themselves_make_no_story_larger(desk: Desk, now: int) -> None:
    told = said("volcano everyday7x", 12, now - HOUR + 60)

    topic = only(desk.topics(quiet_hours(now) + told, now, floor=1.0)[:1])

    assert topic.score == topic.terms[0].score


def test_a_rush_of_everything_takes_from_every_surprise_what_it_adds_in_chances(desk: Desk, now: int) -> None:
    tick, told = now // TICK_SECONDS, said("volcano", 6, now - HOUR + 60)
    an_hour_of_it = [row for seed in (2, 3) for row in background(tick - 24, 4, seed=seed)]  # 40 posts are usual

    usual, busy = (
        only(desk.topics(rows + told, now, floor=1.0)[:1])
        for rows in (quiet_hours(now), quiet_hours(now) + an_hour_of_it)
    )

    before, after = usual.terms[0], busy.terms[0]
    assert before.window_seconds == after.window_seconds == HOUR
    assert before.surprise is not None
    assert after.surprise == pytest.approx(before.surprise - np.log10((120 + 50) / (40 + 50)), abs=0.03)


def test_what_would_have_been_enough_is_told_for_the_rush_there_is(desk: Desk, now: int) -> None:
    desk.learn(said("volcano", 60, START_TICK * TICK_SECONDS + 7, every=4_000))
    told = said("volcano", 20, now - HOUR + 60)
    rush = background(now // TICK_SECONDS - 24, 4, per_tick=1_000, seed=2)

    usual, busy = (only(desk.topics(rows + told, now)[:1]) for rows in (quiet_hours(now), quiet_hours(now) + rush))

    assert busy.terms[0].expected == pytest.approx(usual.terms[0].expected)
    assert busy.terms[0].enough > usual.terms[0].enough


def test_words_of_a_daily_thread_side_by_side_by_chance_are_no_topic() -> None:
    desk, hour = Desk(), 3600
    first_day = START_TICK * TICK_SECONDS
    for day in range(7):
        thread = said("riddle", 8, first_day + day * 86400 + 9 * hour, seed=day)
        thread += said("answers", 8, first_day + day * 86400 + 9 * hour + 5, seed=50 + day)
        desk.learn(background(START_TICK + day * TICKS_PER_DAY, TICKS_PER_DAY, 4) + thread)
    begin = first_day + 7 * 86400
    today = background(begin // TICK_SECONDS, 40, 4)
    today += said("riddle", 4, begin + 9 * hour, seed=90) + said("riddle answers", 4, begin + 9 * hour + 7, seed=91)

    found = desk.topics(today, begin + 10 * hour)

    assert [topic.label for topic in found] == []


def test_posts_of_different_places_may_be_empty_or_alone(desk: Desk, now: int) -> None:
    assert desk.topics([post("", now - 60, None, "reddit", "home")], now) == []
