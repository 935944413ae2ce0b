"""Which terms occur in which posts of the window, counted with numpy over all terms at once."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.bursts.post_columns import Mask, PostColumns
from trendspark_cli.ranking.text.keys import Integers, is_first
from trendspark_cli.ranking.text.terms import END_CODE, GAP_CODE, Codes

LEAST_POSTS = 3
_NUMBERS_AT_ONCE = 1 << 20
_SORTED_AT_ONCE = 1 << 21
_MOST_PARTS = 16  # each is one look through all codes, so that the time does not grow with the square
_HASH_MULTIPLIER = np.uint64(
    0x9E3779B97F4A7C15
)  # 2^64 / golden ratio: the high bits of a product with it are a good hash

Numbers = npt.NDArray[np.int32]
FoundTerms = tuple[Integers, Integers, Numbers]
"""Terms, how many posts each has, and these posts, term by term."""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The terms of at least three posts, and those posts.

    Term i is the word `second[i]`, after the word `first[i]` unless that is 0. Its posts (numbers into the columns)
    are `posts[starts[i]:starts[i + 1]]`, ascending; `starts` has one entry more than there are terms.
    """

    first: Numbers
    second: Numbers
    starts: Integers
    posts: Numbers

    def __len__(self) -> int:
        return self.first.size

    def posts_of(self, term: int) -> Integers:
        """Return the post numbers of one term."""
        return self.posts[self.starts[term] : self.starts[term + 1]].astype(np.int64)

    def counts(self, classes: npt.NDArray[np.int16], number: int) -> Integers:
        """Return the posts of each kind (rows, `number` of them) of each term (columns); `classes` has one per post.

        Posts of other kinds are not counted.
        """
        counted, kinds = np.zeros((len(self), number), np.int64), np.minimum(classes, number)
        for first, end in self._parts():
            lengths = np.diff(self.starts[first : end + 1])
            cells = np.repeat(np.arange(end - first) * (number + 1), lengths)
            cells += kinds[self.posts[self.starts[first] : self.starts[end]]]
            of_terms = np.bincount(cells, minlength=(end - first) * (number + 1)).reshape(-1, number + 1)
            counted[first:end] = of_terms[:, :number]
        return counted.T

    def _parts(self) -> Iterator[tuple[int, int]]:
        """Yield from which term up to which each part has about a million posts."""
        edges = np.searchsorted(self.starts, np.arange(0, self.posts.size, _NUMBERS_AT_ONCE)).tolist()
        yield from pairwise(sorted({0, *edges, len(self)}))

    def within(self, chosen: Mask) -> "Occurrences":
        """Return the terms of at least three of the chosen posts (a mask over the columns)."""
        if not len(self):
            return self
        is_chosen = chosen[self.posts]
        counts = np.add.reduceat(is_chosen, self.starts[:-1], dtype=np.int64)
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
    terms, counts, owners = list[Integers](), list[Integers](), array("i")  # it grows where it is: there are 160 MB
    for part in _terms_of(codes, posts.owners, number_of, _part_of(uses)):
        terms.append(part[0])
        counts.append(part[1])
        owners.frombytes(part[2].view(np.uint8).data)
    first, second = np.divmod(np.concatenate(terms), known.size)
    return Occurrences(
        known[first].astype(np.int32),
        known[second].astype(np.int32),
        np.concatenate(([0], np.cumsum(np.concatenate(counts)))),
        np.frombuffer(owners, np.int32),
    )


def _part_of(uses: Integers) -> npt.NDArray[np.uint8]:
    """Return for each code the part its word is counted in, 0 for none.

    A part is a range of words with two million uses, or with a sixteenth of all.
    """
    total = np.cumsum(uses)
    at_once = max(_SORTED_AT_ONCE, int(total[-1]) // _MOST_PARTS)
    return np.where(uses > 0, 1 + (total - uses) // at_once, 0).astype(np.uint8)


def _terms_of(
    codes: Codes, owners: Numbers, number_of: Numbers, part_of: npt.NDArray[np.uint8]
) -> Iterator[FoundTerms]:
    """Yield the single words of at least three posts, part by part, and then the pairs, so that all terms ascend."""
    all_pairs: list[FoundTerms] = []
    parts, size = part_of[codes], int(number_of.max(initial=0)) + 1  # a byte for each code
    for part in range(int(part_of.max(initial=0)) + 1):
        places = np.flatnonzero(parts == part) if part else np.zeros(0, np.int64)
        words, of_posts = number_of[codes[places]], owners[places]
        seconds = number_of[codes[1:][places]]  # there is one: each post ends with END_CODE
        del places  # of a large window, that and what others have no longer is 100 MB
        all_pairs.append(_found(*_by_pair(words, seconds, of_posts, size)))
        del seconds
        words, of_posts = _by_word(words, of_posts)
        yield _found(words, of_posts)
    yield from all_pairs


def _by_word(words: Numbers, owners: Numbers) -> tuple[Numbers, Numbers]:
    """Return words of a part, and the posts they are from, in order; the posts ascend.

    A part seldom has more than 65,536 words: by numbers of 16 bits, numpy sorts in two passes.
    """
    places = words - (words.min() if words.size else 0)
    order = np.argsort(places.astype(np.min_scalar_type(places.max(initial=0))), kind="stable")
    return words[order], owners[order]


def _by_pair(first: Numbers, second: Numbers, owners: Numbers, size: int) -> tuple[Integers, Numbers]:
    """Return pairs that may occur three times, and the posts they are from, in order."""
    post_bits = max(1, int(owners.max(initial=0)).bit_length())
    is_pair = second != 0
    pairs = first[is_pair].astype(np.int64) * size + second[is_pair]
    likely = _likely(pairs)
    packed = pairs[likely] << post_bits
    packed |= owners[is_pair][likely]
    packed.sort()
    return packed >> post_bits, (packed & ((1 << post_bits) - 1)).astype(np.int32)


def _found(terms: Integers | Numbers, owners: Numbers) -> FoundTerms:
    """Return the terms of at least three posts, how many posts each has, and all of these, term by term."""
    is_once = is_first(terms) | is_first(owners)
    terms, owners = terms[is_once], owners[is_once]
    starts = np.flatnonzero(is_first(terms))
    counts = np.diff(starts, append=terms.size)
    enough = counts >= LEAST_POSTS
    return (terms[starts[enough]].astype(np.int64), counts[enough], owners[np.repeat(enough, counts)])


def _likely(pairs: Integers) -> Mask:
    """Tell which pairs may occur three times: most do not, and counting by a short hash costs less than sorting."""
    bits = max(1, pairs.size.bit_length())
    buckets = ((pairs.view(np.uint64) * _HASH_MULTIPLIER) >> np.uint64(64 - bits)).astype(np.int32)
    return (_how_many(buckets, 1 << bits) >= LEAST_POSTS)[buckets]


def _how_many(numbers: Numbers, size: int) -> Integers:
    """Return how often each number occurs, by parts: bincount copies its input to twice its size."""
    counts = np.zeros(size, np.int64)
    step = max(size, _NUMBERS_AT_ONCE)
    for start in range(0, numbers.size, step):
        counts += np.bincount(numbers[start : start + step], minlength=size)
    return counts
