"""The words of recent posts by the place they are of, at most so many posts: what vectors are learned from."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.baseline.baseline_posts import PostRow
from trendspark_cli.ranking.text.keys import Integers, are_links_or_numbers
from trendspark_cli.ranking.text.terms import END_CODE, GAP_CODE, coded_texts

MOST_POSTS = 250_000  # six weeks at 5,000 posts a day; of more each second one, or each fourth, and so on, by their ids
PLACE_PARTS = "\n"  # between the source of a community and its name


def place_of(source: str, community: str) -> str:
    """Return how a community of a source is called here."""
    return f"{source}{PLACE_PARTS}{community}"


class _Batch(NamedTuple):
    created: Integers
    ids: Integers
    places: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    words: Integers


class PostWords:
    """Posts as the numbers of their places and the keys of their words; grows by `add`, ages by `drop_before`.

    Posts without a community count for their author, whose words teach like those of a community, and who is not kept.
    """

    def __init__(self) -> None:
        self.posts = 0
        self.names: dict[str, int] = {}
        self.communities: set[int] = set()  # numbers of places that are communities
        self._batches: list[_Batch] = []
        self._one_in = 1

    def add(self, rows: Sequence[PostRow]) -> None:
        """Add posts."""
        chosen = [row for row in rows if (row.community or row.author) and row.id % self._one_in == 0]
        if not chosen:
            return
        codes, keys = coded_texts([row.text for row in chosen])
        post = np.cumsum(codes == END_CODE) - (codes == END_CODE)
        words = keys[codes]
        is_word = (codes > GAP_CODE) & ~are_links_or_numbers(words)
        batch = _Batch(
            np.fromiter((row.created_at for row in chosen), np.int64, len(chosen)),
            np.fromiter((row.id for row in chosen), np.int64, len(chosen)),
            np.fromiter(map(self._place, chosen), np.int32, len(chosen)),
            np.bincount(post[is_word], minlength=len(chosen)).astype(np.int32),
            words[is_word],
        )
        self._batches.append(batch)
        self.posts += len(chosen)
        while self.posts > MOST_POSTS:
            self._one_in *= 2
            self._keep(lambda batch: batch.ids % self._one_in == 0)

    def drop_before(self, epoch_seconds: int) -> None:
        """Forget posts created before this moment."""
        self._keep(lambda batch: batch.created >= epoch_seconds)

    def pairs(self) -> tuple[npt.NDArray[np.int32], Integers]:
        """Return each use of a word: the number of its place, and the word's key."""
        places = [np.repeat(batch.places, batch.lengths) for batch in self._batches]
        words = [batch.words for batch in self._batches]
        return np.concatenate([np.zeros(0, np.int32), *places]), np.concatenate([np.zeros(0, np.int64), *words])

    def _place(self, row: PostRow) -> int:
        name = place_of(row.source, row.community) if row.community else f"\0{row.source}{PLACE_PARTS}{row.author}"
        number = self.names.setdefault(name, len(self.names))
        if row.community:
            self.communities.add(number)
        return number

    def _keep(self, chosen: Callable[[_Batch], npt.NDArray[np.bool_]]) -> None:
        kept = []
        for batch in self._batches:
            keep = chosen(batch)
            if keep.all():
                kept.append(batch)
            elif keep.any():
                of_words = np.repeat(keep, batch.lengths)
                kept.append(
                    _Batch(
                        batch.created[keep],
                        batch.ids[keep],
                        batch.places[keep],
                        batch.lengths[keep],
                        batch.words[of_words],
                    )
                )
        self._batches, self.posts = kept, sum(batch.places.size for batch in kept)
