"""Remove what an operator must forget, so that none of it comes back."""

from __future__ import annotations

import uuid
from datetime import datetime

from trendspark_cli.archiving.forgetting import forget, forget_words
from trendspark_cli.base.clock import to_text
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.archives import Tombstone


def forget_posts(store: Store, source: str, post_id: str, author: str, now: datetime) -> tuple[bool, int]:
    """Remove a post, or all posts of an author by their name or id; return whether that is new, and how many went.

    An account is forgotten by its id and by its name: files may know it by either.
    """
    if author:
        gone = sorted(store.authors.aliases(source, author))
        stones = [_tombstone(source, None, alias, now) for alias in gone]
    else:
        post = store.posts.find(source, post_id)
        gone = [post.author] if post is not None and post.author else []
        stones = [_tombstone(source, post_id, None, now)]
    done = forget(store, *stones)
    if author:
        store.write(lambda: store.authors.forget(source, gone))
    else:
        for each in gone:
            store.authors.forget_silent(source, each)
    forget_words(store)
    return done.is_new, done.posts


def _tombstone(source: str, post_id: str | None, author: str | None, now: datetime) -> Tombstone:
    return Tombstone(str(uuid.uuid4()), source, post_id, author, to_text(now), is_pushed=False)
