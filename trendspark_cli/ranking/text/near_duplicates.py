"""Clusters of near-duplicates: texts made from one by changing words here and there.

Two of them are no nearer to each other than two headlines of one story. Ten are: people who write about a story add
words of their own, and few of these are the others' too.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from trendspark_cli.ranking.text.keys import Integers, Mask, are_pieces

LEAST_SHARED_WORDS = 6  # with four, people who post one piece of news in a headline each would be one author
PIECES_OF_A_WORD = 3  # of a script without spaces, where one word is several pieces
MANY_TEXTS = 10  # with five, so would be people who repeat an announcement
SAMPLED_TEXTS = 1_000  # enough to see which words half of them have
TEXTS_AT_ONCE = 10_000  # keeps the memory of a flood small
MOST_WORDS_READ = 20_000_000  # at some 20 ns; the strongest terms come first, and their texts are known then


class Texts(NamedTuple):
    """Different texts; text i has `lengths[i]` different words, numbers into `keys`, from `starts[i]` in `words` on."""

    starts: Integers
    lengths: Integers
    words: Integers
    keys: Integers

    def words_of(self, texts: Integers) -> Integers:
        """Return the words of these texts, at least one, in a row."""
        lengths = self.lengths[texts]
        ends = np.cumsum(lengths)
        shift = np.repeat(self.starts[texts] - (ends - lengths), lengths)
        words: Integers = self.words[np.arange(int(ends[-1])) + shift]
        return words


def clusters(texts: Texts, of_terms: Iterable[Integers]) -> tuple[Integers, Integers]:
    """Return (group, text) of all texts found to be made from one, given those of each term, strongest first."""
    groups, members = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    left = MOST_WORDS_READ
    for group, own in enumerate(of_terms):
        left -= int(texts.lengths[own].sum())
        if left < 0:
            break
        alike = _mostly_common(texts, own) if own.size >= MANY_TEXTS else own
        if alike.size >= MANY_TEXTS:
            groups.append(np.full(alike.size, group, np.int64))
            members.append(alike)
    return np.concatenate(groups), np.concatenate(members)


def _mostly_common(texts: Texts, own: Integers) -> Integers:
    """Return those of these texts that consist at least to a half of words half of them have, six or more."""
    sample = own[:: -(-own.size // SAMPLED_TEXTS)]
    words, counts = np.unique(texts.words_of(sample), return_counts=True)
    common = words[2 * counts >= sample.size]
    parts = np.array_split(own, -(-own.size // TEXTS_AT_ONCE))
    return np.concatenate([part[_consist_of(texts, part, common)] for part in parts])


def _consist_of(texts: Texts, own: Integers, common: Integers) -> Mask:
    """Tell which of these texts have enough of the common words."""
    words, lengths = texts.words_of(own), texts.lengths[own]
    weights = np.where(are_pieces(texts.keys[words]), 1, PIECES_OF_A_WORD)
    starts = np.cumsum(lengths) - lengths
    shared = np.add.reduceat(weights * np.isin(words, common), starts)
    are_alike: Mask = (shared >= LEAST_SHARED_WORDS * PIECES_OF_A_WORD) & (
        2 * shared >= np.add.reduceat(weights, starts)
    )
    return are_alike
