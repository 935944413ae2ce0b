"""How far posts will go: what settled ones teach, said of one source's made-up posts."""

from __future__ import annotations

from random import Random

import pytest

from trendspark_cli.backtests.id_clock import IdClock
from trendspark_cli.ranking.past.post_replay import MOST_OBSERVATIONS, PastRow, PostReplay
from trendspark_cli.ranking.posts.forecast import (
    LEAST_MATURED,
    MATURES_AFTER_SECONDS,
    EngagementBaseline,
    Forecast,
    Forecaster,
    first_observation,
    observed_again,
)
from trendspark_cli.ranking.posts.post_learning import Counters
from trendspark_cli.ranking.posts.post_trends import label_of

MONDAY = 1_700_438_400  # a midnight, UTC
MINUTE = 60


def watched_for_days(posts: int = 300, *, famous: str = "famous") -> PostReplay:
    """Return what is known after posts that end with ten times what they had at first; those of one author with 100."""
    chance, replayed, observations = Random(3), PostReplay(), []
    for number in range(posts):
        at, begins = MONDAY + number * 20 * MINUTE, chance.randint(2, 20)
        author = famous if number % 10 == 0 else f"author{number}"
        grows = 100 if author == famous else 10
        row = PastRow(number, "x", author, "town", at)
        for minutes, share in ((0, 1.0), (40, grows / 4), (600, float(grows))):
            observations.append((at + minutes * MINUTE, row, int(begins * share), number % 7))
    for at, row, engagement, comments in sorted(observations):
        replayed.observe(row, Counters(at, engagement, comments))
    end = observations[-1][0] + MATURES_AFTER_SECONDS
    replayed.observe(PastRow(posts, "x", None, None, end), Counters(end, 1, 0))
    return replayed


@pytest.fixture(scope="module")
def experienced() -> PostReplay:
    return watched_for_days()


def forecaster_of(replayed: PostReplay) -> Forecaster:
    return replayed.memories["x"].forecaster


def forecast(replayed: PostReplay, engagement: int, author: str | None = "somebody") -> Forecast:
    """Return the forecast of a post seen for the first time."""
    at = MONDAY + 30 * 86_400
    judged = replayed.observe(PastRow(10_000 + engagement, "x", author, "town", at), Counters(at, engagement, 3))
    assert judged is not None
    replayed.watched.pop(judged.post_id)
    return judged.forecast


def test_nothing_is_forecast_before_two_hundred_posts_have_settled() -> None:
    young = watched_for_days(LEAST_MATURED - 1)

    assert not forecaster_of(young).is_ready


def test_a_post_is_expected_to_end_where_those_that_began_like_it_did(experienced: PostReplay) -> None:
    assert 60 < forecast(experienced, 10).expected < 160


def test_an_author_whose_posts_went_far_is_expected_to_go_far(experienced: PostReplay) -> None:
    ordinary, famous = forecast(experienced, 10), forecast(experienced, 10, "famous")

    assert famous.expected > 3 * ordinary.expected
    assert famous.baseline > 3 * ordinary.baseline


def test_what_is_usual_for_someone_unknown_is_what_is_usual_in_the_place(experienced: PostReplay) -> None:
    post = first_observation(MONDAY, MONDAY, 10, 3)
    learned, nobody, large_place = forecaster_of(experienced), EngagementBaseline(), EngagementBaseline(50.0, 50 * 8.0)

    elsewhere = learned.forecast(post, nobody, nobody)
    there = learned.forecast(post, nobody, large_place)

    assert there.baseline > 10 * elsewhere.baseline


def test_nothing_below_what_a_post_already_has_is_forecast(experienced: PostReplay) -> None:
    assert forecast(experienced, 100_000).expected >= 99_999


def test_counters_that_fall_and_clocks_that_go_back_teach_nothing_impossible() -> None:
    post = first_observation(MONDAY + 9_999, MONDAY, 50, 1)  # created after it was seen

    fallen = observed_again(observed_again(post, MONDAY + 3600, 10, 1), MONDAY + 60, 900, 1)

    assert (fallen.best, fallen.last.engagement, fallen.last.gain) == (50, 10, 0.0)


def test_a_post_looked_at_a_million_times_is_remembered_by_one_look_a_stretch() -> None:
    post = first_observation(MONDAY, MONDAY, 1, 0)

    for second in range(1, 50_000):
        post = observed_again(post, MONDAY + second, second, 0)

    assert len(post.observations) == 6


def test_a_replay_keeps_no_more_observations_of_a_post_than_the_store() -> None:
    replayed, row = PostReplay(), PastRow(1, "x", None, None, MONDAY)

    for second in range(3 * MOST_OBSERVATIONS):
        replayed.observe(row, Counters(MONDAY + second, second, 0))

    kept = replayed.watched[1].observations
    assert (len(kept), kept[-1].engagement) == (MOST_OBSERVATIONS, 3 * MOST_OBSERVATIONS - 1)


def test_what_was_learned_survives_being_written_down(experienced: PostReplay) -> None:
    learned = forecaster_of(experienced)

    again = Forecaster(learned.matured, learned.total, learned.to_bytes())

    post = first_observation(MONDAY, MONDAY, 12, 3)
    assert again.forecast(post, EngagementBaseline(), EngagementBaseline()) == learned.forecast(
        post, EngagementBaseline(), EngagementBaseline()
    )


def test_an_id_tells_the_age_of_a_post_whose_time_is_only_known_as_not_later() -> None:
    ids = IdClock()
    for minute in range(0, 600, 10):
        ids.note(str(1000 + minute), MONDAY + minute * MINUTE)
    now = MONDAY + 600 * MINUTE

    assert ids.created(str(1000 + 540), now, now) == pytest.approx(now - 60 * MINUTE, abs=11 * MINUTE)
    assert ids.created(str(1000 + 540), now - 5, now) == now - 5  # its own time says more
    assert ids.created("abc", now, now) == now


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The bridge is open https://example.org/1", "The bridge is open"),
        ("line\nline\x1b[31m red \u202eright", "line line [31m red right"),
        ("https://example.org/1", "a post of nothing but a link"),
        ("word " * 100, " ".join(["word"] * 16) + "…"),
        ("橋" * 300, "橋" * 80 + "…"),
    ],
)
def test_a_trend_of_one_post_is_named_by_the_beginning_of_its_text(text: str, label: str) -> None:
    assert label_of(text) == label
