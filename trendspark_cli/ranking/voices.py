"""How many voices speak of a term: copies of a text and repeated authors folded."""

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.occurrences import Occurrences
from trendspark_cli.ranking.terms import GAP_CODE
from trendspark_cli.ranking.window import Integers, Mask, PostColumns, mix

Signatures = npt.NDArray[np.uint64]


def count_voices(
    found: Occurrences, posts: PostColumns, texts: Signatures, inside: tuple[Mask, ...]
) -> npt.NDArray[np.float64]:
    """Return the voices of each term (columns) in each window (rows, masks over the posts).

    The sum over distinct texts of 1 + ln(authors of that text); an author counts once, for the first text.
    """
    term = np.repeat(np.arange(len(found)), np.diff(found.starts))
    authors, texts = posts.authors[found.posts], texts[found.posts]
    masks = [mask[found.posts] for mask in inside]
    return np.array([_voices(term[mask], authors[mask], texts[mask], len(found)) for mask in masks])


def text_signatures(posts: PostColumns, found: Occurrences) -> Signatures:
    """Return a number for each post that is equal for texts of the same set of words; 0 for posts of none of the terms.

    Stop words, order and repetitions do not make another text.
    """
    is_chosen = np.zeros(posts.ids.size, dtype=bool)
    is_chosen[found.posts] = True
    codes = posts.codes
    post = np.cumsum(codes == 0) - (codes == 0)
    telling = (codes > GAP_CODE) & is_chosen[np.minimum(post, posts.ids.size - 1)]
    packed = np.sort((post[telling] << 32) | codes[telling])
    packed = packed[_changes(packed, packed)]  # sorting beats np.unique, which hashes
    signatures = np.zeros(posts.ids.size, np.uint64)
    np.add.at(signatures, packed >> 32, mix((packed & 0xFFFFFFFF).view(np.uint64)))
    return signatures


def _voices(term: Integers, authors: Integers, texts: npt.NDArray[np.uint64], terms: int) -> npt.NDArray[np.float64]:
    """Return the voices of each term, given its posts' authors and texts in the order they came."""
    order = np.lexsort((np.arange(term.size), authors, term))
    first = _changes(term[order], authors[order])
    kept = np.sort(order[first])
    term, texts = term[kept], texts[kept]
    order = np.lexsort((texts, term))
    starts = np.flatnonzero(_changes(term[order], texts[order]))
    sizes = np.diff(starts, append=order.size)
    voices: npt.NDArray[np.float64] = np.bincount(
        term[order][starts], weights=1.0 + np.log(sizes), minlength=terms
    ).astype(np.float64)
    return voices


def _changes(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64] | npt.NDArray[np.uint64]) -> Mask:
    """Tell where a pair of sorted columns differs from the row above."""
    changed = np.ones(first.size, dtype=bool)
    changed[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return changed
