"""What is stored of posts is the same in whatever order they come: within a page, page by page, and run after run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import NOW, post
from tests.store.test_trouble import MANIFEST
from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import STAND_IN, Post
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.every_store

HOUR = timedelta(hours=1)
READ_AT = [to_text(NOW - HOUR * hours) for hours in (3, 2, 1)]
PAGE = "https://news.example/bridge"
WHOLE = "The harbour bridge is closed from tonight, says the port office"

STAND_INS = [
    post(text=WHOLE[:20] + "…", edits=STAND_IN),
    post(text=WHOLE[:20] + "…", edits=STAND_IN, links=(PAGE + "/a",)),
]
VERSIONS = [
    post(
        text=f"{WHOLE} {place}",
        edits=place,
        author="77",
        likes=10 * place,
        views=100 * place,
        links=(f"{PAGE}/{place}",),
    )
    for place in range(3)
]
CUT = [post(text=WHOLE[:30], author="77"), post(text=WHOLE, author_name="anna_port", links=(PAGE,))]
NAMES = [post(text=WHOLE, author_name=name) for name in ("anna_port", "Anna_Port")]
BOTH = [post(text=WHOLE, author="77", author_name="anna_port")]
READ = [post(text=WHOLE, likes=likes, replies=1, observed_at=at) for likes, at in zip((5, 9, 7), READ_AT, strict=True)]
OF_ANOTHER = [post("2", author_name="anna_port"), post("2", author="77", author_name="anna_port")]


ARRIVALS = {
    "a stand-in and the post": [*STAND_INS, post(text=WHOLE, author="77", likes=3, links=(PAGE,))],
    "stand-ins and versions": [*STAND_INS, *VERSIONS],
    "versions": VERSIONS,
    "a text that was cut": CUT,
    "an account by name and by id": [*NAMES, *BOTH],
    "an account by name and by id, of two posts": [*NAMES, *BOTH, *OF_ANOTHER],
    "counters of stated times": READ,
    "a stand-in, and counters of stated times": [*STAND_INS, *READ],
    "all of it": [*STAND_INS, *CUT, *READ, *BOTH, *OF_ANOTHER],
}
ROW = "source_id, author, text, url, lang, likes, replies, reposts, quotes, views, edits"


def stored(store: SqliteStore, pages: Sequence[tuple[int, Sequence[Post]]]) -> list[Any]:
    """Return what lies in an emptied database after these pages, each read so many hours later."""
    for table in ("posts", "authors"):
        store.connection.execute(f"DELETE FROM {table}")
    for hours, posts in pages:
        with store.transaction():
            store.posts.save(posts, NOW + HOUR * hours)
    return contents(store)


def contents(store: SqliteStore) -> list[Any]:
    posts = store.connection.rows(f"SELECT {ROW} FROM posts ORDER BY source_id")
    links = store.connection.rows("SELECT source_id, l.url FROM posts JOIN post_links l ON post_id = id ORDER BY 1, 2")
    names = store.connection.rows("SELECT source, id, name FROM authors ORDER BY 1, 2")
    return [posts, links, names, store.connection.rows("SELECT name FROM named_posts")]


@pytest.mark.parametrize("what", ARRIVALS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_order_of_arrival_makes_no_difference(shared_store: SqliteStore, what: str, data: Any) -> None:
    arrivals = ARRIVALS[what]
    more = data.draw(st.lists(st.sampled_from(arrivals), max_size=3))
    shuffled = data.draw(st.permutations([*arrivals, *more]))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(shuffled) - 1), max_size=3)))
    is_one_run = data.draw(st.booleans())
    ends = [*cuts, len(shuffled)]
    pages = [(0 if is_one_run else n, shuffled[a:b]) for n, (a, b) in enumerate(zip([0, *cuts], ends, strict=True))]

    found = stored(shared_store, pages)

    assert found == stored(shared_store, [(0, arrivals)])


def save(store: SqliteStore, *posts: Post, hours_later: float = 0) -> Any:
    with store.transaction():
        return store.posts.save(posts, NOW + HOUR * hours_later)


def test_a_row_knows_that_it_stands_in_for_a_post_and_forgets_it_with_the_post(store: SqliteStore) -> None:
    save(store, STAND_INS[0])
    known = store.posts.find("x", "1")

    save(store, post(text=WHOLE, author="77", likes=3), hours_later=1)

    whole = store.posts.find("x", "1")
    assert known is not None
    assert whole is not None
    assert (known.is_stand_in, whole.is_stand_in, whole.text, whole.author, whole.likes) == (
        True,
        False,
        WHOLE,
        "77",
        3,
    )


@pytest.mark.parametrize("hours_later", [0, 5])
def test_another_post_under_a_known_id_is_a_conflict_and_changes_nothing(store: SqliteStore, hours_later: int) -> None:
    save(store, post(text="the bridge", likes=1))

    another = post(text="the ferry", likes=9, created_at=to_text(NOW - HOUR), observed_at=to_text(NOW), links=(PAGE,))
    outcome = save(store, another, hours_later=hours_later)

    assert [(one.place, one.reason) for one in outcome.refused] == [(0, "conflict")]
    found = store.posts.find("x", "1")
    assert found is not None
    assert (found.text, found.likes) == ("the bridge", 1)
    assert (
        store.connection.rows("SELECT * FROM post_links") == store.connection.rows("SELECT * FROM post_metrics") == []
    )


def test_the_links_of_a_post_are_those_of_its_last_version(store: SqliteStore) -> None:
    save(store, VERSIONS[0])

    save(store, VERSIONS[1], hours_later=1)

    assert store.connection.rows("SELECT url FROM post_links") == [{"url": f"{PAGE}/1"}]


def test_posts_known_by_a_name_get_its_id_once_it_is_seen(store: SqliteStore) -> None:
    save(store, post("1", author_name="anna_port"), post("2", author_name="ben_quay"))

    save(store, post("3", author="77", author_name="Anna_Port"), post("4", author_name="@anna_port".removeprefix("@")))

    authors = store.connection.rows("SELECT author FROM posts ORDER BY source_id")
    assert [row["author"] for row in authors] == ["77", "ben_quay", "77", "77"]
    assert store.authors.names([("x", "77"), ("x", "ben_quay")]) == {("x", "77"): "Anna_Port"}


def test_the_last_name_seen_is_the_one_people_read(store: SqliteStore) -> None:
    renamed = [
        post("1", author="77", author_name="anna", created_at=to_text(NOW - HOUR)),
        post("2", author="77", author_name="anna_port", created_at=to_text(NOW)),
        post("3", author="77", author_name="annie", created_at=to_text(NOW - HOUR * 2)),
    ]

    save(store, *renamed)

    assert store.authors.names([("x", "77")]) == {("x", "77"): "anna_port"}


def test_edited_posts_are_asked_for_again_but_where_they_go_on_under_another_id(store: SqliteStore) -> None:
    save(store, post("1", likes=1), post("2", likes=5, edits=1), post("3", edits=STAND_IN))

    found = {
        edited: store.posts.refreshable("x", NOW - HOUR, NOW + HOUR, "2026-11-01", 5, edited=edited)
        for edited in (True, False)
    }

    assert found == {True: ["2", "1", "3"], False: ["1", "3"]}


def test_links_names_and_authors_go_with_their_posts(store: SqliteStore) -> None:
    save(store, post("1", author_name="anna_port", links=(PAGE,)))

    store.connection.execute("DELETE FROM posts")

    assert store.connection.rows("SELECT * FROM post_links") == store.connection.rows("SELECT * FROM named_posts") == []


def test_posts_that_come_back_from_files_of_0_1_have_the_links_of_their_texts_and_the_ids_seen_meanwhile(
    store: SqliteStore,
) -> None:
    save(store, post("1", author="77", author_name="anna_port"))
    old = StoredPost(
        **{name: value for name, value in post(text=f"see {PAGE}")._asdict().items() if name in StoredPost._fields}
        | {"observed_at": to_text(NOW), "source_id": "9", "author": "anna_port", "links": None},
        id=9,
        collected_at=to_text(NOW),
    )

    with store.transaction():
        store.archives.adopt(MANIFEST)
        store.archives.restore(MANIFEST, [old])

    assert store.connection.rows("SELECT author FROM posts WHERE source_id = '9'") == [{"author": "77"}]
    assert store.connection.rows("SELECT post_id, url FROM post_links") == [{"post_id": 9, "url": PAGE}]
