"""Which terms occur in which posts of the window, counted with numpy over all terms at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.bursts.post_columns import Mask, PostColumns
from trendspark_cli.ranking.text.keys import Integers
from trendspark_cli.ranking.text.terms import END_CODE, GAP_CODE, Codes

LEAST_POSTS = 3
_NUMBERS_AT_ONCE = 1 << 20
_SORTED_AT_ONCE = 1 << 21
_MOST_PARTS = 12  # each is one look through all codes, so that the time does not grow with the square
_HASH_MULTIPLIER = np.uint64(
    0x9E3779B97F4A7C15
)  # 2^64 / golden ratio: the high bits of a product with it are a good hash

FoundTerms = tuple[Integers, Integers, npt.NDArray[np.int32]]
"""Terms, how many posts each has, and these posts, term by term."""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The terms of at least three posts, and those posts.

    Term i is the word `second[i]`, after the word `first[i]` unless that is 0. Its posts (numbers into the columns)
    are `posts[starts[i]:starts[i + 1]]`, ascending; `starts` has one entry more than there are terms.
    """

    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    starts: Integers
    posts: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return self.first.size

    def posts_of(self, term: int) -> Integers:
        """Return the post numbers of one term."""
        return self.posts[self.starts[term] : self.starts[term + 1]].astype(np.int64)

    def counts(self, classes: npt.NDArray[np.int16], number: int) -> Integers:
        """Return the posts of each kind (rows, `number` of them) of each term (columns); `classes` has one per post."""
        counted = np.zeros((number, len(self)), np.int64)
        if len(self):
            of_posts = classes[self.posts]
            for one in range(number):
                counted[one] = self._how_many(of_posts == one)
        return counted

    def _how_many(self, chosen: Mask) -> Integers:
        """Return how many entries of each term are chosen: by parts, as each bit is made a number."""
        edges = np.searchsorted(self.starts, np.arange(0, self.posts.size, _NUMBERS_AT_ONCE)).tolist()
        parts = [np.zeros(0, np.int64)]
        for first, end in pairwise([*edges, len(self)]):
            starts = self.starts[first:end]
            if starts.size:
                part = chosen[starts[0] : self.starts[end]]
                parts.append(np.add.reduceat(part, starts - starts[0], dtype=np.int64))
        return np.concatenate(parts)

    def within(self, chosen: Mask) -> "Occurrences":
        """Return the terms of at least three of the chosen posts (a mask over the columns)."""
        if not len(self):
            return self
        is_chosen = chosen[self.posts]
        counts = self._how_many(is_chosen)
        enough = counts >= LEAST_POSTS
        is_chosen &= np.repeat(enough, np.diff(self.starts))
        starts = np.concatenate(([0], np.cumsum(counts[enough])))
        return Occurrences(self.first[enough], self.second[enough], starts, self.posts[is_chosen])

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
    have 17 million codes: there are few arrays of that length, and what is sorted is sorted in parts.
    """
    codes = posts.codes if eligible.all() else np.where(eligible[posts.owners], posts.codes, END_CODE)
    uses = _how_many(codes, posts.keys.size)
    uses[: GAP_CODE + 1] = 0
    uses[uses < LEAST_POSTS] = 0
    known = np.concatenate((np.zeros(1, np.int64), np.flatnonzero(uses)))
    number_of = np.zeros(uses.size, np.int32)
    number_of[known] = np.arange(known.size)
    words, pairs = zip(*_terms_of(codes, posts.owners, number_of, _part_of(uses)), strict=True)
    terms, counts, owners = map(list, zip(*words, *pairs, strict=True))  # all words first, so that all terms ascend
    del words, pairs
    all_terms, all_counts = np.concatenate(terms), np.concatenate(counts)
    first, second = np.divmod(all_terms, known.size)
    return Occurrences(
        known[first].astype(np.int32),
        known[second].astype(np.int32),
        np.concatenate(([0], np.cumsum(all_counts))),
        _in_a_row(owners),
    )


def _in_a_row(parts: list[npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    """Return the parts, at least one, in a row; each is let go once it was copied, as there may be 200 MB of them."""
    row, filled = np.empty(sum(part.size for part in parts), np.int32), 0
    parts.reverse()
    while parts:
        part = parts.pop()
        row[filled : filled + part.size] = part
        filled += part.size
    return row


def _part_of(uses: Integers) -> npt.NDArray[np.uint8]:
    """Return for each code the part its word is counted in, 0 for none.

    A part is a range of words with two million uses, or with a twelfth of all.
    """
    total = np.cumsum(uses)
    at_once = max(_SORTED_AT_ONCE, int(total[-1]) // _MOST_PARTS)
    return np.where(uses > 0, 1 + (total - uses) // at_once, 0).astype(np.uint8)


def _terms_of(
    codes: Codes, owners: npt.NDArray[np.int32], number_of: npt.NDArray[np.int32], part_of: npt.NDArray[np.uint8]
) -> Iterator[tuple[FoundTerms, FoundTerms]]:
    """Yield the single words of at least three posts and the pairs that begin with them, part by part, ascending."""
    post_bits, size = max(1, int(owners.max(initial=0)).bit_length()), int(number_of.max(initial=0)) + 1
    parts = part_of[codes]  # a byte for each code
    for part in range(int(part_of.max(initial=0)) + 1):
        places = np.flatnonzero(parts == part) if part else np.zeros(0, np.int64)
        words, of_posts = number_of[codes[places]].astype(np.int64), owners[places]
        seconds = number_of[codes[places + 1]]  # there is one: each post ends with END_CODE
        is_pair = seconds != 0
        pairs = words[is_pair] * size + seconds[is_pair]
        likely = _likely(pairs)
        yield (
            _found(words, of_posts, post_bits),
            _found(pairs[likely], of_posts[is_pair][likely], post_bits),
        )


def _found(terms: Integers, owners: npt.NDArray[np.int32], post_bits: int) -> FoundTerms:
    """Return the terms of at least three posts, how many posts each has, and all of these, term by term."""
    packed = terms << post_bits
    packed |= owners
    packed.sort()
    packed = packed[is_first(packed)]
    starts = np.flatnonzero(is_first(packed >> post_bits))
    counts = np.diff(starts, append=packed.size)
    enough = counts >= LEAST_POSTS
    of_enough = packed[np.repeat(enough, counts)] & ((1 << post_bits) - 1)
    return packed[starts[enough]] >> post_bits, counts[enough], of_enough.astype(np.int32)


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
