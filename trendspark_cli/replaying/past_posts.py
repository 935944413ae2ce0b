"""Past posts of the database or of an archive, oldest first, for the ranking to see again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.clock import from_text, to_text
from trendspark_cli.ranking.replay import ReplayPost
from trendspark_cli.ranking.words import LONGEST_TEXT
from trendspark_cli.store.protocol import Store

POSTS_PER_READ = 2000  # each read is short: one that lasts would keep the WAL from being emptied
NO_LIMIT = 2**63 - 1


def stored_posts(store: Store, since: datetime, until: datetime) -> Iterator[ReplayPost]:
    """Yield the posts of the database created in [since, until); jobs may write meanwhile."""
    position, end = (to_text(since), 0), int(until.timestamp())
    while rows := store.posts.leaving(position, end, NO_LIMIT, POSTS_PER_READ):
        yield from (ReplayPost(str(row[0]), row[:6]) for row in rows)
        position = (rows[-1][6], rows[-1][0])


def archived_posts(archive: ArchivedPosts, since: datetime, until: datetime) -> Iterator[ReplayPost]:
    """Yield the archived posts created in [since, until)."""
    for number, row in enumerate(archive.between(to_text(since), to_text(until))):
        _, source, source_id, author, community, text, _, _, created, *_ = row
        at = int(from_text(created).timestamp())
        yield ReplayPost(f"{source}:{source_id}", (number, source, author, community, at, text[:LONGEST_TEXT]))
