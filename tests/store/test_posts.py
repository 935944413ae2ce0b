"""Posts are stored once, and what is newer always wins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOW, post
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Post
from trendspark_cli.store.rows.collecting import PageOutcome
from trendspark_cli.store.rows.forecasts import PostForecast
from trendspark_cli.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.every_store

HOUR = timedelta(hours=1)


def save(store: SqliteStore, *posts: Post, hours_later: float = 0) -> PageOutcome:
    """Store posts as collected some hours after now."""
    with store.transaction():
        return store.posts.save(posts, NOW + HOUR * hours_later)


def stored(store: SqliteStore, source_id: str = "1") -> dict[str, Any]:
    """Return the row of a post."""
    return store.connection.rows("SELECT * FROM posts WHERE source_id = ?", (source_id,))[0]


def history(store: SqliteStore) -> list[tuple[str, int | None]]:
    """Return (hour, likes) of every kept observation."""
    rows = store.connection.rows("SELECT observed_at, likes FROM post_metrics ORDER BY observed_at")
    return [(row["observed_at"][11:13], row["likes"]) for row in rows]


def at(hour: int) -> str:
    """Return an hour of that day as stored."""
    return to_text(NOW.replace(hour=hour))


def test_a_page_says_what_was_new_and_what_was_updated(store: SqliteStore) -> None:
    save(store, post("1", likes=1), post("2", likes=1))

    outcome = save(store, post("1", likes=5), post("2", likes=1), post("3"), hours_later=1)

    assert outcome == PageOutcome(new=1, updated=1)


def test_the_same_page_twice_is_neither_new_nor_updated(store: SqliteStore) -> None:
    save(store, post("1", likes=1), post("2"))

    assert save(store, post("1", likes=1), post("2"), hours_later=1) == PageOutcome(0, 0)


def test_a_post_that_is_twice_on_one_page_is_one_new_post(store: SqliteStore) -> None:
    assert save(store, post("1"), post("1")).new == 1
    assert store.posts.count() == 1


def test_the_same_id_of_two_services_is_two_posts(store: SqliteStore) -> None:
    save(store, post("1"), post("1", source="reddit"))

    assert store.posts.count() == 2


def test_an_update_never_changes_the_id_of_a_post(store: SqliteStore) -> None:
    save(store, post("1"), post("2"))
    before = stored(store)["id"]

    save(store, post("1", likes=9, edits=1, text="new"), hours_later=1)

    assert (stored(store)["id"], stored(store)["likes"]) == (before, 9)


def test_the_id_of_a_deleted_post_is_never_used_again(store: SqliteStore) -> None:
    save(store, post("1"))
    store.connection.execute("DELETE FROM posts")

    save(store, post("2"))

    assert stored(store, "2")["id"] == 2


def test_newer_counters_replace_older_ones(store: SqliteStore) -> None:
    save(store, post(likes=5, views=7))

    save(store, post(likes=6), hours_later=1)

    assert (stored(store)["likes"], stored(store)["views"]) == (6, 7)


def test_an_older_observation_never_replaces_a_newer_one(store: SqliteStore) -> None:
    save(store, post(likes=5, observed_at=at(10)))

    outcome = save(store, post(likes=3, observed_at=at(9)), hours_later=1)

    assert (outcome.updated, stored(store)["likes"]) == (0, 5)


def test_an_observation_between_two_equal_ones_does_not_win(store: SqliteStore) -> None:
    save(store, post(likes=5, observed_at=at(8)))
    save(store, post(likes=5, observed_at=at(10)))

    save(store, post(likes=3, observed_at=at(9)))

    assert stored(store)["likes"] == 5


def test_counters_stated_to_be_of_the_future_are_not_the_newest_for_ever(store: SqliteStore) -> None:
    save(store, post(likes=5, observed_at=at(20)))

    save(store, post(likes=9), hours_later=1)

    assert stored(store)["likes"] == 9


def test_a_later_edit_brings_its_text(store: SqliteStore) -> None:
    save(store, post(text="tomorow"))

    outcome = save(store, post(text="tomorrow", edits=1), hours_later=1)

    assert (outcome.updated, stored(store)["text"]) == (1, "tomorrow")


def test_an_older_edit_never_replaces_a_newer_one(store: SqliteStore) -> None:
    save(store, post(text="third", edits=2, likes=3))

    outcome = save(store, post(text="second", edits=1, likes=1), hours_later=1)

    assert (outcome.updated, stored(store)["text"]) == (0, "third")


def test_an_author_who_becomes_known_is_kept_and_never_forgotten(store: SqliteStore) -> None:
    save(store, post(author="ada"))

    save(store, post(author=None, likes=2), hours_later=1)

    assert stored(store)["author"] == "ada"


def test_counters_that_change_leave_a_history(store: SqliteStore) -> None:
    save(store, post(likes=1))
    save(store, post(likes=4), hours_later=1)
    save(store, post(likes=9), hours_later=3)

    assert history(store) == [("12", 1), ("13", 4), ("15", 9)]


def test_counters_that_never_change_cost_no_history(store: SqliteStore) -> None:
    save(store, post(likes=1))
    save(store, post(likes=1), hours_later=1)

    assert history(store) == []


def test_stated_observations_are_kept_whatever_their_order(store: SqliteStore) -> None:
    for hour, likes in ((10, 5), (8, 1), (9, 3)):
        save(store, post(likes=likes, observed_at=at(hour)))

    assert history(store) == [("08", 1), ("09", 3), ("10", 5)]


def test_the_same_observations_again_change_nothing(store: SqliteStore) -> None:
    lines = [post(likes=1, observed_at=at(8)), post(likes=3, observed_at=at(9))]
    save(store, *lines)
    before = (stored(store), history(store))

    outcome = save(store, *lines, hours_later=5)

    assert (outcome, (stored(store), history(store))) == (PageOutcome(0, 0), before)


def test_the_history_of_a_deleted_post_goes_with_it(store: SqliteStore) -> None:
    save(store, post(likes=1, observed_at=at(8)))

    store.connection.execute("DELETE FROM posts")

    assert history(store) == []


def test_known_posts_are_counted_without_being_stored(store: SqliteStore) -> None:
    save(store, post("1"), post("2"))

    assert store.posts.count_known([post("1"), post("3"), post("2", source="reddit")]) == 1


@pytest.mark.parametrize("text", ["🙂" * 1000, "line\nline", "O'Brien; DROP TABLE posts;--", '{"a": 1}', "‮bidi"])
def test_texts_come_back_as_they_went_in(store: SqliteStore, text: str) -> None:
    save(store, post(text=text))

    assert stored(store)["text"] == text


def test_the_busiest_posts_are_refreshed_first_and_no_more_than_asked_for(store: SqliteStore) -> None:
    save(store, post("1", likes=1), post("2", likes=9), post("3", likes=5))

    found = store.posts.refreshable("x", NOW - HOUR, NOW + HOUR, "2026-11-01", 2)

    assert found == ["2", "3"]


def test_a_post_expected_to_go_far_is_refreshed_before_one_that_has_gone_further(store: SqliteStore) -> None:
    save(store, post("1", likes=1), post("2", likes=9))
    with store.transaction():
        store.forecasts.note([PostForecast(1, 500.0, 5.0, 300.0, to_text(NOW)), PostForecast(2, 12.0, 5.0, 300.0, "")])

    found = store.posts.refreshable("x", NOW - HOUR, NOW + HOUR, "2026-11-01", 1)

    assert found == ["1"]


def test_one_post_in_ten_is_refreshed_after_a_day_whatever_became_of_it(store: SqliteStore) -> None:
    save(store, *(post(str(number), likes=20 - number) for number in range(1, 21)))

    soon = store.posts.refreshable("x", NOW - 46 * HOUR, NOW + 2 * HOUR, "2026-11-01", 3)
    after_a_day = store.posts.refreshable("x", NOW - 18 * HOUR, NOW + 30 * HOUR, "2026-11-02", 3)

    assert (soon, after_a_day) == (["1", "2", "3"], ["10", "20", "1"])


def test_posts_already_paid_for_today_are_refreshed_before_busier_ones(store: SqliteStore) -> None:
    save(store, post("yesterday", likes=99), hours_later=-13)
    save(store, post("today", likes=1))

    found = store.posts.refreshable("x", NOW - HOUR, NOW + HOUR, "2026-11-01", 1)

    assert found == ["today"]


def test_a_post_whose_counters_were_just_read_is_not_read_again(store: SqliteStore) -> None:
    save(store, post("1", likes=1))
    store.posts.note_counts_read("x", ["1"], NOW + HOUR)

    found = store.posts.refreshable("x", NOW - HOUR, NOW + HOUR * 0.5, "2026-11-01", 100)

    assert found == []
