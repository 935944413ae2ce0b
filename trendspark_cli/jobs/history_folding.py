"""Bring posts into the ranker's history once, in small transactions, wherever the last run stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trendspark_cli.job_context import JobContext
from trendspark_cli.metrics import Amount
from trendspark_cli.ranking.folding import fold
from trendspark_cli.ranking.history import TermHistory, TermState
from trendspark_cli.ranking.posts import FoldPost
from trendspark_cli.ranking.ticks import TICK_SECONDS, tick_of

POSTS_PER_TRANSACTION = 50  # about 15 terms each: a transaction of at most about 1,000 rows
ARRIVALS_PER_READ = 5000


class HistoryFolding:
    """Folds posts into term and source states and remembers how far it came, in the same transaction."""

    def __init__(self, job: JobContext) -> None:
        self._job = job
        self.history: TermHistory = DryHistory(job.store.ranking) if job.dry_run else job.store.ranking
        self.sources = job.store.ranking.sources()
        self.progress = job.store.ranking.progress()
        self._tick_sizes: dict[int, int] = {}

    def look_at_arrivals(self) -> None:
        """Take notice of posts stored since the last run; those older than the history's edge go straight into it."""
        edge = (self.progress.folded_created_at, self.progress.folded_post_id)
        while rows := self._job.store.posts.arrived(self.progress.seen_post_id, ARRIVALS_PER_READ):
            late = [row for row in rows if (row[4], row[0]) < edge]
            for start in range(0, len(late), POSTS_PER_TRANSACTION):
                part = late[start : start + POSTS_PER_TRANSACTION]
                with self._job.transaction():
                    self._fold(part)
                    self._see(part[-1][0], rows)
            with self._job.transaction():
                self._see(rows[-1][0], rows)

    def fold_before(self, epoch_seconds: int) -> None:
        """Fold every post that was seen and is older than *epoch_seconds*: it has left the longest window."""
        while rows := self._job.store.posts.leaving(
            (self.progress.folded_created_at, self.progress.folded_post_id),
            epoch_seconds,
            self.progress.seen_post_id,
            POSTS_PER_TRANSACTION,
        ):
            with self._job.transaction():
                self._fold(rows)
                self.advance(folded_created_at=rows[-1][4], folded_post_id=rows[-1][0])
            self._job.count("posts_folded", len(rows))

    def advance(self, **changes: Any) -> None:
        """Move the progress; call inside a transaction."""
        self.progress = replace(self.progress, **changes)
        if not self._job.dry_run:
            self._job.store.ranking.save_progress(self.progress)

    def _see(self, post_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
        looked_at = sum(self.progress.seen_post_id < row[0] <= post_id for row in rows)
        self.advance(seen_post_id=post_id)
        self._job.count("posts_seen", looked_at)
        if looked_at and not self._job.dry_run:
            self._job.store.totals.add([Amount("trendspark_rank_posts_total", {}, looked_at)])

    def _fold(self, rows: Sequence[tuple[Any, ...]]) -> None:
        posts = [FoldPost(source, created, text) for _, source, created, text, _ in rows]
        fold(posts, self._sizes(posts), self.history, self.sources)
        if not self._job.dry_run:
            touched = {post.source for post in posts}
            self._job.store.ranking.put_sources({name: self.sources[name] for name in touched})

    def _sizes(self, posts: Sequence[FoldPost]) -> Mapping[int, int]:
        """Return how many posts each tick of *posts* holds in all."""
        for tick in {tick_of(post.created_at) for post in posts} - self._tick_sizes.keys():
            since = tick * TICK_SECONDS
            self._tick_sizes[tick] = self._job.store.posts.count_between(since, since + TICK_SECONDS)
        return self._tick_sizes


class DryHistory:
    """The stored history with changes kept beside it, for a run that must not write."""

    def __init__(self, stored: TermHistory) -> None:
        self._stored = stored
        self._changed: dict[int, TermState] = {}

    def get(self, keys: Sequence[int]) -> dict[int, TermState]:
        """Return the states of these keys, changes first."""
        unchanged = [key for key in keys if key not in self._changed]
        found = self._stored.get(unchanged) if unchanged else {}
        return found | {key: self._changed[key] for key in keys if key in self._changed}

    def put(self, states: Mapping[int, TermState]) -> None:
        """Keep these states beside the stored ones."""
        self._changed.update(states)

    def drop_faint(self, now_tick: int) -> int:
        """Forget nothing: a dry run ends too soon for that to matter."""
        return 0
