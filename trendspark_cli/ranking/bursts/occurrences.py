"""Which terms occur in which posts of the window, counted with numpy over all terms at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.bursts.window import Mask, PostColumns
from trendspark_cli.ranking.text.keys import Integers
from trendspark_cli.ranking.text.terms import GAP_CODE

LEAST_POSTS = 3
_NUMBERS_AT_ONCE = 1 << 20
_HASH_MULTIPLIER = np.uint64(
    0x9E3779B97F4A7C15
)  # 2^64 / golden ratio: the high bits of a product with it are a good hash


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The terms of at least three posts, and those posts.

    Term i is the word `second[i]`, after the word `first[i]` unless that is 0. Its posts (numbers into the columns)
    are `posts[starts[i]:starts[i + 1]]`, ascending; `starts` has one entry more than there are terms.
    """

    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    starts: Integers
    posts: Integers

    def __len__(self) -> int:
        return self.first.size

    def posts_of(self, term: int) -> Integers:
        """Return the post numbers of one term."""
        return self.posts[self.starts[term] : self.starts[term + 1]]

    def counts(self, classes: npt.NDArray[np.int16], number: int) -> Integers:
        """Return the posts of each kind (rows, `number` of them) of each term (columns); `classes` has one per post."""
        counted = np.zeros((number, len(self)), np.int64)
        if len(self):
            of_posts = classes[self.posts]
            for one in range(number):
                np.add.reduceat(of_posts == one, self.starts[:-1], dtype=np.int64, out=counted[one])
        return counted

    def select(self, terms: Integers) -> "Occurrences":
        """Return only these terms, in this order."""
        lengths = np.diff(self.starts)[terms]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        shift = np.repeat(self.starts[:-1][terms] - starts[:-1], lengths)
        return Occurrences(
            self.first[terms], self.second[terms], starts, self.posts[np.arange(int(starts[-1])) + shift]
        )


def count_terms(posts: PostColumns, eligible: Mask) -> Occurrences:
    """Return the terms that occur in at least three eligible posts (a mask over the columns).

    A pair can occur three times only when both of its words do, which leaves fewer pairs to sort. A million posts
    have 17 million codes: arrays of that length are few and short-lived.
    """
    codes = np.where(eligible[posts.owners], posts.codes, 0)
    frequent = _how_many(codes, posts.keys.size) >= LEAST_POSTS
    frequent[: GAP_CODE + 1] = False
    known = np.concatenate((np.zeros(1, np.int64), np.flatnonzero(frequent)))  # dense number -> code
    dense = np.zeros(frequent.size, np.int32)
    dense[known] = np.arange(known.size)
    words = dense[codes]
    del codes
    is_word = words != 0
    is_pair = is_word[:-1] & is_word[1:]
    pairs = words[:-1][is_pair].astype(np.int64) * known.size + words[1:][is_pair]
    likely = _likely(pairs)
    pairs, owners_of_pairs = pairs[likely], posts.owners[:-1][is_pair][likely]
    post_bits = max(1, int(eligible.size).bit_length())
    packed = np.concatenate((words[is_word], pairs))
    del words, pairs, likely
    packed <<= post_bits
    packed |= np.concatenate((posts.owners[is_word], owners_of_pairs))
    packed.sort()
    packed = packed[is_first(packed)]
    return _unpack(packed, post_bits, known)


def _likely(pairs: Integers) -> Mask:
    """Tell which pairs may occur three times: most do not, and counting by a short hash costs less than sorting."""
    bits = max(1, pairs.size.bit_length())
    buckets = ((pairs.view(np.uint64) * _HASH_MULTIPLIER) >> np.uint64(64 - bits)).astype(np.int32)
    return (_how_many(buckets, 1 << bits) >= LEAST_POSTS)[buckets]


def is_first(values: Integers) -> Mask:
    """Tell of sorted values which differ from the one before."""
    first = np.ones(values.size, dtype=bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return first


def _how_many(numbers: npt.NDArray[np.int32], size: int) -> Integers:
    """Return how often each number occurs, by parts: bincount copies its input to twice its size."""
    counts = np.zeros(size, np.int64)
    step = max(size, _NUMBERS_AT_ONCE)
    for start in range(0, numbers.size, step):
        counts += np.bincount(numbers[start : start + step], minlength=size)
    return counts


def _unpack(packed: Integers, post_bits: int, known: Integers) -> Occurrences:
    """Return sorted (term, post) numbers as occurrences, rare terms left out."""
    starts = np.flatnonzero(is_first(packed >> post_bits))
    counts = np.diff(starts, append=packed.size)
    enough = counts >= LEAST_POSTS
    terms = packed[starts[enough]] >> post_bits
    packed = packed[np.repeat(enough, counts)]
    packed &= (1 << post_bits) - 1
    first, second = np.divmod(terms, known.size)
    return Occurrences(
        known[first].astype(np.int32),
        known[second].astype(np.int32),
        np.concatenate(([0], np.cumsum(counts[enough]))),
        packed,
    )
