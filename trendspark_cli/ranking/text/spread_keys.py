"""Very many keys of words: as they are hashes, they are spread evenly, and the first bits tell where one lies."""

import numpy as np

from trendspark_cli.ranking.text.keys import Integers, is_first

_KEYS_AT_ONCE = 1 << 20  # 8 MB
_MET_BITS = 18  # 2 MB


class DifferentKeys:
    """The different keys among very many, most of which come again and again."""

    def __init__(self) -> None:
        self._met = np.zeros(1 << _MET_BITS, np.int64)  # by their first bits, the last one of each
        self._keys = np.zeros(0, np.int64)
        self._waiting: list[Integers] = []
        self._size = 0

    def add(self, keys: Integers) -> None:
        """Add some keys."""
        rows = _first_bits(keys, _MET_BITS)
        new = keys[self._met[rows] != keys]
        self._met[rows] = keys
        self._waiting.append(new)
        self._size += new.size
        if self._size > max(_KEYS_AT_ONCE, self._keys.size):
            self.ascending()

    def ascending(self) -> Integers:
        """Return all so far, each once."""
        keys = np.concatenate((self._keys, *self._waiting))
        keys.sort()
        self._keys = keys[is_first(keys)]
        self._waiting, self._size = [], 0
        return self._keys


class SpreadKeys:
    """Finds places among ascending keys, in a tenth of the time of a binary search."""

    def __init__(self, keys: Integers) -> None:
        self._keys = keys
        self._bits = max(1, keys.size.bit_length())  # one key or none for most of their values
        self._starts = np.zeros((1 << self._bits) + 1, np.int32)
        np.cumsum(np.bincount(_first_bits(keys, self._bits), minlength=1 << self._bits), out=self._starts[1:])

    def places(self, keys: Integers) -> Integers:
        """Return the places of these keys, all of which are there."""
        places = self._starts[_first_bits(keys, self._bits)].astype(np.int64)
        behind = np.flatnonzero(self._keys[places] != keys)
        while behind.size:
            places[behind] += 1
            behind = behind[self._keys[places[behind]] != keys[behind]]
        return places


def _first_bits(keys: Integers, bits: int) -> Integers:
    """Return the first bits of each key as a number, the least for the least key."""
    return (keys >> (64 - bits)) + (1 << (bits - 1))
