"""Posts of words nobody used before: people of another language have come, and all their words are new at once.

Which of them is news is not told by a history that knows none of them, but by the other posts of these people: where
the words beside one stand as often in those, it is only one of the words they use.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from trendspark_cli.ranking.bursts.effective_authors import words_of
from trendspark_cli.ranking.bursts.occurrences import Occurrences
from trendspark_cli.ranking.bursts.post_columns import Mask, PostColumns, PostNumbers
from trendspark_cli.ranking.bursts.scoring import Floats
from trendspark_cli.ranking.text.keys import Integers, is_first

NEW = 4.0  # times the expected, from which a word counts as new, if the history holds fewer posts with it
HALF_A_POST = 0.5  # one old post of a word makes it known, for some days
MOSTLY = 0.75  # of the words of a post: names and loan words are known
LEAST_NEW_WORDS = 2  # of a post: one beside words that say nothing is a name, and no language
OVERDISPERSION = 1.0  # of how often words of one language are used: few of them often, most of them seldom
# Before anything is known of their words: each stands in one post of twenty, as sure as if forty had been looked at.
PRIOR_USES, PRIOR_CHANCES = 2.0, 40.0

Usual = Callable[[Integers], tuple[Floats, Floats]]
"""Returns how many posts with words (codes) the history holds, and how many are expected in the longest window."""


class _Newcomers(NamedTuple):
    """Posts whose words are mostly new: (word, post) of each of their words, sorted, and the posts."""

    words: Integers
    owners: Integers
    posts: Integers


def expected_among_newcomers(found: Occurrences, posts: PostColumns, inside: tuple[Mask, ...], usual: Usual) -> Floats:
    """Return how many authors have a word like each term (columns) in each window (rows), where its words are all new.

    As many as have one of the new words beside it, in those posts of new words that are not the term's own. Words of
    one topic with it, which share half of their posts, are left out. 0 for terms most of whose posts have words that
    were known, and where no other posts have new ones.
    """
    expected = np.zeros((len(inside), len(found)))
    of_terms = _newcomers(posts, found.posts, usual)
    if not of_terms.posts.size:
        return expected
    is_new = np.zeros(posts.ids.size, dtype=bool)
    is_new[of_terms.posts] = True
    everybody: _Newcomers | None = None
    for term in range(len(found)):
        own = found.posts_of(term)
        if 2 * np.count_nonzero(is_new[own]) < own.size:
            continue
        everybody = everybody or _newcomers(posts, np.flatnonzero(inside[-1]), usual)
        words = (found.first[term], found.second[term])
        expected[:, term] = _uses(everybody, words, own, posts.authors, inside)
    return expected


def _newcomers(posts: PostColumns, chosen: PostNumbers, usual: Usual) -> _Newcomers:
    """Return those of the chosen posts whose words are mostly new."""
    owners, words = words_of(posts, chosen)
    used, number, seen = np.unique(words, return_inverse=True, return_counts=True)
    known, usually = usual(used)
    is_new = ((seen > NEW * usually) & (seen > known + HALF_A_POST))[number]
    of_post = np.bincount(owners, minlength=posts.ids.size)
    is_newcomer = np.bincount(owners, is_new, posts.ids.size) >= np.maximum(LEAST_NEW_WORDS, MOSTLY * of_post)
    kept = is_newcomer[owners] & is_new
    order = np.lexsort((owners[kept], words[kept]))
    return _Newcomers(words[kept][order], owners[kept][order], np.flatnonzero(is_newcomer))


def _uses(
    everybody: _Newcomers, term: tuple[int, int], own: Integers, authors: Integers, inside: tuple[Mask, ...]
) -> Floats:
    """Return for each window how many authors of posts that are not the term's own have one of the words beside it."""
    beside = np.setdiff1d(everybody.words[np.isin(everybody.owners, own)], term)
    rows = np.isin(everybody.words, beside)
    number, post = np.searchsorted(beside, everybody.words[rows]), everybody.owners[rows]
    is_own = np.isin(post, own)
    shared, sizes = np.bincount(number, is_own, beside.size), np.bincount(number, minlength=beside.size)
    is_of_one_topic = (shared >= 2) & (2 * shared >= np.minimum(sizes, own.size))
    elsewhere = ~is_own & ~is_of_one_topic[number]
    others = np.setdiff1d(everybody.posts, own)
    uses = _distinct(number[elsewhere], authors[post[elsewhere]]) + PRIOR_USES
    chances = beside.size * others.size + PRIOR_CHANCES
    return np.array([np.count_nonzero(mask[others]) for mask in inside]) * uses / chances


def _distinct(first: Integers, second: Integers) -> int:
    """Return how many different pairs there are."""
    order = np.lexsort((second, first))
    return int((is_first(first[order]) | is_first(second[order])).sum())
