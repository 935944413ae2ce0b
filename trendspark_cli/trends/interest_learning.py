"""Once a week `rank` learns anew what communities and words are about, from the posts of the last six weeks.

Nothing is written before all is learned, so a run that is killed meanwhile begins again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from trendspark_cli.base.clock import from_epoch, to_text
from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.interest.learning import LEARNED_FROM_SECONDS, is_due
from trendspark_cli.ranking.interest.post_words import MOST_POSTS, PostWords
from trendspark_cli.ranking.interest.vectors import learn
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.protocol import Store
from trendspark_cli.store.rows.trends import KeptVectors

POSTS_PER_READ = 2_000  # each read is short: one that lasts would keep the WAL from being emptied


def learn_interest(job: JobContext, *, is_daily: bool) -> bool:
    """Learn when it is time, and return whether it was.

    That is asked once a day, and at once where nothing was ever learned. Where posts are too few, what was learned
    before stays.
    """
    before, now = job.store.interest.progress(), int(job.now.timestamp())
    if job.dry_run or (before is not None and not is_daily):
        return False
    since = now - LEARNED_FROM_SECONDS
    posts = job.store.posts.count_between(since, now)
    if before is not None and not is_due(now, before.learned_at, posts, before.posts):
        return False
    words = PostWords()
    for rows in _posts(job.store, since, now, posts):
        words.add(rows)
    learned = learn(words)
    if learned is None:
        last = job.store.interest.last()
        kept = b"" if last is None else last.vectors
    else:
        kept = learned.to_bytes()
        job.count("communities_learned", len(learned.places))
    job.write(partial(job.store.interest.save, KeptVectors(now, posts, kept)))
    return True


def _posts(store: Store, since: int, until: int, posts: int) -> Iterator[Sequence[PostRow]]:
    """Yield the posts of a time, oldest first; of very many, those whose ids a power of two divides."""
    one_in = 1
    while posts > MOST_POSTS * one_in:
        one_in *= 2
    place = (to_text(from_epoch(since)), 0)
    while rows := store.posts.sampled(place, until, one_in, POSTS_PER_READ):
        yield rows
        place = (rows[-1].created_text, rows[-1].id)
