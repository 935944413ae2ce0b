"""What a post is about: its words and adjacent pairs of words, as texts, keys or numbers."""

from array import array
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.text.keys import NO_WORD, term_keys, word_key
from trendspark_cli.ranking.text.known_pieces import KnownPieces
from trendspark_cli.ranking.text.stop_words import STOP_WORDS
from trendspark_cli.ranking.text.words import (
    EDGES,
    GAP,
    LONGEST_CHUNK,
    TEXT_END,
    is_link,
    is_telling,
    joined_texts,
    pieces_of,
    words_of_chunk,
)

END_CODE = 0  # ends a post
GAP_CODE = 1  # a stop word, or anything else that says nothing and parts two words
UNKNOWN = -1
MOST_KEPT = 200_000  # chunks, words and others between calls: 20 MB
LONGEST_OTHER_CHUNK = 24  # characters kept of a chunk that is no ASCII: in scripts without spaces it is a sentence
MOST_WORDS = 200  # of one post, stop words included: the rest of a very long post is not read

Codes = npt.NDArray[np.int32]
Row = tuple[int, ...]


class Vocabulary(dict[str, int]):
    """Numbers for the pieces of text between spaces: a word's code, or below zero a row of several words.

    Codes are good for this vocabulary only; `word_keys` has the lasting key of each.
    """

    def __init__(self) -> None:
        super().__init__({TEXT_END: END_CODE, GAP: GAP_CODE})
        self.word_keys = array("q", [NO_WORD, NO_WORD])
        self._codes: dict[str, int] = {}
        self._words: list[str] = []  # in the order of their codes
        self._of_keys, self._told = {NO_WORD: ""}, 0
        self._rows: list[Row] = []
        self._of_pieces: dict[str, Row] = {}
        self._known = KnownPieces()

    def __missing__(self, chunk: str) -> int:
        core = chunk.strip(EDGES)
        if (  # the usual case, worth a short cut; not of C#, .NET and tAontas
            core.isascii()
            and core.isalnum()
            and (core == chunk or len(core) > 5 or (len(core) > 1 and chunk[0] != "."))
            and (core[0] not in "htn" or core[1:2] >= "a" or core[1:2] < "A")
        ):
            word = core.lower()
            code = self._codes.get(word, UNKNOWN)
            if code == UNKNOWN:
                code = self._new_code(word)
            self[chunk] = code
            return code
        is_ascii = chunk.isascii()
        row = (
            self._row_of_words(chunk) if is_ascii else tuple(chain.from_iterable(map(self._of_piece, pieces_of(chunk))))
        )
        if len(row) == 1:
            (code,) = row
        else:
            self._rows.append(row)
            code = -len(self._rows)
        # Longer ones, and links, hardly come twice: not worth the memory.
        if len(chunk) <= (LONGEST_CHUNK if is_ascii else LONGEST_OTHER_CHUNK) and "://" not in chunk:
            self[chunk] = code
        return code

    def words(self) -> Mapping[int, str]:
        """Return the words it has met, by their keys; those met since the last call are added."""
        new = zip(self.word_keys[GAP_CODE + 1 + self._told :], self._words[self._told :], strict=True)
        self._of_keys.update(new)
        self._told = len(self._words)
        return self._of_keys

    @property
    def size(self) -> int:
        """Return how many chunks, pieces, rows and words are kept: some 200 bytes each."""
        return len(self) + len(self._of_pieces) + len(self._rows) + len(self.word_keys)

    def encode(self, texts: Sequence[str]) -> Codes:
        """Return the word codes of all texts in a row, END_CODE after each text."""
        codes = self._with_rows(self._known.codes(joined_texts(texts), self.__getitem__)[1:])
        ends = np.flatnonzero(codes == END_CODE)
        lengths = np.diff(ends, prepend=-1)
        if lengths.size and int(lengths.max()) > MOST_WORDS:
            codes = codes[_first_words(lengths)]
        return codes

    def _of_piece(self, piece: str) -> Row:
        """Return the codes of a piece that is not to be cut any further."""
        if piece.isascii():
            code = self[piece]
            return (code,) if code >= 0 else self._rows[-1 - code]
        row = self._of_pieces.get(piece)
        if row is None:
            row = self._of_pieces[piece] = self._row_of_words(piece)
        return row

    def _row_of_words(self, chunk: str) -> Row:
        """Return the codes of the words of a chunk; a gap where it has none."""
        return tuple([self._code(word) for word in words_of_chunk(chunk)]) or (GAP_CODE,)

    def _code(self, word: str | None) -> int:
        """Return the code of a canonical word; None parts two words."""
        if word is None:
            return GAP_CODE
        code = self._codes.get(word, UNKNOWN)
        return self._new_code(word) if code == UNKNOWN else code

    def _new_code(self, word: str) -> int:
        """Return a new code for a word, or GAP_CODE when it says nothing."""
        if word in STOP_WORDS or not (is_telling(word) or is_link(word)):
            self._codes[word] = GAP_CODE
            return GAP_CODE
        code = self._codes[word] = len(self.word_keys)
        self.word_keys.append(word_key(word))
        self._words.append(word)
        return code

    def _with_rows(self, codes: Codes) -> Codes:
        """Return the codes with each row of several words in place of its number."""
        is_row = codes < 0
        places = np.flatnonzero(is_row)
        if not places.size:
            return codes
        rows = [self._rows[-1 - number] for number in codes[places].tolist()]
        lengths = np.ones(codes.size, dtype=np.intp)
        lengths[places] = list(map(len, rows))
        expanded = np.repeat(codes, lengths)
        expanded[np.repeat(is_row, lengths)] = np.fromiter(chain.from_iterable(rows), np.int32)
        return expanded


def numbered_by_key(codes: Codes, vocabulary: Vocabulary) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Return codes with the words they use numbered anew, by their keys, which are returned in this order."""
    is_used = np.zeros(len(vocabulary.word_keys), dtype=bool)
    is_used[codes] = True
    is_used[: GAP_CODE + 1] = False
    used = np.flatnonzero(is_used)
    keys = np.frombuffer(vocabulary.word_keys, np.int64)[used]
    order = np.argsort(keys)
    number_of = np.arange(is_used.size, dtype=np.int32)
    number_of[used[order]] = np.arange(GAP_CODE + 1, used.size + GAP_CODE + 1)
    return number_of[codes], keys[order]


def _first_words(lengths: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Tell which codes to keep: the first words of each post, and its end."""
    place = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    keep: npt.NDArray[np.bool_] = (place < MOST_WORDS) | (place == np.repeat(lengths - 1, lengths))
    return keep


class _Kept:
    """The vocabulary of the last calls: words come again, and to cut them up costs most of a call."""

    vocabulary = Vocabulary()

    @classmethod
    def take(cls) -> Vocabulary:
        """Return it, or a new one when it has grown large."""
        if cls.vocabulary.size > MOST_KEPT:
            cls.vocabulary = Vocabulary()
        return cls.vocabulary


def coded_texts(texts: Sequence[str]) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Return the word codes of all texts in a row, END_CODE after each, and the key of each code: as in a segment."""
    vocabulary = _Kept.take()
    codes, keys = numbered_by_key(vocabulary.encode(texts), vocabulary)
    return codes, np.concatenate((np.full(GAP_CODE + 1, NO_WORD), keys))


def keys_of_posts(texts: Sequence[str]) -> list[set[int]]:
    """Return the keys of the terms of each text: its words, and its adjacent pairs of words."""
    codes, word_keys = coded_texts(texts)
    keys = word_keys[codes]
    is_word = codes > GAP_CODE
    is_pair = is_word[1:] & is_word[:-1]
    post = np.cumsum(codes == END_CODE)
    found: list[set[int]] = [set() for _ in texts]
    for number, key in zip(post[is_word].tolist(), keys[is_word].tolist(), strict=True):
        found[number].add(key)
    pairs = term_keys(keys[:-1][is_pair], keys[1:][is_pair])
    for number, key in zip(post[1:][is_pair].tolist(), pairs.tolist(), strict=True):
        found[number].add(key)
    return found
