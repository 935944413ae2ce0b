"""Numbers that are the same in every process: under these, words are stored and history is kept."""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.text.words import is_link, is_number, is_unspaced

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NO_WORD = 0  # in place of a first word: the term is a single one
_MARK_BITS, _LINK_MARK, _NUMBER_MARK, _PIECE_MARK = 0xFFFF, 0x11C5, 0x5A17, 0x2C1E
_MARKS = (_LINK_MARK, _NUMBER_MARK, _PIECE_MARK)
_FIRST_WEIGHT = np.uint64(0xD1342543DE82EF95)  # odd, so that "a b" and "b a" differ


def name_key(name: str) -> int:
    """Return the signed 64-bit key of a name, such as that of an author."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def word_key(word: str) -> int:
    """Return the key of a word; that of a link, of a number, or of a piece of an unspaced script ends in a mark."""
    key = name_key(word)
    if word.isascii() and word.isalpha():  # most are
        return key ^ 1 if key & _MARK_BITS in _MARKS else key
    if is_link(word):
        return key & ~_MARK_BITS | _LINK_MARK
    if is_number(word):
        return key & ~_MARK_BITS | _NUMBER_MARK
    if is_unspaced(word):
        return key & ~_MARK_BITS | _PIECE_MARK
    return key ^ 1 if key & _MARK_BITS in _MARKS else key


def are_links_or_numbers(keys: Integers) -> Mask:
    """Tell which keys of words are those of links or of numbers."""
    marks = keys & _MARK_BITS
    marked: Mask = (marks == _LINK_MARK) | (marks == _NUMBER_MARK)
    return marked


def are_pieces(keys: Integers) -> Mask:
    """Tell which keys of words are those of two characters of a script without spaces."""
    marked: Mask = (keys & _MARK_BITS) == _PIECE_MARK
    return marked


def term_keys(first: Integers, second: Integers) -> Integers:
    """Return the keys of terms, given the keys of their words; `first` is NO_WORD for terms of one word."""
    pairs = mix(first.view(np.uint64) * _FIRST_WEIGHT + second.view(np.uint64)).view(np.int64)
    return np.where(first == NO_WORD, second, pairs)


def term_key(term: str) -> int:
    """Return the key of one term: a word, or two with a space between them."""
    first, _, second = term.rpartition(" ")
    keys = term_keys(np.array([word_key(first) if first else NO_WORD]), np.array([word_key(second)]))
    return int(keys[0])


def mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return well spread 64-bit numbers: the finaliser of splitmix64 (public domain, S. Vigna)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def is_first(values: npt.NDArray[np.signedinteger]) -> Mask:
    """Tell of sorted values which differ from the one before."""
    first = np.ones(values.size, dtype=bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return first
