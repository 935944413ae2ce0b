"""Follow what a service says of posts it no longer shows: what we hold of them goes, and does not come back."""

from __future__ import annotations

import uuid
from functools import partial

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import Page
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.archives import Tombstone

BATCH = 1000  # posts, one transaction each


def follow_deletions(job: JobContext, source: str, page: Page) -> None:
    """Remove posts that a page says are gone, with what quotes them, and leave tombstones for archives.

    Of a post that left for the archive, what trends still quote goes. Of posts that we never stored nothing is left.
    Runs before the page is stored: a run that is killed does it again.
    """
    if page.gone:
        _forget(job, source, job.store.tombstones.kept_ids(source, page.gone))
    for beginning in page.gone_accounts:
        while ids := job.store.tombstones.kept_ids_that_begin(source, beginning, BATCH):
            _forget(job, source, ids)


def _forget(job: JobContext, source: str, ids: list[str]) -> None:
    authors: set[str] = set()
    for start in range(0, len(ids), BATCH):
        authors |= job.write(partial(_forget_posts, job, source, ids[start : start + BATCH]))
    if ids:

        def forget_silent() -> None:
            for author in sorted(authors):
                job.store.authors.forget_silent(source, author)

        job.write(forget_silent)
        job.count("deleted", len(ids))


def _forget_posts(job: JobContext, source: str, ids: list[str]) -> set[str]:
    """Forget posts and return their authors; call inside a transaction."""
    authors: set[str] = set()
    gone: list[int] = []
    for post_id in ids:
        post = job.store.posts.find(source, post_id)
        if post is not None:
            gone.append(post.id)
            if post.author:
                authors.add(post.author)
        ids_here = () if post is None else (post.id,)
        stone = Tombstone(str(uuid.uuid4()), source, post_id, None, to_text(job.now), is_pushed=False)
        job.store.tombstones.add(stone)
        job.store.tombstones.forget_posts(stone, ids_here)
    job.store.search.note_gone(gone)  # their words leave the index with the next run of `rank`
    return authors
