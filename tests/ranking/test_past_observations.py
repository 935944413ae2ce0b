"""What was known of a post's counters at a time: of the stored history, what was seen by then."""

from __future__ import annotations

from trendspark_cli.ranking.past.post_replay import PastPost, PastRow, PostReplay, past_observations
from trendspark_cli.ranking.posts.exceedances import Exceedances
from trendspark_cli.ranking.posts.forecast import MOST_ENGAGEMENT
from trendspark_cli.ranking.posts.post_learning import Counters, observations_of, seen_by

ROW = PastRow(1, "reddit", "a", "c", 1000)
LATER = 10_000


def known(observations: list[Counters], now: int) -> tuple[int, int] | None:
    """Return when a post was seen first and how much it had at *now*."""
    seen = seen_by(now, ROW.created_at, observations)
    return None if seen is None else (seen.first_seen, seen.last.engagement)


def test_a_post_without_history_was_seen_when_it_was_collected_and_last_asked_for() -> None:
    observations = observations_of(1100, [], Counters(1900, 5, 0))

    assert [observation.at for observation in observations] == [1100, 1900]
    assert PastPost(ROW, tuple(observations)).news() == [1100]


def test_counters_before_their_first_change_are_known_from_when_it_was_collected() -> None:
    observations = observations_of(1100, [Counters(1900, 5, 0), Counters(2800, 90, 0)], Counters(2800, 90, 0))

    assert [known(observations, now) for now in (1099, 1100, 2799, 2800)] == [None, (1100, 5), (1100, 5), (1100, 90)]
    assert PastPost(ROW, tuple(observations)).news() == [1100, 2800]


def test_likes_that_came_later_are_not_known_before() -> None:
    observations = observations_of(1100, [Counters(1100, None, 3), Counters(2800, 90, 3)], Counters(2800, 90, 3))

    assert [known(observations, now) for now in (2799, 2800)] == [None, (2800, 90)]
    assert PastPost(ROW, tuple(observations)).news() == [2800]


def test_a_look_at_which_only_views_had_moved_is_news() -> None:
    observations = observations_of(1100, [Counters(1100, 5, 0, 10), Counters(1900, 5, 0, 70)], Counters(1900, 5, 0))

    assert PastPost(ROW, tuple(observations)).news() == [1100, 1900]


def test_counters_no_post_has_are_not_known() -> None:
    observations = observations_of(
        1100, [Counters(1100, 5, 0), Counters(1900, MOST_ENGAGEMENT + 1, 0)], Counters(1900, 5, 0)
    )

    assert known(observations, LATER) == (1100, 5)


def test_looks_after_the_end_of_a_replay_and_after_a_post_settled_are_left_out() -> None:
    history = [Counters(1100, 5, 0), Counters(1900, 9, 0), Counters(1000 + 49 * 3600, 99, 0)]

    assert [observation.at for observation in past_observations(ROW, 1100, history, history[-1], 1899)] == [1100]
    assert [observation.at for observation in past_observations(ROW, 1100, history, history[-1], 10**9)] == [1100, 1900]


def test_a_post_that_was_not_looked_at_before_the_end_of_a_replay_is_no_news() -> None:
    assert PastPost(ROW, past_observations(ROW, 1100, [], Counters(1100, 5, 0), 1099)).news() == []


def test_a_replay_forgets_posts_that_have_settled() -> None:
    replayed = PostReplay()
    posts = [PastPost(ROW._replace(id=n, created_at=n * 600), (Counters(n * 600, 1, 0),)) for n in range(2000)]

    for number, post in enumerate(posts):
        replayed.advance(number * 600, [post])

    assert len(replayed.watched) <= 48 * 6 + 1
    assert not replayed.has_news_to_come


def test_no_false_alarms_at_all_are_no_level_that_a_post_could_reach() -> None:
    exceedances = Exceedances()
    exceedances.add([1.0] * 200, 2.0)

    assert exceedances.return_level(0.0) == float("inf")
