"""Past posts of the database or of an archive, oldest first, for the ranking to see again."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from trendspark_cli.archiving.parts import Progress
from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.archiving.spool import Spool
from trendspark_cli.backtests.past_post_file import past_post_file
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.past.replay import ReplayPost
from trendspark_cli.ranking.text.linked_texts import linked_text
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.posts import StoredPost
from trendspark_cli.store.rows.trends import TrendVerdict

POSTS_PER_READ = 2000  # each read is short: one that lasts would keep the WAL from being emptied
HOUR = timedelta(hours=1)
NO_LIMIT = 2**63 - 1


class PastPosts(Protocol):
    """Posts that can be read again and again: in the order of time, and by their numbers in any order."""

    def between(self, since: datetime, until: datetime) -> Iterator[ReplayPost]:
        """Yield the posts created in [since, until), oldest first."""

    def rows(self, numbers: Sequence[int]) -> Sequence[PostRow]:
        """Return the rows of the posts with these numbers, in any order, those that are gone left out."""


class StoredPosts:
    """The posts of the database, their ids as numbers; jobs may write meanwhile."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def between(self, since: datetime, until: datetime) -> Iterator[ReplayPost]:
        """Yield the posts created in [since, until), oldest first."""
        return stored_posts(self._store, since, until)

    def rows(self, numbers: Sequence[int]) -> Sequence[PostRow]:
        """Return the rows of these posts; one may have been archived or forgotten meanwhile."""
        return self._store.posts.rows(numbers)


@dataclass(frozen=True)
class Past:
    """What `calibrate` goes by: posts, up to when there are any, and what people said of trends since a time.

    `newest`: when the newest post of all was made, where it was looked up.
    """

    posts: PastPosts
    until: datetime
    verdicts: Callable[[datetime], Sequence[TrendVerdict]]
    newest: datetime | None = None


def past_of_database(store: Store, now: datetime) -> Past:
    """Return the posts of the database."""
    return Past(StoredPosts(store), now, store.trends.verdicts, store.posts.newest_created(now))


@contextmanager
def past_of_archive(
    archive: ArchivedPosts, store: Store, spool: Spool, days: int, now: datetime, progress: Progress
) -> Iterator[Past]:
    """Yield the posts of an archive and of the database, kept in a file of the spool while the block runs.

    They end with the newest of them, so that an archive of long ago is not followed by years of silence.
    """
    newest = [str(part.max_time) for part in archive.manifests if str(part.max_time) <= to_text(now)]
    newest += [to_text(live)] if (live := store.posts.newest_created(now)) else []
    until = min(now, hour_after(from_text(max(newest)))) if newest else now
    since = until - timedelta(days=days)
    archived = sum(part.rows for part in archive.manifests if str(part.max_time) >= to_text(since))
    progress.begin("posts read", archived + store.posts.count_between(int(since.timestamp()), int(until.timestamp())))
    posts = archived_and_stored_posts(archive, store, since, until)
    with past_post_file(posts, spool, progress) as kept:
        yield Past(kept, until, store.trends.verdicts)


def hour_after(moment: datetime) -> datetime:
    """Return the end of the hour in which a moment lies."""
    return moment.replace(minute=0, second=0, microsecond=0) + HOUR


def stored_posts(store: Store, since: datetime, until: datetime) -> Iterator[ReplayPost]:
    """Yield the posts of the database created in [since, until); jobs may write meanwhile."""
    position, end = (to_text(since), 0), int(until.timestamp())
    while posts := store.posts.leaving(position, end, NO_LIMIT, POSTS_PER_READ):
        yield from (ReplayPost(str(post.id), post) for post in posts)
        position = (posts[-1].created_text, posts[-1].id)


def archived_posts(archive: ArchivedPosts, since: datetime, until: datetime) -> Iterator[ReplayPost]:
    """Return the archived posts created in [since, until)."""
    posts = enumerate(archive.between(to_text(since), to_text(until)))
    return (archived_post(number, post) for number, post in posts)


def archived_post(number: int, post: StoredPost) -> ReplayPost:
    """Return an archived post as a replay takes it."""
    at = int(from_text(post.created_at).timestamp())
    text = linked_text(post.text, post.links or ())  # those of files of 0.1 are in the text
    row = PostRow(number, post.source, post.author, post.community, at, text)
    return ReplayPost(f"{post.source}:{post.source_id}", row)


def archived_and_stored_posts(
    archive: ArchivedPosts, store: Store, since: datetime, until: datetime
) -> Iterator[ReplayPost]:
    """Yield the posts of both created in [since, until), each once, oldest first; their numbers mean nothing."""
    only_archived = _not_stored(archived_posts(archive, since, until), store)
    return heapq.merge(only_archived, stored_posts(store, since, until), key=lambda post: post.row.created_at)


def _not_stored(posts: Iterator[ReplayPost], store: Store) -> Iterator[ReplayPost]:
    """Yield those that are not in the database: rows that were restored are in both, and so are those on their way."""
    while batch := list(islice(posts, POSTS_PER_READ)):
        by_source: dict[str, set[str]] = defaultdict(set)
        for post in batch:
            by_source[post.row.source].add(_source_id(post))
        live = {source: store.posts.stored_ids(source, ids) for source, ids in by_source.items()}
        yield from (post for post in batch if _source_id(post) not in live[post.row.source])


def _source_id(post: ReplayPost) -> str:
    return post.name.partition(":")[2]
