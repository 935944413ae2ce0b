"""The posts of the last hours, joined from segments into one set of columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.bursts.segments import FIRST_WORD, Segment, read_segment
from trendspark_cli.ranking.text.keys import NO_WORD, Integers
from trendspark_cli.ranking.text.terms import END_CODE, GAP_CODE, Codes, Vocabulary

ROWS_AT_ONCE = 2_000  # enough to keep the per-call cost of regex and numpy small, few enough to stay in the cache

Mask = npt.NDArray[np.bool_]
Number = TypeVar("Number", np.int32, np.int64)
TextsOf = Callable[[Sequence[int]], Mapping[int, str]]


class PostColumns(NamedTuple):
    """Posts by time of creation, then id, one array entry each.

    `sources`: numbers into `source_names`. `authors` and `communities`: equal for posts of one author, or community, of
    one source; a post without one has a number of its own.
    `codes`: the words of all posts, END_CODE after each, posts in any order; `owners`: the post of each code;
    `keys`: the key of each code.
    """

    source_names: tuple[str, ...]
    ids: Integers
    created: Integers
    sources: npt.NDArray[np.int32]
    authors: Integers
    keys: Integers
    codes: Codes
    owners: npt.NDArray[np.int32]
    communities: Integers


class Window:
    """Posts of the longest window; grows by `add` and `add_segments`, shrinks by `drop_before`.

    `texts` returns the texts of posts by id: segments have only keys of words, and a topic needs its words.
    """

    def __init__(self, texts: TextsOf = lambda post_ids: {}) -> None:
        self._texts = texts
        self._vocabulary = Vocabulary()
        self._segments: list[Segment] = []
        self._columns: PostColumns | None = None

    def __len__(self) -> int:
        return sum(segment.ids.size for segment in self._segments)

    def add(self, rows: Iterable[PostRow]) -> int:
        """Read posts, in any order of time; return how many."""
        remaining = iter(rows)
        before = len(self)
        while chunk := list(islice(remaining, ROWS_AT_ONCE)):
            self.add_segments([read_segment(chunk, self._vocabulary)])
        return len(self) - before

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
            self._columns = _join(self._segments)
        return self._columns

    def words(self, keys: Integers, examples: Sequence[Sequence[int]]) -> list[str | None]:
        """Return the words with these keys, each looked up in the posts (ids) of `examples` unless it is known.

        None for a word that none of these posts has any more: their texts were edited or deleted.
        """
        known = self._vocabulary.words
        wanted = list(zip(keys.tolist(), examples, strict=True))
        unread = {post_id for key, post_ids in wanted if key not in known for post_id in post_ids}
        if unread:
            self._vocabulary.encode(list(self._texts(sorted(unread)).values()))
        return [known.get(key) for key, _ in wanted]


def _join(segments: Sequence[Segment]) -> PostColumns:
    """Return all posts of the segments, their words numbered anew for all together."""
    names = tuple(sorted({name for segment in segments for name in segment.source_names}))
    ids = _joined([segment.ids for segment in segments], np.int64)
    created = _joined([segment.created for segment in segments], np.int64)
    order = np.lexsort((ids, created))
    sources = [np.array([names.index(n) for n in s.source_names], np.int32)[s.sources] for s in segments]
    keys, numbers = np.unique(_joined([segment.words for segment in segments], np.int64), return_inverse=True)
    codes = _codes(segments, numbers.astype(np.int32) + np.int32(FIRST_WORD))
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    lengths = np.diff(np.flatnonzero(codes == END_CODE), prepend=-1)
    return PostColumns(
        names,
        ids[order],
        created[order],
        _joined(sources, np.int32)[order],
        _joined([segment.authors for segment in segments], np.int64)[order],
        np.concatenate((np.full(FIRST_WORD, NO_WORD), keys)),
        codes,
        np.repeat(place, lengths),
        _joined([segment.communities for segment in segments], np.int64)[order],
    )


def _codes(segments: Sequence[Segment], numbers: Codes) -> Codes:
    """Return the codes of all segments, given the new code of each word of each segment."""
    fixed = np.array([END_CODE, GAP_CODE], np.int32)
    codes = np.empty(sum(segment.codes.size for segment in segments), np.int32)
    first_word = filled = 0
    for segment in segments:
        next_word, next_code = first_word + segment.words.size, filled + segment.codes.size
        table = np.concatenate((fixed, numbers[first_word:next_word]))
        codes[filled:next_code] = table[segment.codes]
        first_word, filled = next_word, next_code
    return codes


def _joined(arrays: Sequence[npt.NDArray[Number]], dtype: type[Number]) -> npt.NDArray[Number]:
    """Return the arrays in a row."""
    return np.concatenate([np.zeros(0, dtype), *arrays])
