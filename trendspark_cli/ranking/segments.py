"""Posts read once and kept as numbers: about 100 bytes a post, no texts, the same in every process."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.keys import Integers, mix, name_key
from trendspark_cli.ranking.posts import PostRow
from trendspark_cli.ranking.terms import GAP_CODE, Codes, Vocabulary

FIRST_WORD = GAP_CODE + 1
_NUMBER, _KEY = np.dtype("<i4"), np.dtype("<i8")

SegmentRow = tuple[str, bytes, bytes, bytes, bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Segment:
    """Some posts, one array entry each, in the order they were read.

    `sources`: numbers into `source_names`. `authors`: equal for posts of one author of one source; a post without
    author has a number of its own. `words`: keys of the different words. `codes`: the words of all posts in a row:
    END_CODE after each post, GAP_CODE, or FIRST_WORD + the number of a word.
    """

    source_names: tuple[str, ...]
    ids: Integers
    created: Integers
    sources: npt.NDArray[np.int32]
    authors: Integers
    words: Integers
    codes: Codes

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
        )

    @classmethod
    def from_row(cls, row: SegmentRow) -> "Segment":
        """Return the segment that `to_row` wrote."""
        names, *blobs = row
        ids, created, authors, words = (np.frombuffer(blob, _KEY) for blob in blobs[:4])
        sources, codes = (np.frombuffer(blob, _NUMBER) for blob in blobs[4:])
        return cls(tuple(names.split("\n")), ids, created, sources, authors, words, codes)


def read_segment(rows: Sequence[PostRow], vocabulary: Vocabulary) -> Segment:
    """Return posts, at least one, as a segment."""
    ids, sources, authors, _, created, texts = zip(*rows, strict=True)
    names = tuple(sorted(set(sources)))
    codes = vocabulary.encode(texts)
    is_word = codes > GAP_CODE
    used, numbers = np.unique(codes[is_word], return_inverse=True)
    codes[is_word] = numbers + FIRST_WORD
    post_ids = np.fromiter(ids, np.int64, len(rows))
    return Segment(
        names,
        post_ids,
        np.fromiter(created, np.int64, len(rows)),
        np.fromiter(map(names.index, sources), np.int32, len(rows)),
        _author_keys(sources, authors, post_ids),
        np.fromiter(map(vocabulary.word_keys.__getitem__, used.tolist()), np.int64, used.size),
        codes,
    )


def _author_keys(sources: Sequence[str], authors: Sequence[str | None], post_ids: Integers) -> Integers:
    """Return 64-bit keys: two authors share one about never, and a million names need not be kept."""
    own = mix(post_ids.view(np.uint64) ^ np.uint64(0x5DEECE66D)).view(np.int64)
    names = [None if author is None else f"{source}\n{author}" for source, author in zip(sources, authors, strict=True)]
    keys = [number if name is None else name_key(name) for name, number in zip(names, own.tolist(), strict=True)]
    return np.array(keys, np.int64)
