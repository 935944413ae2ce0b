"""What communities and words are about, as vectors: learned from posts alone, without anything that people marked.

Latent semantic analysis: M[community, word] = ln(1 + posts) · idf with rows of length 1, of which a truncated singular
value decomposition keeps 40 numbers. A word is where a community of this one word would be.
"""

import struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.interest.post_words import PostWords
from trendspark_cli.ranking.text.keys import Integers

Floats = npt.NDArray[np.float32]

SIZE = 40  # numbers of a vector
LEAST_WORDS = 60  # of a community: less says little of it
LEAST_PLACES = 30  # communities: fewer make no space
MOST_PLACES = 3_000
MOST_WORDS = 30_000
LEAST_USES, LEAST_PLACES_OF_WORD = 3, 2
_SPARE, _ROUNDS, _SEED = 10, 3, 28  # of the randomised decomposition (Halko, Martinsson and Tropp, 2011)
_ENTRIES_AT_ONCE = 1 << 17  # 25 MB
_HEAD = struct.Struct("<4sIII")
_FORM = b"TSV1"


class Vectors(NamedTuple):
    """Rows of length 1: one for each of `places` (source, line break, community) and of `words` (keys, ascending)."""

    places: tuple[str, ...]
    of_places: Floats
    words: Integers
    of_words: Floats

    def to_bytes(self) -> bytes:
        """Return them as bytes, each number in one."""
        names = "\0".join(self.places).encode("utf-8", "surrogatepass")
        head = _HEAD.pack(_FORM, len(names), len(self.places), self.words.size)
        return b"".join(
            (head, names, _packed(self.of_places), self.words.astype("<i8").tobytes(), _packed(self.of_words))
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Vectors | None":
        """Return what `to_bytes` wrote; None for what is of another form or damaged: it is learned anew."""
        if len(data) < _HEAD.size:
            return None
        form, names_size, places, words = _HEAD.unpack_from(data)
        ends = np.cumsum([_HEAD.size, names_size, places * SIZE, words * 8, words * SIZE]).tolist()
        if form != _FORM or len(data) != ends[-1]:
            return None
        text = data[ends[0] : ends[1]].decode("utf-8", "surrogatepass")
        names = tuple(text.split("\0")) if places else ()
        if len(names) != places:
            return None
        keys = np.frombuffer(data[ends[2] : ends[3]], "<i8").astype(np.int64)
        return cls(names, _unpacked(data[ends[1] : ends[2]]), keys, _unpacked(data[ends[3] : ends[4]]))


def learn(posts: PostWords) -> Vectors | None:
    """Return what the posts say of their communities and words; None while these are too few."""
    table = _Table.of(posts)
    if table is None:
        return None
    axes = _axes(table)
    of_places = _unit(table.times(axes))
    of_words = _unit(axes)
    is_community = np.array([number in posts.communities for number in table.places.tolist()])
    names = list(posts.names)
    return Vectors(
        tuple(names[number] for number in table.places[is_community].tolist()),
        of_places[is_community],
        table.words,
        of_words,
    )


class _Table:
    """The matrix, without its zeros, by rows and by columns."""

    def __init__(self, rows: Integers, columns: Integers, values: Floats, places: Integers, words: Integers) -> None:
        self.places, self.words = places, words
        self._by_row = _Lines(rows, columns, values, places.size)
        order = np.argsort(columns, kind="stable")
        self._by_column = _Lines(columns[order], rows[order], values[order], words.size)

    @classmethod
    def of(cls, posts: PostWords) -> "_Table | None":
        """Return the table of these posts; None when it is too small."""
        of_place, of_word = posts.pairs()
        if not of_place.size:
            return None
        sizes = np.bincount(of_place)
        largest = np.argsort(-sizes, kind="stable")[:MOST_PLACES]
        places = np.sort(largest[sizes[largest] > LEAST_WORDS])
        if places.size < LEAST_PLACES:
            return None
        of_word = of_word[np.isin(of_place, places)]
        of_place = of_place[np.isin(of_place, places)]
        words, numbers, uses = np.unique(of_word, return_inverse=True, return_counts=True)
        cells, counts = np.unique(np.searchsorted(places, of_place) * words.size + numbers, return_counts=True)
        rows, columns = np.divmod(cells, words.size)
        spread = np.bincount(columns, minlength=words.size)
        fit = np.flatnonzero((uses >= LEAST_USES) & (spread >= LEAST_PLACES_OF_WORD))
        fit = np.sort(fit[np.argsort(-uses[fit], kind="stable")[:MOST_WORDS]])
        if fit.size < SIZE + _SPARE:
            return None
        is_kept = np.isin(columns, fit)
        rows, columns, counts = rows[is_kept], np.searchsorted(fit, columns[is_kept]), counts[is_kept]
        values = (np.log1p(counts) * np.log(places.size / spread[fit])[columns]).astype(np.float32)
        lengths = np.sqrt(np.bincount(rows, values.astype(np.float64) ** 2, places.size))
        values /= np.maximum(lengths, 1e-9).astype(np.float32)[rows]
        return cls(rows, columns, values, places, words[fit])

    def times(self, right: Floats) -> Floats:
        """Return the matrix times *right*."""
        return self._by_row.times(right)

    def turned_times(self, right: Floats) -> Floats:
        """Return the transposed matrix times *right*."""
        return self._by_column.times(right)


class _Lines:
    """A matrix by lines: `others` and `values` of the entries of each."""

    def __init__(self, lines: Integers, others: Integers, values: Floats, size: int) -> None:
        self._others, self._values = others, values
        self._starts = np.searchsorted(lines, np.arange(size + 1))

    def times(self, right: Floats) -> Floats:
        """Return the matrix times *right*, some lines at once."""
        starts = self._starts
        result = np.zeros((starts.size - 1, right.shape[1]), np.float32)
        first = 0
        while first < starts.size - 1:
            last = int(np.searchsorted(starts, starts[first] + _ENTRIES_AT_ONCE, side="right")) - 1
            last = min(max(last, first + 1), starts.size - 1)
            entries = slice(int(starts[first]), int(starts[last]))
            filled = first + np.flatnonzero(np.diff(starts[first : last + 1]))
            if filled.size:
                parts = right[self._others[entries]] * self._values[entries, None]
                result[filled] = np.add.reduceat(parts, starts[filled] - starts[first], axis=0)
            first = last
        return result


def _axes(table: _Table) -> Floats:
    """Return the strongest right singular vectors as columns, one row for each word."""
    start = np.random.default_rng(_SEED).standard_normal((table.words.size, SIZE + _SPARE)).astype(np.float32)
    found = np.linalg.qr(table.times(start))[0]
    for _ in range(_ROUNDS):
        found = np.linalg.qr(table.times(np.linalg.qr(table.turned_times(found))[0]))[0]
    small = table.turned_times(found)
    _, _, right = np.linalg.svd(small.T, full_matrices=False)
    return np.ascontiguousarray(right[:SIZE].T.astype(np.float32))


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: Floats = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 1e-9)
    return result


def _packed(rows: Floats) -> bytes:
    return bytes(np.rint(rows * 127.0).astype(np.int8))


def _unpacked(data: bytes) -> Floats:
    return _unit(np.frombuffer(data, np.int8).reshape(-1, SIZE).astype(np.float32))
