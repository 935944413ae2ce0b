"""What single posts teach once they mature, and what is expected of those still watched; for `rank` and replays."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import NamedTuple

from trendspark_cli.ranking.posts.forecast import MOST_ENGAGEMENT, EngagementBaseline, WatchedPost, watched
from trendspark_cli.ranking.posts.post_trends import NEWS_SECONDS, JudgedPost
from trendspark_cli.ranking.posts.source_memory import SourceMemory
from trendspark_cli.ranking.text.keys import name_key

LEAST_WATCHED_SECONDS = 6 * 3600  # between the first and the last observation: less does not show where a post ends
_DAY_SECONDS = 86_400


class Counters(NamedTuple):
    """What a post's counters said at one time, epoch seconds. `engagement` is None where likes are not known."""

    at: int
    engagement: int | None
    comments: int
    views: int | None = None


class SeenPost(NamedTuple):
    """A post with its observations so far."""

    id: int
    source: str
    author: str | None
    community: str | None
    watched: WatchedPost

    @property
    def keys(self) -> list[int]:
        """Return the keys of its author and community, as far as they are known."""
        return keys_of(self.source, self.author, self.community)


def keys_of(source: str, author: str | None, community: str | None) -> list[int]:
    """Return the keys of the baselines of an author and of a community, as far as they are known."""
    named = (("author", author), ("community", community))
    return [_key(source, whose, name) for whose, name in named if name is not None]


def observations_of(collected_at: int, history: Sequence[Counters], newest: Counters) -> list[Counters]:
    """Return all that is known of a post's counters over time, oldest first.

    History begins with the first change, and says when the counters before it were last read. A post was seen before
    that, when it was collected, with the same counters; and after it, when its counters were asked for in vain.
    """
    observations = list(history) or [newest._replace(at=collected_at)]
    if collected_at < observations[0].at:
        observations.insert(0, observations[0]._replace(at=collected_at))
    if newest.at > observations[-1].at:
        observations.append(newest._replace(views=observations[-1].views))
    return observations


def seen_by(now: int, created_at: int, observations: Sequence[Counters]) -> WatchedPost | None:
    """Return a post as its observations until *now* show it, None without any; counters no post has are left out."""
    known = [
        (observation.at, observation.engagement, observation.comments)
        for observation in observations
        if observation.at <= now and observation.engagement is not None and observation.engagement <= MOST_ENGAGEMENT
    ]
    return watched(created_at, known) if known else None


def judge_post(
    post: SeenPost, memory: SourceMemory, baselines: Mapping[int, EngagementBaseline], return_level: float | None
) -> JudgedPost:
    """Return what is expected of a post, and how that compares with *return_level*, the exceedance that is rare."""
    author, community = _baselines_of(post, baselines)
    forecast = memory.forecaster.forecast(post.watched, author, community)
    return JudgedPost(
        post_id=post.id,
        source=post.source,
        author=post.author,
        watched=post.watched,
        forecast=forecast,
        usual_posts=author.posts,
        level=return_level,
    )


def learn_from(
    posts: Sequence[SeenPost],
    memories: MutableMapping[str, SourceMemory],
    baselines: MutableMapping[int, EngagementBaseline],
    since: int,
    until: int,
    least_watched_seconds: int = LEAST_WATCHED_SECONDS,
) -> tuple[int, set[int]]:
    """Learn from posts created from *since* to *until*, in that order; return how many, and whose baselines changed.

    Those that were watched for long enough teach how far posts go; the largest exceedances of all are counted.
    """
    matured, changed = 0, set()
    exceedances: dict[str, list[float]] = {}
    counted_since = {name: since for name, memory in memories.items() if memory.counts_exceedances}
    for post in posts:
        seen = post.watched
        if seen.first_seen - seen.created_at > NEWS_SECONDS:
            continue
        memory = memories.setdefault(post.source, SourceMemory())
        author, community = _baselines_of(post, baselines)
        if memory.counts_exceedances:
            counted_since.setdefault(post.source, seen.created_at)
            exceedances.setdefault(post.source, []).append(
                memory.forecaster.largest_exceedance(seen, author, community)
            )
        if seen.last.at - seen.first_seen >= least_watched_seconds:
            final = memory.forecaster.learn(seen, author, community)
            for key in post.keys:
                known = baselines.get(key, EngagementBaseline())
                baselines[key] = EngagementBaseline(known.posts + 1.0, known.total + final)
                changed.add(key)
            matured += 1
    for name, start in counted_since.items():
        memories[name].exceedances.add(exceedances.get(name, ()), max(0.0, until - start) / _DAY_SECONDS)
    return matured, changed


def _key(source: str, whose: str, name: str) -> int:
    return name_key(f"{source}\0{whose}\0{name}")


def _baselines_of(
    post: SeenPost, baselines: Mapping[int, EngagementBaseline]
) -> tuple[EngagementBaseline, EngagementBaseline]:
    """Return the baselines of a post's author and community."""
    author = (
        baselines.get(_key(post.source, "author", post.author), EngagementBaseline())
        if post.author is not None
        else EngagementBaseline()
    )
    if post.community is None:
        return author, EngagementBaseline()
    return author, baselines.get(_key(post.source, "community", post.community), EngagementBaseline())
