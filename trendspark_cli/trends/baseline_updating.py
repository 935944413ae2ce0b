"""Bring posts into the ranker's window and baselines once, in small transactions, wherever the last run stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import numpy as np

from trendspark_cli.base.metrics import RANK_POSTS
from trendspark_cli.ranking.baseline.baseline_posts import LeavingPlace, PostRow
from trendspark_cli.ranking.baseline.memory_history import MemoryHistory
from trendspark_cli.ranking.baseline.term_history import TermHistory
from trendspark_cli.ranking.baseline.ticks import LONGEST_WINDOW_SECONDS, TICK_SECONDS, TICKS_PER_DAY
from trendspark_cli.ranking.baseline.updating import leaving_posts, read_texts, updated
from trendspark_cli.ranking.baseline.uses import CodedPosts, first_posts, in_order, join_codes
from trendspark_cli.ranking.bursts.segments import Segment, coded_posts, read_segment
from trendspark_cli.ranking.bursts.window import Window
from trendspark_cli.ranking.text.terms import Vocabulary
from trendspark_cli.running.clock_healing import may_be_ahead
from trendspark_cli.running.job_context import JobContext

POSTS_PER_READ = 5_000  # also the posts of one segment
POSTS_PER_UPDATE = 50_000  # each looks up its terms in all of history, and has some 2 kB for a post meanwhile
WORDS_PER_UPDATE = 2_000_000  # of a flood of long posts there are fewer
MOST_KEPT = 500_000  # chunks and words between reads: 60 MB. Languages have fewer; floods of made-up words have no end


Result = TypeVar("Result")


class BaselineUpdating:
    """Takes posts in: first as numbers for the window, then into the baselines of terms and sources.

    How far it came is remembered in the transaction of the work.
    """

    def __init__(self, job: JobContext) -> None:
        self._job = job
        self.terms = job.store.term_history
        self.history: TermHistory = MemoryHistory(self.terms) if job.dry_run else self.terms
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
        oldest = self.progress.rebuilt_since  # those created before are not late but left out
        vocabulary = Vocabulary()
        settled = self._job.store.posts.settled_id()
        while posts := self._job.store.posts.arrived(self.progress.seen_post_id, settled, POSTS_PER_READ):
            if vocabulary.size > MOST_KEPT:
                vocabulary = Vocabulary()
            old = [post for post in posts if oldest <= post.created_text <= edge[0]]
            late = [post for post in old if (post.created_text, post.id) < edge]
            current = [post for post in posts if since <= post.created_at < until]
            segment = read_segment(current, vocabulary) if current else None
            staged = self._stage(late, read_texts(late)) if late else None
            self.write(partial(self._take, posts, segment, staged))

    def window(self, since: int) -> Window:
        """Return the posts created at *since* or later, and some older ones."""
        window = Window(self._job.store.posts.texts)
        window.fill(lambda: chain(self._job.store.ranking.segments(since), self._unsaved))
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
            while self._job.write(partial(self._job.store.ranking.drop_segments, epoch_seconds)):
                pass

    def update_with_next(self, epoch_seconds: int, most: int = POSTS_PER_UPDATE) -> int:
        """Update the baselines with the next posts older than *epoch_seconds*, at most *most*; return how many."""
        place = (self.progress.folded_created_at, self.progress.folded_post_id)
        limit = min(most, POSTS_PER_UPDATE)
        found = self._job.store.posts.leaving_places(place, epoch_seconds, self.progress.seen_post_id, limit)
        if found:
            posts, coded = self._words_of(found)
            count, coded = first_posts(coded, WORDS_PER_UPDATE)
            if count < len(posts):
                found = posts = posts[:count]
            staged = self._stage(posts, coded) if posts else None
            self.write(partial(self._fold, found[-1], staged))
            self._job.count("posts_folded", len(posts))
        return len(found)

    def forget_faint(self, tick: int) -> int | None:
        """Forget terms that have faded by *tick*, once a day of it; return how many, None while it is not time yet."""
        if self._job.dry_run or tick - self.progress.swept_tick < TICKS_PER_DAY:
            return None
        forgotten = self.history.forget_faint(tick)
        self.write(partial(self.advance, swept_tick=tick))
        return forgotten

    def reload_sources(self) -> None:
        """Begin with what the store knows of the volume of sources."""
        self.sources = self._job.store.ranking.sources()

    def write(self, work: Callable[[], Result]) -> Result:
        """Return what *work* returns, in a transaction; the progress is as before when it is run again."""
        before = self.progress

        def from_before() -> Result:
            self.progress = before
            return work()

        return self._job.write(from_before)

    def advance(self, **changes: Any) -> None:
        """Move the progress; call inside `write`."""
        self.progress = self.progress._replace(**changes)
        if not self._job.dry_run:
            self._job.store.ranking.save_progress(self.progress)

    def _take(self, posts: Sequence[PostRow], segment: Segment | None, late: _Staged | None) -> None:
        if late:
            self._publish(late)
        if segment:
            self._keep(segment)
        self._see(posts)

    def _fold(self, last: LeavingPlace, staged: _Staged | None) -> None:
        if staged:
            self._publish(staged)
        self.advance(folded_created_at=last.created_text, folded_post_id=last.id)

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

    def _words_of(self, posts: Sequence[LeavingPlace]) -> tuple[list[LeavingPlace], CodedPosts]:
        """Return those of these posts that nobody deleted since, and their words as they were when they arrived.

        Those that are in no segment, since they came late or long ago, are read now.
        """
        ids = np.array([post.id for post in posts], np.int64)
        of_segments = [segment for segment in self._segments_of(posts) if np.isin(segment.ids, ids).any()]
        parts, part_ids = [coded_posts(segment) for segment in of_segments], [segment.ids for segment in of_segments]
        missing = np.setdiff1d(ids, np.concatenate([np.zeros(0, np.int64), *part_ids])).tolist()
        for start in range(0, len(missing), POSTS_PER_READ):
            rows = self._job.store.posts.rows(missing[start : start + POSTS_PER_READ])
            parts.append(read_texts(rows))
            part_ids.append(np.array([row.id for row in rows], np.int64))
        known = np.concatenate([np.zeros(0, np.int64), *part_ids])
        is_known = np.isin(ids, known)
        order = np.argsort(known)
        places = order[np.searchsorted(known, ids[is_known], sorter=order)]
        there = [post for post, is_there in zip(posts, is_known.tolist(), strict=True) if is_there]
        return there, in_order(join_codes(parts), places)

    def _segments_of(self, posts: Sequence[LeavingPlace]) -> Iterator[Segment]:
        """Yield the segments that may have some of these posts, which are in the order of time."""
        yield from self._job.store.ranking.segments_between(posts[0].created_at, posts[-1].created_at)
        yield from self._unsaved

    def _stage(self, posts: Sequence[LeavingPlace] | Sequence[PostRow], coded: CodedPosts) -> _Staged:
        """Write what these posts, whose words are *coded*, make of their terms where nobody sees it yet."""
        leaving = leaving_posts([(post.source, post.created_at) for post in posts], coded)
        known = self.history.load(leaving.uses.keys)
        states = updated(leaving, self._sizes(run.tick for run in leaving.runs), known, self.sources)
        return _Staged(self.history.stage(states), {name for run in leaving.runs for name in run.sources})

    def _publish(self, staged: _Staged) -> None:
        """Let it count; call inside a transaction."""
        self.history.publish(staged.terms)
        if not self._job.dry_run:
            self._job.store.ranking.put_sources({name: self.sources[name] for name in staged.sources})

    def _sizes(self, ticks: Iterable[int]) -> Mapping[int, int]:
        """Return how many posts each of these ticks holds in all."""
        for tick in set(ticks) - self._tick_sizes.keys():
            since = tick * TICK_SECONDS
            self._tick_sizes[tick] = self._job.store.posts.count_between(since, since + TICK_SECONDS)
        return self._tick_sizes


class _Staged(NamedTuple):
    """What posts make of their terms, and whose volume they change."""

    terms: Any
    sources: set[str]
