"""The posts of the last hours as numbers: about 100 bytes a post, no texts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.posts import PostRow
from trendspark_cli.ranking.terms import Codes, Vocabulary

ROWS_AT_ONCE = 2_000  # enough to keep the per-call cost of regex and numpy small, few enough to stay in the cache

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PostColumns:
    """Posts in the order they were added, one array entry each.

    `sources`: numbers into `Window.source_names`. `authors`: equal for posts of one author of one source; a post
    without author has a number of its own. `codes`: the words of all posts in a row, see `Vocabulary.encode`.
    """

    ids: Integers
    created: Integers
    sources: npt.NDArray[np.int32]
    authors: Integers
    codes: Codes


class Window:
    """Posts of the longest window; grows by `add`, shrinks by `drop_before`."""

    def __init__(self) -> None:
        self.vocabulary = Vocabulary()
        self.source_names: list[str] = []
        self._parts: list[PostColumns] = []

    def __len__(self) -> int:
        return sum(part.ids.size for part in self._parts)

    def add(self, rows: Iterable[PostRow]) -> int:
        """Read posts, in any order of time; return how many."""
        remaining = iter(rows)
        added = 0
        while chunk := list(islice(remaining, ROWS_AT_ONCE)):
            self._parts.append(self._read(chunk))
            added += len(chunk)
        return added

    def drop_before(self, epoch_seconds: int) -> None:
        """Forget posts created before this moment."""
        posts = self.columns()
        keep = posts.created >= epoch_seconds
        if not keep.all():
            self._parts = [_select(posts, keep)]

    def columns(self) -> PostColumns:
        """Return all posts."""
        if len(self._parts) != 1:
            self._parts = [_join(self._parts)]
        return self._parts[0]

    def _read(self, chunk: Sequence[PostRow]) -> PostColumns:
        """Return rows as numbers."""
        ids, sources, authors, _, created, texts = zip(*chunk, strict=True)
        size = len(chunk)
        post_ids = np.fromiter(ids, np.int64, size)
        source_numbers = self._source_numbers(sources)
        return PostColumns(
            post_ids,
            np.fromiter(created, np.int64, size),
            source_numbers,
            _author_numbers(authors, source_numbers, post_ids),
            self.vocabulary.encode(texts),
        )

    def _source_numbers(self, sources: Sequence[str]) -> npt.NDArray[np.int32]:
        """Return a number for each source name, new ones for new names."""
        names = self.source_names
        for name in set(sources).difference(names):
            names.append(name)
        number_of = {name: number for number, name in enumerate(names)}
        return np.fromiter(map(number_of.__getitem__, sources), np.int32, len(sources))


def _author_numbers(authors: Sequence[str | None], sources: npt.NDArray[np.int32], post_ids: Integers) -> Integers:
    """Return 64-bit hashes: two authors share one about never, and a million names need not be kept."""
    nobody = hash(None)
    hashes = np.fromiter(map(hash, authors), np.int64, len(authors))
    own = mix(post_ids.view(np.uint64) ^ np.uint64(0x5DEECE66D))
    named = mix(hashes.view(np.uint64) + sources.astype(np.uint64))
    return np.where(hashes == nobody, own, named).view(np.int64)


def mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return well spread 64-bit numbers: the finaliser of splitmix64 (public domain, S. Vigna)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _join(parts: Sequence[PostColumns]) -> PostColumns:
    """Return the parts as one."""
    if not parts:
        empty = np.zeros(0, np.int64)
        return PostColumns(empty, empty, np.zeros(0, np.int32), empty, np.zeros(0, np.int32))
    return PostColumns(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.created for part in parts]),
        np.concatenate([part.sources for part in parts]),
        np.concatenate([part.authors for part in parts]),
        np.concatenate([part.codes for part in parts]),
    )


def _select(posts: PostColumns, keep: Mask) -> PostColumns:
    """Return some of the posts with their words."""
    ends = np.flatnonzero(posts.codes == 0)
    lengths = np.diff(ends, prepend=-1)
    return PostColumns(
        posts.ids[keep],
        posts.created[keep],
        posts.sources[keep],
        posts.authors[keep],
        posts.codes[np.repeat(keep, lengths)],
    )
