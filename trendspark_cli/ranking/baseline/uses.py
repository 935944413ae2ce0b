"""How many posts of each tick have each term, counted over many posts at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.text.keys import NO_WORD, Integers, term_keys
from trendspark_cli.ranking.text.terms import END_CODE, GAP_CODE, Codes


class CodedPosts(NamedTuple):
    """The words of posts in a row, as in a segment: `codes`, END_CODE after each post; `word_keys`: the key of each."""

    codes: Codes
    word_keys: Integers


class TickUses(NamedTuple):
    """The terms of successive posts of one tick: `counts[i]` of these posts have the term `keys[places[i]]`."""

    places: Integers
    counts: Integers


class TermUses(NamedTuple):
    """The terms of some posts: `keys` ascend and differ; `runs` are successive posts of one tick each."""

    keys: Integers
    runs: list[TickUses]


def join_codes(parts: Sequence[CodedPosts]) -> CodedPosts:
    """Return the posts of all parts in a row, their words numbered anew for all together."""
    if len(parts) == 1:
        return parts[0]
    keys = np.concatenate([np.zeros(0, np.int64), *(part.word_keys[GAP_CODE + 1 :] for part in parts)])
    different, numbers = np.unique(keys, return_inverse=True)
    codes, start = [np.zeros(0, np.int32)], 0
    for part in parts:
        end = start + part.word_keys.size - (GAP_CODE + 1)
        table = np.concatenate(((END_CODE, GAP_CODE), numbers[start:end] + (GAP_CODE + 1))).astype(np.int32)
        codes.append(table[part.codes])
        start = end
    return CodedPosts(np.concatenate(codes), np.concatenate((np.full(GAP_CODE + 1, NO_WORD), different)))


def in_order(coded: CodedPosts, order: Integers) -> CodedPosts:
    """Return these posts (numbers into those of *coded*) in this order."""
    ends = np.flatnonzero(coded.codes == END_CODE) + 1
    lengths = np.diff(ends, prepend=0)
    starts, wanted = (ends - lengths)[order], lengths[order]
    filled = np.cumsum(wanted) - wanted
    return CodedPosts(coded.codes[np.repeat(starts - filled, wanted) + np.arange(int(wanted.sum()))], coded.word_keys)


def first_posts(coded: CodedPosts, most_codes: int) -> tuple[int, CodedPosts]:
    """Return as many of the first posts, one at least, as have at most so many codes, and how many these are."""
    ends = np.flatnonzero(coded.codes == END_CODE) + 1
    posts = min(ends.size, max(1, int(np.searchsorted(ends, most_codes, "right"))))
    return posts, CodedPosts(coded.codes[: ends[posts - 1] if posts else 0], coded.word_keys)


def count_uses(coded: CodedPosts, run_lengths: Sequence[int]) -> TermUses:
    """Return the uses of each run of posts: so many of the posts each, in their order.

    A post has a term once, however often it says it.
    """
    posts, (codes, word_keys) = int(sum(run_lengths)), coded
    owners = np.cumsum(codes == END_CODE) - (codes == END_CODE)
    is_word = codes > GAP_CODE
    is_pair = is_word[1:] & is_word[:-1]
    words, size = codes.astype(np.int64), word_keys.size
    post_bits = max(1, posts.bit_length())
    packed = np.concatenate((words[is_word], words[:-1][is_pair] * size + words[1:][is_pair]))
    packed <<= post_bits
    packed |= np.concatenate((owners[is_word], owners[1:][is_pair]))
    packed.sort()
    packed = packed[_differs(packed)]
    runs = np.repeat(np.arange(len(run_lengths)), run_lengths)[packed & ((1 << post_bits) - 1)]
    terms = packed >> post_bits
    del packed
    starts = np.flatnonzero(_differs(terms) | _differs(runs))
    counts = np.diff(starts, append=terms.size)
    terms, runs = terms[starts], runs[starts]
    is_new = _differs(terms)
    keys = _keys(terms[is_new], word_keys)
    order = np.argsort(keys)
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    places = place[np.cumsum(is_new) - 1]
    by_run = np.argsort(runs, kind="stable")
    edges = np.searchsorted(runs[by_run], np.arange(len(run_lengths) + 1))
    parts = [by_run[edges[run] : edges[run + 1]] for run in range(len(run_lengths))]
    return TermUses(keys[order], [TickUses(places[part], counts[part]) for part in parts])


def _keys(terms: Integers, word_keys: Integers) -> Integers:
    """Return the keys of terms, packed as first word * number of words + second."""
    first, second = np.divmod(terms, word_keys.size)
    return term_keys(word_keys[first], word_keys[second])


def _differs(values: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell which values differ from the one before."""
    differs = np.ones(values.size, dtype=bool)
    np.not_equal(values[1:], values[:-1], out=differs[1:])
    return differs
