"""Segments joined into one set of columns: those of a whole window are hundreds of MB, so that none is copied."""

from array import array
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from trendspark_cli.ranking.bursts.post_columns import PostColumns
from trendspark_cli.ranking.bursts.segments import FIRST_WORD, Segment
from trendspark_cli.ranking.text.keys import NO_WORD
from trendspark_cli.ranking.text.spread_keys import DifferentKeys, SpreadKeys
from trendspark_cli.ranking.text.terms import END_CODE, GAP_CODE

Numbers = npt.NDArray[np.int32]
_FIXED = np.array([END_CODE, GAP_CODE], np.int32)


def join(segments: Callable[[], Iterable[Segment]]) -> PostColumns:
    """Return all posts of the segments, which are asked for twice, their words numbered anew for all together."""
    ids, created, lengths = array("q"), array("q"), array("i")  # which grow where they are
    words, names = DifferentKeys(), set[str]()
    for one in segments():
        ids.frombytes(one.ids.view(np.uint8).data)
        created.frombytes(one.created.view(np.uint8).data)
        ends = np.flatnonzero(one.codes == END_CODE)
        lengths.frombytes(np.diff(ends, prepend=-1).astype(np.int32).view(np.uint8).data)
        words.add(one.words)
        names.update(one.source_names)
    all_ids, all_created = np.frombuffer(ids, np.int64), np.frombuffer(created, np.int64)
    order = np.lexsort((all_ids, all_created))
    of_post = np.frombuffer(lengths, np.int32)[order]
    keys = words.ascending()
    columns = PostColumns(
        tuple(sorted(names)),
        all_ids[order],
        all_created[order],
        np.empty(order.size, np.int32),
        np.empty(order.size, np.int64),
        np.concatenate((np.full(FIRST_WORD, NO_WORD), keys)),
        np.empty(int(of_post.sum()), np.int32),
        np.repeat(np.arange(order.size, dtype=np.int32), of_post),
        np.empty(order.size, np.int64),
    )
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    _fill(columns, segments(), place, of_post, SpreadKeys(keys))
    return columns


def _fill(
    columns: PostColumns, segments: Iterable[Segment], place: Numbers, lengths: Numbers, keys: SpreadKeys
) -> None:
    """Fill in what posts have beside id and time, given the place of each as it comes, and the codes of each place."""
    starts, first = np.cumsum(lengths) - lengths, 0
    for segment in segments:
        own = place[first : first + segment.ids.size]
        numbers = np.array([columns.source_names.index(name) for name in segment.source_names], np.int32)
        columns.sources[own] = numbers[segment.sources]
        columns.authors[own] = segment.authors
        columns.communities[own] = segment.communities
        codes = np.concatenate((_FIXED, keys.places(segment.words).astype(np.int32) + np.int32(FIRST_WORD)))
        of_post = lengths[own]
        shift = np.repeat(starts[own] - (np.cumsum(of_post) - of_post), of_post)
        columns.codes[shift + np.arange(segment.codes.size)] = codes[segment.codes]
        first += segment.ids.size
