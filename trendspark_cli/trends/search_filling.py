"""The index of `posts search` follows the posts: some in each run of `rank`, and never while posts come or go."""

from __future__ import annotations

from functools import partial

from trendspark_cli.running.job_context import JobContext

POSTS_PER_RUN = 50_000  # two seconds or so, and more than a run of any source brings
BATCH = 1000  # posts, one transaction each


def keep_index(job: JobContext, *, is_wanted: bool, most: int = POSTS_PER_RUN) -> None:
    """Index posts that are not yet, at most *most*; when all are, look for words of posts that are gone.

    Without an index wanted, or possible, there is none afterwards. Killed anywhere, the next run goes on.
    """
    search = job.store.search
    if job.dry_run:
        return
    if not (is_wanted and search.can_index()):
        while job.write(search.drop_one):
            pass
        return
    indexed = 0
    while indexed < most:
        count = job.write(partial(search.index_next, min(BATCH, most - indexed), job.now))
        if count == 0:
            job.write(partial(search.drop_worn, job.now))
            return
        indexed += count
