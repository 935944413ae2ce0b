"""Effective authors of a term: near-duplicate texts and repeated authors count less."""

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.bursts.occurrences import Occurrences
from trendspark_cli.ranking.bursts.post_columns import Mask, PostColumns, PostNumbers
from trendspark_cli.ranking.text.keys import Integers, are_links_or_numbers, is_first
from trendspark_cli.ranking.text.near_duplicates import LEAST_SHARED_WORDS, Texts, clusters
from trendspark_cli.ranking.text.terms import GAP_CODE

Signatures = Integers

MOST_AUTHORS_OF_A_TEXT = 1.9  # with one more post still below the three that make news, however many accounts post it
REPEATED = 2  # posts of a text for each of its accounts: people say a thing once, so these are one author together


def count_effective_authors(
    found: Occurrences, posts: PostColumns, texts: Signatures, inside: tuple[Mask, ...]
) -> npt.NDArray[np.float64]:
    """Return two tables of the effective authors of each term (columns) in each window (rows, masks over the posts).

    The sum over distinct texts of 1 + ln(authors of that text); an author counts once, for the first text. In the first
    table a text counts at most 1.9: that decides whether there is news. The second has no such bound: it tells size.
    """
    term = np.repeat(np.arange(len(found)), np.diff(found.starts))
    authors, texts = posts.authors[found.posts], texts[found.posts]
    masks = [mask[found.posts] for mask in inside]
    of_windows = [_effective_authors(term[mask], authors[mask], texts[mask], len(found)) for mask in masks]
    return np.array(of_windows).swapaxes(0, 1)


def text_signatures(posts: PostColumns, found: Occurrences) -> Signatures:
    """Return a number for each post that is equal for texts of the same set of words; 0 for posts of none of the terms.

    Stop words, order and repetitions do not make another text.
    """
    owners, words = words_of(posts, found.posts)
    signatures = np.zeros(posts.ids.size, np.int64)
    if owners.size:
        starts = np.flatnonzero(is_first(owners))
        signatures[owners[starts]] = np.add.reduceat(posts.keys[words], starts)
    return signatures


def merge_near_duplicates(posts: PostColumns, found: Occurrences, texts: Signatures) -> Signatures:
    """Return the signatures with those of near-duplicates made equal, among the posts of these terms, strongest first.

    Two near-duplicates share at least six words and differ by one, which may be another word or be missing. Many texts
    that consist mostly of the same words are a cluster. Near-duplicates of near-duplicates count too.
    """
    owners, words = words_of(posts, found.posts)
    if not owners.size:
        return texts
    starts = np.flatnonzero(is_first(owners))
    members = owners[starts]
    different, chosen, number = np.unique(texts[members], return_index=True, return_inverse=True)
    distinct = Texts(starts[chosen], np.diff(starts, append=owners.size)[chosen], words, posts.keys)
    text_of = np.full(texts.size, -1, np.int64)
    text_of[members] = number
    of_terms = (np.unique(text_of[found.posts_of(term)]) for term in range(len(found)))
    groups, alike = clusters(distinct, (own[own >= 0] for own in of_terms))
    rests, shared = _all_words_but_one(distinct, different)
    label = _joined(np.concatenate((groups, rests)), np.concatenate((alike, shared)), different.size)
    merged = texts.copy()
    merged[members] = different[label[number]]
    return merged


def _all_words_but_one(texts: Texts, signatures: Signatures) -> tuple[Integers, Integers]:
    """Return (rest, text) of what two texts share that differ by one word: the sum of the keys of the other words."""
    every = np.arange(signatures.size)
    of_word = np.repeat(every, texts.lengths)
    rests = np.concatenate((signatures[of_word] - texts.keys[texts.words_of(every)], signatures))
    shared = np.concatenate((texts.lengths[of_word] - 1, texts.lengths))
    enough = shared >= LEAST_SHARED_WORDS
    return rests[enough], np.concatenate((of_word, every))[enough]


def _joined(values: Integers, members: Integers, number: int) -> Integers:
    """Return for each of *number* members the least one it is joined with by values they share, over any way."""
    order = np.argsort(values, kind="stable")
    values, members = values[order], members[order]
    first = np.flatnonzero(is_first(values))
    group = np.cumsum(is_first(values)) - 1
    label = np.arange(number)
    while values.size:
        least = np.minimum.reduceat(label[members], first)
        before = label.copy()
        np.minimum.at(label, members, least[group])
        if (label == before).all():
            break
    return label


def words_of(posts: PostColumns, chosen: PostNumbers) -> tuple[Integers, Integers]:
    """Return (post, code) of each different word of the chosen posts, post by post.

    Links and numbers are no words here: who copies a text often gives each copy one of its own.
    """
    is_chosen = np.zeros(posts.ids.size, dtype=bool)
    is_chosen[chosen] = True
    telling = is_chosen[posts.owners]
    telling &= posts.codes > GAP_CODE
    packed = posts.owners[telling].astype(np.int64)
    packed <<= 32
    packed |= posts.codes[telling]
    packed.sort()  # beats np.unique, which hashes
    packed = packed[is_first(packed)]
    owners, words = packed >> 32, packed & 0xFFFFFFFF
    is_word = ~are_links_or_numbers(posts.keys[words])
    return owners[is_word], words[is_word]


def _effective_authors(term: Integers, authors: Integers, texts: Signatures, terms: int) -> npt.NDArray[np.float64]:
    """Return bounded and unbounded effective authors of each term, given its posts' authors and texts in order."""
    order = np.lexsort((np.arange(term.size), authors, term))
    counts = np.zeros(term.size, np.int64)
    counts[order[is_first(term[order]) | is_first(authors[order])]] = 1
    order = np.lexsort((texts, term))
    starts = np.flatnonzero(is_first(term[order]) | is_first(texts[order]))
    if not starts.size:
        return np.zeros((2, terms))
    posts, authors_of_text = np.diff(starts, append=order.size), np.add.reduceat(counts[order], starts)
    worth = 1.0 + np.log(np.maximum(authors_of_text, 1))
    worth[posts >= REPEATED * authors_of_text] = 1.0
    worth[authors_of_text == 0] = 0.0
    of_text = term[order][starts]
    weights = (np.minimum(worth, MOST_AUTHORS_OF_A_TEXT), worth)
    return np.array([np.bincount(of_text, weight, terms) for weight in weights], np.float64)
