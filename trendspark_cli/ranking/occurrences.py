"""Which terms occur in which posts of the window, counted with numpy over all terms at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.terms import GAP_CODE
from trendspark_cli.ranking.window import Integers, Mask, PostColumns

LEAST_POSTS = 3


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

    def sums(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return for each term the sum of these values (one per post of the columns) over its posts."""
        if not len(self):
            return np.zeros(0)
        result: npt.NDArray[np.float64] = np.add.reduceat(values[self.posts], self.starts[:-1])
        return result

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

    A pair can occur three times only when both of its words do, which leaves few pairs to sort.
    """
    codes = posts.codes
    post = np.cumsum(codes == 0) - (codes == 0)
    words = np.where((codes > GAP_CODE) & eligible[post], codes, 0) if eligible.size else codes
    frequent = np.bincount(words, minlength=1) >= LEAST_POSTS
    frequent[0] = False
    known = np.concatenate((np.zeros(1, np.int64), np.flatnonzero(frequent)))  # dense number -> code
    dense = np.zeros(frequent.size, np.int64)
    dense[known] = np.arange(known.size)
    words = dense[words]
    post_bits = max(1, int(eligible.size).bit_length())
    places = np.flatnonzero(words)
    pairs = places[:-1][np.diff(places) == 1]
    singles = (words[places] << post_bits) | post[places]
    doubles = ((words[pairs] * known.size + words[pairs + 1]) << post_bits) | post[pairs]
    packed = np.concatenate((singles, doubles))
    del singles, doubles, words, post
    packed.sort()
    return _unpack(packed, post_bits, known)


def _unpack(packed: Integers, post_bits: int, known: Integers) -> Occurrences:
    """Return sorted (term, post) numbers as occurrences, each post once, rare terms left out."""
    if packed.size:
        packed = packed[np.concatenate(([True], packed[1:] != packed[:-1]))]
    term = packed >> post_bits
    starts = np.flatnonzero(np.diff(term, prepend=-1))
    counts = np.diff(starts, append=term.size)
    enough = counts >= LEAST_POSTS
    kept = packed[np.repeat(enough, counts)] & ((1 << post_bits) - 1)
    terms = term[starts[enough]]
    first, second = np.divmod(terms, known.size)
    return Occurrences(
        known[first].astype(np.int32),
        known[second].astype(np.int32),
        np.concatenate(([0], np.cumsum(counts[enough]))),
        kept,
    )
