"""Follow what a service says of posts it no longer shows: what we hold of them goes, and does not come back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from trendspark_cli.base.clock import to_text
from trendspark_cli.base.models import GonePost, Page
from trendspark_cli.running.job_context import JobContext
from trendspark_cli.store.rows.archives import FIRST_DAY, Tombstone

BATCH = 1000  # posts, one transaction each
OFF = timedelta(days=1)  # by which the time in an id may differ from the one a post has
Days = tuple[str, str]  # the first and the last


def follow_deletions(job: JobContext, source: str, page: Page) -> None:
    """Remove posts that a page says are gone, with what quotes them, and leave tombstones for archives.

    Of a post that left for the archive, what trends still quote goes. One of which nothing is kept gets a tombstone if
    files of its time are in the archive; so does an account of which these may have posts. Of others nothing is left.
    Runs before the page is stored: a run that is killed does it again.
    """
    if page.gone:
        told = {post.source_id: post for post in page.gone}
        kept = job.store.tombstones.kept_ids(source, told)
        _forget(job, source, kept)
        _hide(job, source, [told[post_id] for post_id in told.keys() - set(kept)])
    for account in page.gone_accounts:
        while ids := job.store.tombstones.kept_ids_that_begin(source, account.ids_begin, BATCH):
            _forget(job, source, ids)
        if job.store.archives.may_have_author(source, account.author):
            stone = _stone(job, source, None, (FIRST_DAY, to_text(account.closed_at)[:10]), account.author)
            job.count("deleted_in_archive", job.write(partial(_bury, job, [stone])))


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


def _hide(job: JobContext, source: str, posts: Sequence[GonePost]) -> None:
    """Leave tombstones for posts that files of the archive have, or may have where there is no list of them."""
    listed = job.store.archives.listed_days(source, [post.source_id for post in posts])
    found = {name: (day, day) for name, day in listed.items()}
    around = {post.source_id: span for post in posts if (span := _days_around(post)) is not None}
    if around:
        first, last = min(first for first, _ in around.values()), max(last for _, last in around.values())
        days = job.store.archives.days_of_files(source, first, last)
        may_be = {name: span for name, span in around.items() if any(span[0] <= day <= span[1] for day in days)}
        found = {**may_be, **found}
    names = sorted(found)
    for start in range(0, len(names), BATCH):
        stones = [_stone(job, source, name, found[name]) for name in names[start : start + BATCH]]
        job.count("deleted_in_archive", job.write(partial(_bury, job, stones)))


def _bury(job: JobContext, stones: Sequence[Tombstone]) -> int:
    return sum(job.store.tombstones.add(stone) for stone in stones)


def _days_around(post: GonePost) -> Days | None:
    if post.made_at is None:
        return None
    return to_text(post.made_at - OFF)[:10], to_text(post.made_at + OFF)[:10]


def _stone(
    job: JobContext, source: str, post_id: str | None, days: Days | None, author: str | None = None
) -> Tombstone:
    first, last = days or (None, None)
    return Tombstone(str(uuid.uuid4()), source, post_id, author, to_text(job.now), first_day=first, last_day=last)


def _forget_posts(job: JobContext, source: str, ids: list[str]) -> set[str]:
    """Forget posts and return their authors; call inside a transaction."""
    authors: set[str] = set()
    gone: list[int] = []
    quoted = job.store.tombstones.quoted_ids(source, ids)  # alerts in files of other days may show them: for ever
    for post_id in ids:
        post = job.store.posts.find(source, post_id)
        if post is not None:
            gone.append(post.id)
            if post.author:
                authors.add(post.author)
        ids_here = () if post is None else (post.id,)
        has_days = post is not None and post_id not in quoted
        days = (post.created_at[:10], post.created_at[:10]) if post is not None and has_days else None
        stone = _stone(job, source, post_id, days)
        job.store.tombstones.add(stone)
        job.store.tombstones.forget_posts(stone, ids_here)
    job.store.search.note_gone(gone)  # their words leave the index with the next run of `rank`
    return authors
