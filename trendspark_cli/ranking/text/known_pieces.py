"""Codes of the pieces between spaces that come again and again, for all of many texts at once.

A piece of up to sixteen bytes is two numbers of 64 bits, and these a row of a table: a tenth of what it takes to make a
string of it and to look that up. What is longer, or not there, is asked of a dictionary, piece by piece.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

# What parts pieces, as `str.split` has it.
_ASCII_SPACES = (9, 10, 11, 12, 13, 28, 29, 30, 31, 32)
OTHER_SPACES = (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_HALF = 8  # bytes
_TABLE_BITS = 18
_MULTIPLIERS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)  # the high bits of products are a good hash
_IS_SPACE = np.isin(np.arange(256), _ASCII_SPACES)
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(_HALF + 1)], np.uint64).view(np.int64)  # of so many bytes

Codes = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]


class KnownPieces:
    """Codes of short pieces. Where two fall on one row, the first one stays: those that come often come early."""

    def __init__(self) -> None:
        self._rows = np.zeros((1 << _TABLE_BITS, 3), np.int64)  # both halves of a piece, and its code

    def codes(self, text: str, code_of: Callable[[str], int]) -> Codes:
        """Return the codes of the pieces of a text, which begins and ends with a space; *code_of* an unknown one.

        A NUL stands by itself, and its code is 0, as an empty row has it.
        """
        for space in () if text.isascii() else OTHER_SPACES:
            text = text.replace(space, " ")
        content = text.encode("utf-8", "surrogatepass")
        is_space = _IS_SPACE[np.frombuffer(content, np.uint8)]
        edges = np.flatnonzero(is_space[1:] != is_space[:-1]) + 1
        starts, lengths = edges[::2], edges[1::2] - edges[::2]
        first, second = _halves(content, starts, lengths)
        places = _places(first, second)
        found = self._rows[places]
        codes = found[:, 2].astype(np.int32)
        is_short = lengths <= 2 * _HALF
        unknown = np.flatnonzero(~is_short | (found[:, 0] != first) | (found[:, 1] != second))
        spans = zip(starts[unknown].tolist(), lengths[unknown].tolist(), strict=True)
        pieces = [content[start : start + length].decode("utf-8", "surrogatepass") for start, length in spans]
        codes[unknown] = np.fromiter(map(code_of, pieces), np.int32, unknown.size)
        new = unknown[is_short[unknown] & (found[unknown, 0] == 0)]
        self._rows[places[new]] = np.column_stack((first[new], second[new], codes[new]))
        return codes


def _halves(content: bytes, starts: Places, lengths: Places) -> tuple[Integers, Integers]:
    """Return the first and the second eight bytes of each piece as numbers; of a short one, zeros after its end."""
    padded = content + bytes(2 * _HALF)
    eights = np.ndarray((len(content) + _HALF,), np.dtype("<i8"), padded, strides=(1,))  # from each byte on
    first = eights[starts] & _MASKS[np.minimum(lengths, _HALF)]
    second = eights[starts + _HALF] & _MASKS[np.clip(lengths - _HALF, 0, _HALF)]
    return first, second


def _places(first: Integers, second: Integers) -> Integers:
    """Return the row of the table on which each piece falls, given its halves."""
    hashes = (first.view(np.uint64) * _MULTIPLIERS[0] + second.view(np.uint64)) * _MULTIPLIERS[1]
    return (hashes >> np.uint64(64 - _TABLE_BITS)).astype(np.int64)
