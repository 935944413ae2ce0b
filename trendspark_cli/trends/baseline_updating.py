"""Bring posts into the ranker's window and baselines once, in small transactions, wherever the last run stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trendspark_cli.base.metrics import RANK_POSTS
from trendspark_cli.ranking.baseline.baseline_posts import BaselinePost, PostRow
from trendspark_cli.ranking.baseline.history import CountRow, TermHistory, TermState
from trendspark_cli.ranking.baseline.ticks import LONGEST_WINDOW_SECONDS, TICK_SECONDS, TICKS_PER_DAY, tick_of
from trendspark_cli.ranking.baseline.updating import update_baseline
from trendspark_cli.ranking.bursts.segments import Segment, read_segment
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.text.terms import Vocabulary
from trendspark_cli.running.clock_healing import may_be_ahead
from trendspark_cli.running.job_context import JobContext

POSTS_PER_TRANSACTION = 50  # about 15 terms each: a transaction of at most about 1,000 rows
ARRIVALS_PER_READ = 5000  # also the posts of one segment
MOST_WORDS_KEPT = 500_000  # between reads: 100 MB. Languages have fewer; floods of made-up words have no end


class BaselineUpdating:
    """Takes posts in: first as numbers for the window, then into the baselines of terms and sources.

    How far it came is remembered in the transaction of the work.
    """

    def __init__(self, job: JobContext) -> None:
        self._job = job
        self.history: TermHistory = DryHistory(job.store.ranking) if job.dry_run else job.store.ranking
        self.sources = job.store.ranking.sources()
        self.progress = job.store.ranking.progress()
        self._tick_sizes: dict[int, int] = {}
        self._unsaved: list[Segment] = []

    def read_arrivals(self, since: int) -> None:
        """Read posts stored since the last run; those older than the baselines' edge go straight into them.

        Those created at *since* (epoch seconds) or later are read into segments, for the windows of this run and of
        later ones: a post is ranked by the text it had when it was first seen. Memory grows with the words in use.
        """
        edge = (self.progress.folded_created_at, self.progress.folded_post_id)
        # A post dated far ahead would keep its segment for ever.
        until = int(self._job.now.timestamp()) + LONGEST_WINDOW_SECONDS
        vocabulary = Vocabulary()
        while posts := self._job.store.posts.arrived(self.progress.seen_post_id, ARRIVALS_PER_READ):
            if len(vocabulary) > MOST_WORDS_KEPT:
                vocabulary = Vocabulary()
            for part, late in _parts(posts, edge, self.progress.rebuilt_since):
                current = [post for post in part if since <= post.created_at < until]
                segment = read_segment(current, vocabulary) if current else None
                with self._job.transaction():
                    if late:
                        self._update(late)
                    if segment:
                        self._keep(segment)
                    self._see(part)

    def window(self, since: int) -> Window:
        """Return the posts created at *since* or later, and some older ones."""
        window = Window(self._job.store.posts.texts)
        window.add_segments(self._job.store.ranking.segments(since))
        window.add_segments(self._unsaved)
        return window

    def update_before(self, epoch_seconds: int) -> None:
        """Update the baselines with every seen post older than *epoch_seconds*: it has left the longest window.

        A segment is dropped when all of its posts have. Nothing leaves by a clock that may be ahead: what was folded
        into a baseline too early is counted there and in the windows of this day.
        """
        if may_be_ahead(self._job):
            return
        while self.update_with_next(epoch_seconds):
            pass
        if not self._job.dry_run:
            with self._job.transaction():
                self._job.store.ranking.drop_segments(epoch_seconds)

    def update_with_next(self, epoch_seconds: int) -> int:
        """Update the baselines with the next posts older than *epoch_seconds*, one transaction; return how many."""
        posts = self._job.store.posts.leaving(
            (self.progress.folded_created_at, self.progress.folded_post_id),
            epoch_seconds,
            self.progress.seen_post_id,
            POSTS_PER_TRANSACTION,
        )
        if posts:
            with self._job.transaction():
                self._update(posts)
                self.advance(folded_created_at=posts[-1].created_text, folded_post_id=posts[-1].id)
            self._job.count("posts_folded", len(posts))
        return len(posts)

    def forget_faint(self, tick: int) -> int | None:
        """Forget terms that have faded by *tick*, once a day of it; return how many, None while it is not time yet."""
        if self._job.dry_run or tick - self.progress.swept_tick < TICKS_PER_DAY:
            return None
        forgotten = self._job.store.ranking.drop_faint(tick)
        with self._job.transaction():
            self.advance(swept_tick=tick)
        return forgotten

    def reload_sources(self) -> None:
        """Begin with what the store knows of the volume of sources."""
        self.sources = self._job.store.ranking.sources()

    def advance(self, **changes: Any) -> None:
        """Move the progress; call inside a transaction."""
        self.progress = self.progress._replace(**changes)
        if not self._job.dry_run:
            self._job.store.ranking.save_progress(self.progress)

    def _keep(self, segment: Segment) -> None:
        if self._job.dry_run:
            self._unsaved.append(segment)
        else:
            self._job.store.ranking.add_segment(segment)

    def _see(self, part: Sequence[PostRow]) -> None:
        new = sum(post.id > self.progress.counted_post_id for post in part)
        self.advance(seen_post_id=part[-1].id, counted_post_id=max(part[-1].id, self.progress.counted_post_id))
        self._job.count("posts_seen", len(part))
        if new and not self._job.dry_run:
            self._job.store.totals.add([RANK_POSTS.by(new)])

    def _update(self, arrived: Sequence[PostRow]) -> None:
        posts = [BaselinePost(post.source, post.created_at, post.text) for post in arrived]
        update_baseline(posts, self._sizes(posts), self.history, self.sources)
        if not self._job.dry_run:
            touched = {post.source for post in posts}
            self._job.store.ranking.put_sources({name: self.sources[name] for name in touched})

    def _sizes(self, posts: Sequence[BaselinePost]) -> Mapping[int, int]:
        """Return how many posts each tick of *posts* holds in all."""
        for tick in {tick_of(post.created_at) for post in posts} - self._tick_sizes.keys():
            since = tick * TICK_SECONDS
            self._tick_sizes[tick] = self._job.store.posts.count_between(since, since + TICK_SECONDS)
        return self._tick_sizes


def _parts(
    posts: Sequence[PostRow], edge: tuple[str, int], oldest: str
) -> Iterator[tuple[Sequence[PostRow], list[PostRow]]]:
    """Yield successive parts of the posts, each with its late ones: as many as one transaction can take.

    Those created before *oldest* are not late but left out.
    """
    late = [
        number
        for number, post in enumerate(posts)
        if oldest <= post.created_text and (post.created_text, post.id) < edge
    ]
    start = 0
    for first in range(0, len(late), POSTS_PER_TRANSACTION):
        numbers = late[first : first + POSTS_PER_TRANSACTION]
        yield posts[start : numbers[-1] + 1], [posts[number] for number in numbers]
        start = numbers[-1] + 1
    if start < len(posts):
        yield posts[start:], []


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

    def counts(self, keys: Sequence[int]) -> list[CountRow]:
        """Return the rows of these keys, changes first."""
        unchanged = [key for key in keys if key not in self._changed]
        changed = [(key, *self._changed[key].to_row()[:3]) for key in keys if key in self._changed]
        return [*self._stored.counts(unchanged), *changed]

    def put(self, states: Mapping[int, TermState]) -> None:
        """Keep these states beside the stored ones."""
        self._changed.update(states)

    def drop_faint(self, now_tick: int) -> int:
        """Forget nothing: a dry run ends too soon for that to matter."""
        return 0
