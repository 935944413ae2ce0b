"""What must be forgotten leaves every place it is in, whether a person says so or a tombstone of the archive."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archives import Tombstone

MOST_FOUND = 1000  # posts at once, which one transaction deletes
SPAN_IDS = 100_000  # read at once for the posts of an author: some 50 ms, in which the WAL cannot be folded in
LAST_ID = 2**63 - 1


class Forgotten(NamedTuple):
    """Whether the tombstone is a new one, and how many live posts went."""

    is_new: bool
    posts: int


def forget(store: Store, stone: Tombstone) -> Forgotten:
    """Remove the posts a tombstone is about and each copy of their texts, and keep the tombstone.

    All posts are read for those of an author, unless their ids tell it; so that nobody waits, this is outside of
    transactions, which only delete.

    It is kept last, in a transaction that looks at what came meanwhile: cut short before, it is not known, and done
    again. Nothing may restore posts meanwhile (the lock of `archive`). Call `forget_words` after the last of several.
    """
    count = 0
    newest = store.posts.settled_id()
    if stone.author is not None:
        looked_until, span = 0, LAST_ID if stone.is_found_by_ids else SPAN_IDS
        while looked_until < newest:
            until = min(looked_until + span, newest)
            if ids := store.tombstones.live_posts(stone, looked_until, until):
                count += store.write(partial(store.tombstones.forget_posts, stone, ids))
            looked_until = ids[-1] if len(ids) == MOST_FOUND else until

    def finish() -> Forgotten:
        came = store.tombstones.live_posts(stone, 0 if stone.author is None else newest, LAST_ID)
        late = store.tombstones.forget_posts(stone, came)
        return Forgotten(store.tombstones.add(stone), count + late)

    return store.write(finish)


def forget_words(store: Store) -> None:
    """Have the words of posts that are gone leave the index of `posts search`, which is filled anew by `rank`."""
    store.search.drop_gone()
