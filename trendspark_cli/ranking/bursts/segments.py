"""Posts read once and kept as numbers: about 100 bytes a post, no texts, the same in every process."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.baseline.uses import CodedPosts
from trendspark_cli.ranking.text.keys import NO_WORD, Integers, mix, name_key
from trendspark_cli.ranking.text.terms import END_CODE, GAP_CODE, Codes, Vocabulary, numbered_by_key

FIRST_WORD = GAP_CODE + 1
MOST_NAMES_KEPT = 50_000  # 10 MB: of authors, who write again
_NUMBER, _KEY = np.dtype("<i4"), np.dtype("<i8")

SegmentRow = tuple[str, bytes, bytes, bytes, bytes, bytes, bytes, bytes | None]


class Segment(NamedTuple):
    """Some posts, one array entry each, in the order they were read.

    `sources`: numbers into `source_names`. `authors` and `communities`: equal for posts of one author, or community,
    of one source; a post without one has a number of its own. `words`: keys of the different words. `codes`: the words
    of all posts in a row: END_CODE after each post, GAP_CODE, or FIRST_WORD + the number of a word.
    """

    source_names: tuple[str, ...]
    ids: Integers
    created: Integers
    sources: npt.NDArray[np.int32]
    authors: Integers
    words: Integers
    codes: Codes
    communities: Integers

    def to_row(self) -> SegmentRow:
        """Return (source names, one a line; then each array as little-endian bytes)."""
        return (
            "\n".join(self.source_names),
            self.ids.astype(_KEY).tobytes(),
            self.created.astype(_KEY).tobytes(),
            self.authors.astype(_KEY).tobytes(),
            self.words.astype(_KEY).tobytes(),
            self.sources.astype(_NUMBER).tobytes(),
            self.codes.astype(_NUMBER).tobytes(),
            self.communities.astype(_KEY).tobytes(),
        )

    @classmethod
    def from_row(cls, row: SegmentRow) -> "Segment":
        """Return the segment that `to_row` wrote; one written before communities were kept has none."""
        names, *blobs, of_communities = row
        ids, created, authors, words = (np.frombuffer(blob, _KEY) for blob in blobs[:4])
        sources, codes = (np.frombuffer(blob, _NUMBER) for blob in blobs[4:])
        communities = own_keys(ids) if of_communities is None else np.frombuffer(of_communities, _KEY)
        return cls(tuple(names.split("\n")), ids, created, sources, authors, words, codes, communities)


def coded_posts(segment: Segment) -> CodedPosts:
    """Return the words of a segment's posts, in their order."""
    return CodedPosts(segment.codes, np.concatenate((np.full(FIRST_WORD, NO_WORD), segment.words)))


def read_segment(rows: Sequence[PostRow], vocabulary: Vocabulary) -> Segment:
    """Return posts, at least one, as a segment."""
    ids, sources, authors, communities, created, texts, _ = zip(*rows, strict=True)
    names = tuple(sorted(set(sources)))
    codes, keys = numbered_by_key(without_idle_gaps(vocabulary.encode(texts)), vocabulary)  # ascending: joined sooner
    post_ids = np.fromiter(ids, np.int64, len(rows))
    return Segment(
        names,
        post_ids,
        np.fromiter(created, np.int64, len(rows)),
        np.fromiter(map(names.index, sources), np.int32, len(rows)),
        _keys_of(sources, authors, post_ids),
        keys,
        codes,
        _keys_of(sources, communities, post_ids),
    )


def without_idle_gaps(codes: Codes) -> Codes:
    """Return the codes without gaps that part no two words: half of what people write is stop words."""
    keep = codes != GAP_CODE
    keep[1:-1] |= (codes[:-2] > GAP_CODE) & (codes[2:] != END_CODE)  # of several gaps in a row, the first
    kept: Codes = codes[keep]
    return kept


def oldest_of(created: bytes) -> int:
    """Return when the first post of a segment was created, given that array of its row."""
    return int(np.frombuffer(created, _KEY).min())


def own_keys(post_ids: Integers) -> Integers:
    """Return a key for each post that no other post has."""
    return mix(post_ids.view(np.uint64) ^ np.uint64(0x5DEECE66D)).view(np.int64)


def _keys_of(sources: Sequence[str], names: Sequence[str | None], post_ids: Integers) -> Integers:
    """Return 64-bit keys of authors or communities: two share one about never, and a million names need not be kept."""
    keys = own_keys(post_ids)
    named = [number for number, name in enumerate(names) if name is not None]
    keys[named] = [_key_of(source, name) for source, name in zip(sources, names, strict=True) if name is not None]
    return keys


@lru_cache(MOST_NAMES_KEPT)
def _key_of(source: str, name: str) -> int:
    return name_key(f"{source}\n{name}")
