"""What a post is about: its words and adjacent pairs of words, as texts, keys or numbers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.text.keys import NO_WORD, term_keys, word_key
from trendspark_cli.ranking.text.stop_words import STOP_WORDS
from trendspark_cli.ranking.text.words import (
    EDGES,
    GAP,
    LONGEST_CHUNK,
    TEXT_END,
    chunks_of,
    is_link,
    is_telling,
    words_of_chunk,
)

END_CODE = 0  # ends a post
GAP_CODE = 1  # a stop word, or anything else that says nothing and parts two words
UNKNOWN = -1
MOST_CHUNKS_KEPT = 100_000  # between calls: 20 MB
MOST_WORDS = 200  # of one post, stop words included: the rest of a very long post is not read

Codes = npt.NDArray[np.int32]


class Vocabulary(dict[str, int]):
    """Numbers for the pieces of text between spaces: a word's code, or below zero a row of several words.

    Codes are good for this vocabulary only; `word_keys` has the lasting key of each, `words` the word of each key.
    """

    def __init__(self) -> None:
        super().__init__({TEXT_END: END_CODE, GAP: GAP_CODE})
        self.word_keys: list[int] = [NO_WORD, NO_WORD]
        self.words: dict[int, str] = {NO_WORD: ""}
        self._codes: dict[str, int] = {}
        self._rows: list[Codes] = []

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
        codes = [self._code(word) for word in words_of_chunk(chunk)]
        if len(codes) <= 1:
            code = codes[0] if codes else GAP_CODE
        else:
            self._rows.append(np.array(codes, dtype=np.int32))
            code = -len(self._rows)
        if len(chunk) <= LONGEST_CHUNK and "://" not in chunk:  # those hardly come twice: not worth the memory
            self[chunk] = code
        return code

    def encode(self, texts: Sequence[str]) -> Codes:
        """Return the word codes of all texts in a row, END_CODE after each text."""
        chunks = chunks_of(texts)
        codes = np.fromiter(map(self.__getitem__, chunks), dtype=np.int32, count=len(chunks))
        codes = self._with_rows(codes)
        ends = np.flatnonzero(codes == END_CODE)
        lengths = np.diff(ends, prepend=-1)
        if lengths.size and int(lengths.max()) > MOST_WORDS:
            codes = codes[_first_words(lengths)]
        return codes

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
        key = word_key(word)
        self.word_keys.append(key)
        self.words[key] = word
        return code

    def _with_rows(self, codes: Codes) -> Codes:
        """Return the codes with each row of several words in place of its number."""
        places = np.flatnonzero(codes < 0)
        if not places.size:
            return codes
        rows = [self._rows[-1 - number] for number in codes[places].tolist()]
        lengths = np.ones(codes.size, dtype=np.intp)
        lengths[places] = [row.size for row in rows]
        is_row = np.repeat(codes < 0, lengths)
        expanded = np.repeat(codes, lengths)
        expanded[is_row] = np.concatenate(rows)
        return expanded


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
        if len(cls.vocabulary) > MOST_CHUNKS_KEPT:
            cls.vocabulary = Vocabulary()
        return cls.vocabulary


def coded_texts(texts: Sequence[str]) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Return the word codes of all texts in a row, END_CODE after each, and the key of each code: as in a segment."""
    vocabulary = _Kept.take()
    codes = vocabulary.encode(texts)
    is_word = codes > GAP_CODE
    used, numbers = np.unique(codes[is_word], return_inverse=True)
    codes[is_word] = numbers + (GAP_CODE + 1)
    keys = map(vocabulary.word_keys.__getitem__, (END_CODE, GAP_CODE, *used.tolist()))
    return codes, np.fromiter(keys, np.int64, used.size + GAP_CODE + 1)


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
