"""What must be forgotten leaves every place it is in, whether a person says so or a tombstone of the archive."""

from __future__ import annotations

from typing import NamedTuple

from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archives import Tombstone


class Forgotten(NamedTuple):
    """Whether the tombstone is a new one, and how many live posts went."""

    is_new: bool
    posts: int


def forget(store: Store, stone: Tombstone) -> Forgotten:
    """Remove the posts a tombstone is about and each copy of their texts, and keep the tombstone.

    It is kept last, in the transaction that finds no post any more: cut short before, it is not known, and done again.
    Call `forget_words` after the last of several.
    """
    count = 0
    while True:
        with store.transaction():
            removed = store.tombstones.forget_posts(stone)
            if removed == 0:
                return Forgotten(store.tombstones.add(stone), count)
        count += removed


def forget_words(store: Store) -> None:
    """Have the words of posts that are gone leave the index of `posts search`, which is filled anew by `rank`."""
    with store.transaction():
        store.search.drop_gone()
