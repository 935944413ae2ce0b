"""How many voices speak of a term: copies of a text and repeated authors folded."""

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.keys import Integers
from trendspark_cli.ranking.occurrences import Occurrences, is_first
from trendspark_cli.ranking.terms import GAP_CODE
from trendspark_cli.ranking.window import Mask, PostColumns

Signatures = Integers


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
    telling = (posts.codes > GAP_CODE) & is_chosen[posts.owners]
    packed = posts.owners[telling].astype(np.int64)
    packed <<= 32
    packed |= posts.codes[telling]
    packed.sort()  # beats np.unique, which hashes
    packed = packed[is_first(packed)]
    signatures = np.zeros(posts.ids.size, np.int64)
    if packed.size:
        starts = np.flatnonzero(is_first(packed >> 32))
        signatures[packed[starts] >> 32] = np.add.reduceat(posts.keys[packed & 0xFFFFFFFF], starts)
    return signatures


def _voices(term: Integers, authors: Integers, texts: Signatures, terms: int) -> npt.NDArray[np.float64]:
    """Return the voices of each term, given its posts' authors and texts in the order they came."""
    order = np.lexsort((np.arange(term.size), authors, term))
    first = is_first(term[order]) | is_first(authors[order])
    kept = np.sort(order[first])
    term, texts = term[kept], texts[kept]
    order = np.lexsort((texts, term))
    starts = np.flatnonzero(is_first(term[order]) | is_first(texts[order]))
    sizes = np.diff(starts, append=order.size)
    voices: npt.NDArray[np.float64] = np.bincount(
        term[order][starts], weights=1.0 + np.log(sizes), minlength=terms
    ).astype(np.float64)
    return voices
