"""The posts of the last hours, joined from segments into one set of columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import numpy as np

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.joining import join
from trendspark_cli.ranking.bursts.occurrences import Occurrences, count_terms
from trendspark_cli.ranking.bursts.post_columns import Mask, PostColumns
from trendspark_cli.ranking.bursts.segments import Segment, read_segment
from trendspark_cli.ranking.text.keys import Integers
from trendspark_cli.ranking.text.terms import Vocabulary

ROWS_AT_ONCE = 2_000  # enough to keep the per-call cost of regex and numpy small, few enough to stay in the cache

TextsOf = Callable[[Sequence[int]], Mapping[int, str]]


class Window:
    """Posts of the longest window; grows by `add` and `add_segments`, shrinks by `drop_before`.

    `texts` returns the texts of posts by id: segments have only keys of words, and a topic needs its words.
    """

    def __init__(self, texts: TextsOf = lambda post_ids: {}) -> None:
        self.texts = texts
        self._vocabulary = Vocabulary()
        self._segments: list[Segment] = []
        self._columns: PostColumns | None = None
        self._found: Occurrences | None = None
        self._is_filled = False

    def __len__(self) -> int:
        return sum(segment.ids.size for segment in self._segments)

    def add(self, rows: Iterable[PostRow]) -> list[Segment]:
        """Read posts, in any order of time; return them as they were read."""
        remaining, read = iter(rows), list[Segment]()
        while chunk := list(islice(remaining, ROWS_AT_ONCE)):
            read.append(read_segment(chunk, self._vocabulary))
        self.add_segments(read)
        return read

    def add_segments(self, segments: Iterable[Segment]) -> None:
        """Add posts that were read before."""
        self._segments.extend(segments)
        self._columns = None

    def drop_before(self, epoch_seconds: int) -> None:
        """Forget posts created before this moment, at the latest when it has passed their whole segment."""
        kept = [segment for segment in self._segments if int(segment.created.max()) >= epoch_seconds]
        if len(kept) < len(self._segments):
            self._segments, self._columns = kept, None

    def count_since(self, epoch_seconds: int) -> int:
        """Return how many posts were created at this moment or later."""
        return int(np.count_nonzero(self.columns().created >= epoch_seconds))

    def columns(self) -> PostColumns:
        """Return all posts."""
        if self._columns is None:
            self._columns = join(lambda: self._segments)
        return self._columns

    def fill(self, segments: Callable[[], Iterable[Segment]]) -> None:
        """Have the posts of these segments, which are asked for twice, and no others ever.

        So there is no more in memory than the columns and a segment.
        """
        self._columns, self._is_filled = join(segments), True

    def occurrences(self, eligible: Mask) -> Occurrences:
        """Return the terms of at least three of the eligible posts.

        Of a filled window all posts are counted once, so that those that are not eligible, and terms of these, are
        among them.
        """
        if not self._is_filled:
            return count_terms(self.columns(), eligible)
        if self._found is None:
            self._found = count_terms(self.columns(), np.ones(eligible.size, dtype=bool))
        return self._found

    def words(self, keys: Integers, examples: Sequence[Sequence[int]]) -> list[str | None]:
        """Return the words with these keys, each looked up in the posts (ids) of `examples` unless it is known.

        None for a word that none of these posts has any more: their texts were edited or deleted.
        """
        known = self._vocabulary.words()
        wanted = list(zip(keys.tolist(), examples, strict=True))
        unread = {post_id for key, post_ids in wanted if key not in known for post_id in post_ids}
        if unread:
            self._vocabulary.encode(list(self.texts(sorted(unread)).values()))
            known = self._vocabulary.words()
        return [known.get(key) for key, _ in wanted]
