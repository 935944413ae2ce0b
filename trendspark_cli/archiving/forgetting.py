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
    """Whether one of the tombstones is a new one, and how many live posts went."""

    is_new: bool
    posts: int


def forget(store: Store, *stones: Tombstone) -> Forgotten:
    """Remove the posts that tombstones of one source are about and each copy of their texts, and keep the tombstones.

    All posts are read, once, for those of authors, unless their ids tell them; so that nobody waits, this is outside
    of transactions, which only delete.

    A tombstone is kept last, in a transaction that looks at what came meanwhile: cut short before, it is not known, and
    done again. Nothing may restore posts meanwhile (the lock of `archive`). Call `forget_words` after the last call.
    """
    count = 0
    newest = store.posts.settled_id()
    authors = [stone for stone in stones if stone.author is not None]
    looked_until, span = 0, LAST_ID if all(stone.is_found_by_ids for stone in authors) else SPAN_IDS
    while authors and looked_until < newest:
        until = min(looked_until + span, newest)
        if ids := store.tombstones.live_posts(authors, looked_until, until):
            for stone in authors:
                count += store.write(partial(store.tombstones.forget_posts, stone, ids))
        looked_until = ids[-1] if len(ids) == MOST_FOUND else until

    def finish(stone: Tombstone) -> Forgotten:
        came = store.tombstones.live_posts([stone], 0 if stone.author is None else newest, LAST_ID)
        late = store.tombstones.forget_posts(stone, came)
        return Forgotten(store.tombstones.add(stone), late)

    done = [store.write(partial(finish, stone)) for stone in stones]
    return Forgotten(any(one.is_new for one in done), count + sum(one.posts for one in done))


def forget_words(store: Store) -> None:
    """Have the words of posts that are gone leave the index of `posts search`, which is filled anew by `rank`."""
    store.search.drop_gone()
