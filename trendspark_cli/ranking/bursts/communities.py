"""Community dispersion: from how many communities a term's posts come, over as many posts drawn by chance."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.bursts.occurrences import Occurrences
from trendspark_cli.ranking.bursts.post_columns import Mask, PostColumns
from trendspark_cli.ranking.bursts.scoring import Floats
from trendspark_cli.ranking.text.keys import Integers, is_first

PLACE_SHARE = 0.5  # of posts that are of one community: what it speaks of is its own matter


class Communities(NamedTuple):
    """The communities of some posts: `numbers`, one for each post, and the `sizes` that occur, `of_size` times each."""

    numbers: Integers
    sizes: Floats
    of_size: Floats

    @classmethod
    def of(cls, posts: PostColumns, eligible: Mask) -> "Communities":
        """Return the communities of all posts; sizes count the eligible ones."""
        numbers = np.unique(posts.communities, return_inverse=True)[1]
        sizes, of_size = np.unique(np.bincount(numbers[eligible]), return_counts=True)
        return cls(numbers, sizes.astype(np.float64), of_size.astype(np.float64))

    def expected(self, posts: Integers) -> Floats:
        """Return from how many communities so many posts come when each is drawn by chance from all."""
        different, back = np.unique(posts, return_inverse=True)
        elsewhere = 1.0 - self.sizes / max(1.0, float(self.sizes @ self.of_size))
        drawn = (1.0 - elsewhere[None, :] ** different[:, None]) @ self.of_size
        return np.maximum(1.0, drawn[back].reshape(posts.shape))


def community_dispersion(found: Occurrences, communities: Communities, inside: tuple[Mask, ...]) -> Floats:
    """Return for each window (rows) and term (columns) observed over expected communities; at most 1.

    A story spreads everywhere; a running joke or a match stays where it is. Where all posts come from one place, or
    no place is known, this is 1 for every term.
    """
    term, numbers = np.repeat(np.arange(len(found)), np.diff(found.starts)), communities.numbers[found.posts]
    rows = [_distinct(term, numbers, mask[found.posts], len(found)) for mask in inside]
    seen, posts = np.array(rows, np.int64).swapaxes(0, 1)
    result: Floats = np.where(posts > 0, np.minimum(1.0, seen / communities.expected(posts)), 1.0)
    return result


def _distinct(term: Integers, numbers: Integers, inside: Mask, terms: int) -> tuple[Integers, npt.NDArray[np.int64]]:
    """Return for each term the different numbers, and the entries, of those inside."""
    packed = (term[inside] << 32) | numbers[inside]
    packed.sort()
    return (
        np.bincount(packed[is_first(packed)] >> 32, minlength=terms),
        np.bincount(packed >> 32, minlength=terms),
    )


def is_of_one_place(communities: Integers, own: Integers, eligible: Mask) -> bool:
    """Tell whether one community has half of a topic's *own* posts, two at least, and not half of all eligible ones."""
    places, posts = np.unique(communities[own], return_counts=True)
    most = int(posts.max(initial=0))
    if most < max(2, PLACE_SHARE * own.size):
        return False
    of_all = np.count_nonzero(communities[eligible] == places[posts.argmax()])
    return bool(of_all < PLACE_SHARE * np.count_nonzero(eligible))
