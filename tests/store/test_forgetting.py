"""What must be forgotten is looked for while nobody waits, wherever it lies, and none of it comes meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from tests.builders import post
from trendspark_cli.archiving.forgetting import Forgotten, forget
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archives import Tombstone
from trendspark_cli.store.sqlite.store import SqliteStore
from trendspark_cli.store.tables.archives import Tombstones

NOW = datetime(2026, 11, 1, 12, 7, tzinfo=UTC)
STONE = Tombstone("t1", "x", None, "77", "2026-11-01T12:07:00.000Z")


def keep(store: Store, numbers: range, author: str, source: str = "x") -> None:
    """Store posts of an author."""
    posts = [post(str(number), source=source, author=author) for number in numbers]
    store.write(lambda: store.posts.save(posts, NOW))


@pytest.mark.every_store
def test_all_posts_of_an_author_go_and_no_others(store: Store) -> None:
    keep(store, range(2500), "77")
    keep(store, range(2500, 2510), "78")
    keep(store, range(2510, 2520), "77")
    keep(store, range(10), "77", source="reddit")

    assert forget(store, STONE) == Forgotten(is_new=True, posts=2510)
    assert store.posts.count() == 20


@pytest.mark.every_store
def test_posts_of_an_author_whom_ids_tell_go_whatever_ids_a_file_gave_them(store: Store) -> None:
    def keep_as(author: str, *ids: str) -> None:
        posts = [post(each, source="bluesky", author=author) for each in ids]
        store.write(lambda: store.posts.save(posts, NOW))

    keep_as("did:plc:a", *(f"at://did:plc:a/app.bsky.feed.post/{number}" for number in range(1200)), "17", "zz")
    keep_as("did:plc:ab", "at://did:plc:ab/app.bsky.feed.post/1", "18", "zzz")
    stone = Tombstone("t1", "bluesky", None, "did:plc:a", "2026-11-01T12:07:00.000Z")

    assert forget(store, stone) == Forgotten(is_new=True, posts=1202)
    assert store.posts.count() == 3


@pytest.mark.every_store
def test_all_names_of_an_account_are_looked_for_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(store, range(1500), "77")
    keep(store, range(1500, 1510), "anna")
    keep(store, range(1510, 1512), "78")
    asked: list[int] = []
    live_posts = Tombstones.live_posts

    def counted(table: Tombstones, stones: Sequence[Tombstone], after: int, until: int) -> list[int]:
        asked.append(len(stones))
        return live_posts(table, stones, after, until)

    monkeypatch.setattr(Tombstones, "live_posts", counted)

    done = forget(store, STONE, STONE._replace(id="t2", author="anna"))

    assert (done, store.posts.count()) == (Forgotten(is_new=True, posts=1510), 2)
    assert {stone.author for stone in store.tombstones.all()} == {"77", "anna"}
    assert asked == [2, 2, 1, 1]  # what was there, and what came for each


@pytest.mark.only_sqlite
def test_posts_whose_ids_lie_far_apart_are_found(store: SqliteStore) -> None:
    keep(store, range(1), "77")
    store.connection.execute("UPDATE sqlite_sequence SET seq = 350000 WHERE name = 'posts'")
    keep(store, range(1, 2), "77")

    assert forget(store, STONE).posts == 2


@pytest.mark.every_store
def test_each_transaction_deletes_a_thousand_posts_at_most(store: Store) -> None:
    keep(store, range(2500), "77")
    left: list[int] = []
    store.set_after_commit(lambda: left.append(store.posts.count()))

    forget(store, STONE)

    assert left == [1500, 500, 0, 0]


@pytest.mark.every_store
def test_posts_that_come_while_others_go_are_forgotten_too(store: Store) -> None:
    keep(store, range(1100), "77")
    coming = iter([range(1100, 1103), range(1103, 1105)])

    def come() -> None:
        if numbers := next(coming, None):
            store.set_after_commit(lambda: None)
            keep(store, numbers, "77")
            store.set_after_commit(come)

    store.set_after_commit(come)

    assert forget(store, STONE).posts == 1105
    assert store.posts.count() == 0


@pytest.mark.every_store
@pytest.mark.parametrize(
    ("source", "author", "other"),
    [("bluesky", "did:plc:a", "did:plc:ab"), ("x", "77", "78")],
)
def test_an_account_is_forgotten_with_its_last_post(store: Store, source: str, author: str, other: str) -> None:
    def of(who: str, key: str) -> str:
        return f"at://{who}/app.bsky.feed.post/{key}" if source == "bluesky" else f"{who}{key}"

    posts = [post(of(who, "1"), source=source, author=who, author_name=f"name of {who}") for who in (author, other)]
    store.write(lambda: store.posts.save(posts, NOW))

    store.authors.forget_silent(source, author)
    kept = store.authors.names([(source, author), (source, other)])
    forget(store, Tombstone("t2", source, of(author, "1"), None, "2026-11-01T12:07:00.000Z"))
    store.authors.forget_silent(source, author)

    assert len(kept) == 2
    assert list(store.authors.names([(source, author), (source, other)])) == [(source, other)]
