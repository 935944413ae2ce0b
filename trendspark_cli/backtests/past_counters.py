"""Counters of past posts, of the database or of an archive, as they were read at the time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import tee

from trendspark_cli.archiving.reading import ArchivedPosts
from trendspark_cli.backtests.past_posts import POSTS_PER_READ, archived_post
from trendspark_cli.base.clock import from_text, to_text
from trendspark_cli.ranking.past.post_replay import PastPost, PastRow, past_observations
from trendspark_cli.ranking.past.replay import ReplayPost
from trendspark_cli.ranking.posts.post_learning import Counters
from trendspark_cli.ranking.posts.post_trends import LEAST_ENGAGEMENT, MOST_READ
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.posts import StoredPost

MOST_OBSERVATIONS = 200  # of one archived post, and the last two: as many as are asked of the database


@dataclass(frozen=True)
class Watched:
    """Posts with counters, oldest first, and what gives the name and the text of one of them."""

    posts: Iterable[PastPost]
    name_and_text: Callable[[PastPost], tuple[str, str]]


def stored_observations(store: Store, since: datetime, until: datetime) -> Watched:
    """Return the posts with counters of the database created in [since, until), and their observations until then."""

    def name_and_text(post: PastPost) -> tuple[str, str]:
        found = store.posts.by_ids([post.row.id])  # it may have been archived or forgotten meanwhile
        return (f"{found[0].source}:{found[0].source_id}", found[0].text) if found else ("", "")

    return Watched(_stored_observations(store, since, until), name_and_text)


def _stored_observations(store: Store, since: datetime, until: datetime) -> Iterator[PastPost]:
    position, end = (to_text(since), 0), int(until.timestamp())
    while rows := store.forecasts.leaving(position, until, POSTS_PER_READ):
        history = store.forecasts.observations([row.id for row in rows])
        for found in rows:
            row = PastRow(found.id, found.source, found.author, found.community, found.created_at)
            newest = Counters(found.observed_at, found.engagement, found.comments)
            yield PastPost(row, past_observations(row, found.collected_at, history.get(row.id, ()), newest, end))
        position = (rows[-1].created_text, rows[-1].id)


def archived_posts_and_observations(
    archive: ArchivedPosts, since: datetime, until: datetime
) -> tuple[Iterator[ReplayPost], Watched]:
    """Return the archived posts created in [since, until), and those of them with counters; files are read once.

    Both must be read at about the same pace: what one is ahead of the other is held in memory.
    """
    numbered = enumerate(archive.between(to_text(since), to_text(until)))
    first, second = tee(numbered)
    end = int(until.timestamp())
    watched = (_archived_observations(number, post, end) for number, post in second if post.likes is not None)
    posts = (archived_post(number, post) for number, post in first)
    return posts, Watched(watched, lambda post: (post.name, post.text))


def _archived_observations(number: int, post: StoredPost, until: int) -> PastPost:
    """Return a post as its file has it; one that never had enough engagement for a trend needs no text."""
    history = [_counters(**observation) for observation in json.loads(post.metrics or "[]")]
    if len(history) > MOST_OBSERVATIONS:
        history = [*history[:MOST_OBSERVATIONS], *history[-2:]]
    past = PastRow(number, post.source, post.author, post.community, _epoch(post.created_at))
    newest = _counters(post.observed_at, post.likes, post.replies, post.reposts, post.quotes, post.views)
    observations = past_observations(past, _epoch(post.collected_at), history, newest, until)
    is_large = any((observation.engagement or 0) >= LEAST_ENGAGEMENT for observation in observations)
    return PastPost(past, observations, f"{post.source}:{post.source_id}", post.text[:MOST_READ] if is_large else "")


def _counters(
    observed_at: str, likes: int | None, replies: int | None, reposts: int | None, quotes: int | None, views: int | None
) -> Counters:
    """Return counters as forecasts take them; without likes, engagement is not known."""
    engagement = None if likes is None else likes + (reposts or 0) + (quotes or 0)
    return Counters(_epoch(observed_at), engagement, replies or 0, views)


def _epoch(text: str) -> int:
    return int(from_text(text).timestamp())
