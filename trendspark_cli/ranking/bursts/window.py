"""The posts of the last hours, joined from segments into one set of columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.occurrences import Occurrences, count_terms, is_first
from trendspark_cli.ranking.bursts.post_columns import Mask, PostColumns
from trendspark_cli.ranking.bursts.segments import FIRST_WORD, Segment, read_segment
from trendspark_cli.ranking.text.keys import NO_WORD, Integers
from trendspark_cli.ranking.text.terms import END_CODE, GAP_CODE, Codes, Vocabulary

ROWS_AT_ONCE = 2_000  # enough to keep the per-call cost of regex and numpy small, few enough to stay in the cache

KEYS_AT_ONCE = 1 << 20  # 8 MB
Number = TypeVar("Number", np.int32, np.int64)
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
            self._columns = _join(lambda: self._segments)
        return self._columns

    def fill(self, segments: Callable[[], Iterable[Segment]]) -> None:
        """Have the posts of these segments, which are asked for twice, and no others ever.

        So there is no more in memory than the columns and a segment.
        """
        self._columns, self._is_filled = _join(segments), True

    def occurrences(self, eligible: Mask) -> Occurrences:
        """Return the terms of at least three of the eligible posts; of a filled window all are counted once."""
        if not self._is_filled:
            return count_terms(self.columns(), eligible)
        if self._found is None:
            self._found = count_terms(self.columns(), np.ones(eligible.size, dtype=bool))
        return self._found.within(eligible)

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


def _join(segments: Callable[[], Iterable[Segment]]) -> PostColumns:
    """Return all posts of the segments, their words numbered anew for all together."""
    ids, created, authors, communities, of_sources, lengths = [], [], [], [], [], []
    numbers: dict[str, int] = {}
    words = DifferentKeys()
    for one in segments():
        ids.append(one.ids)
        created.append(one.created)
        authors.append(one.authors)
        communities.append(one.communities)
        of_sources.append(
            np.array([numbers.setdefault(name, len(numbers)) for name in one.source_names], np.int32)[one.sources]
        )
        lengths.append(np.diff(np.flatnonzero(one.codes == END_CODE), prepend=-1).astype(np.int32))
        words.add(one.words)
    keys, of_post = words.ascending(), _joined(lengths, np.int32)
    all_ids, all_created = _joined(ids, np.int64), _joined(created, np.int64)
    order = np.lexsort((all_ids, all_created))
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    names = tuple(sorted(numbers))
    renumbered = np.array([names.index(name) for name in numbers], np.int32)
    return PostColumns(
        names,
        all_ids[order],
        all_created[order],
        renumbered[_joined(of_sources, np.int32)[order]],
        _joined(authors, np.int64)[order],
        np.concatenate((np.full(FIRST_WORD, NO_WORD), keys)),
        _codes(segments(), keys, int(of_post.sum())),
        np.repeat(place, of_post),
        _joined(communities, np.int64)[order],
    )


class DifferentKeys:
    """The different keys among very many, most of which come again and again."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int64)
        self._waiting: list[Integers] = []
        self._size = 0

    def add(self, keys: Integers) -> None:
        """Add some keys."""
        self._waiting.append(keys)
        self._size += keys.size
        if self._size > max(KEYS_AT_ONCE, self._keys.size):
            self.ascending()

    def ascending(self) -> Integers:
        """Return all so far, each once."""
        keys = np.concatenate((self._keys, *self._waiting))
        keys.sort()
        self._keys = keys[is_first(keys)]
        self._waiting, self._size = [], 0
        return self._keys


def _codes(segments: Iterable[Segment], keys: Integers, size: int) -> Codes:
    """Return the codes of all segments, given the keys of all words in the order of their new codes."""
    fixed = np.array([END_CODE, GAP_CODE], np.int32)
    codes, filled = np.empty(size, np.int32), 0
    for segment in segments:
        numbers = np.searchsorted(keys, segment.words).astype(np.int32) + np.int32(FIRST_WORD)
        end = filled + segment.codes.size
        codes[filled:end] = np.concatenate((fixed, numbers))[segment.codes]
        filled = end
    return codes


def _joined(arrays: Sequence[npt.NDArray[Number]], dtype: type[Number]) -> npt.NDArray[Number]:
    """Return the arrays in a row."""
    return np.concatenate([np.zeros(0, dtype), *arrays])
